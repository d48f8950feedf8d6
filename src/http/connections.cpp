#include <algorithm>

#include "http/session.hpp"

namespace inboxd::http {
namespace {

/// Beyond the limit, so that a busy server can still be asked how it is.
constexpr std::size_t kReserve = 8;

}  // namespace

Connections::Admission Connections::admit() {
  if (open_.size() < limit_) return Admission::kServed;
  auto longest = open_.end();
  for (auto it = open_.begin(); it != open_.end(); ++it) {
    const auto since = (*it)->idle_since();
    if (since && (longest == open_.end() || *since < *(*longest)->idle_since())) longest = it;
  }
  if (longest != open_.end()) {
    const std::shared_ptr<Connection> victim = *longest;
    open_.erase(longest);
    victim->close();
    if (open_.size() < limit_) return Admission::kServed;
  }
  return open_.size() < limit_ + kReserve ? Admission::kHealthOnly : Admission::kClosed;
}

void Connections::remove(const Connection* connection) {
  const auto found = std::find_if(open_.begin(), open_.end(),
                                  [connection](const auto& open) { return open.get() == connection; });
  if (found != open_.end()) open_.erase(found);
}

}  // namespace inboxd::http
