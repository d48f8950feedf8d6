#include "mqtt/commands.hpp"

namespace inboxd::mqtt {

namespace {

struct Weigher {
  std::size_t operator()(const Publication& what) const noexcept { return what.message->bytes(); }
  std::size_t operator()(const Attach& what) const noexcept {
    return what.will ? what.will->topic.size() + what.will->payload.size() : 0;
  }
  std::size_t operator()(const SubscribeTo& what) const noexcept {
    std::size_t bytes = 0;
    for (const Subscription& one : what.subscriptions) bytes += sizeof one + one.filter.size();
    return bytes;
  }
  std::size_t operator()(const UnsubscribeFrom& what) const noexcept {
    std::size_t bytes = 0;
    for (const std::string& filter : what.filters) bytes += sizeof(std::string) + filter.size();
    return bytes;
  }
  template <class Other>
  std::size_t operator()(const Other&) const noexcept {
    return 0;
  }
};

}  // namespace

std::size_t bytes_of(const Command& command) { return sizeof command + std::visit(Weigher{}, command.what); }

}  // namespace inboxd::mqtt
