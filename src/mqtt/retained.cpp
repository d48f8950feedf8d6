#include "mqtt/retained.hpp"

#include <utility>

#include "mqtt/topic.hpp"

namespace inboxd::mqtt {
namespace {

/// What a message takes beside its texts, about: so that the limit on bytes speaks of memory even where all
/// messages are tiny.
constexpr std::size_t kOverheadBytes = 256;

std::size_t weight_of(const Message& message) { return kOverheadBytes + message.bytes(); }

}  // namespace

bool Retained::put(MessagePtr message) {
  const auto old = messages_.find(message);
  const bool replaces = old != messages_.end();
  const std::size_t others = replaces ? bytes_ - weight_of(**old) : bytes_;
  const std::size_t weight = weight_of(*message);
  if (!replaces && messages_.size() >= limits_.messages) return false;
  if (weight > limits_.bytes || others > limits_.bytes - weight) return false;
  if (replaces) erase(old);
  messages_.insert(std::move(message));
  bytes_ += weight;
  return true;
}

bool Retained::remove(std::string_view topic) {
  const auto found = messages_.find(topic);
  if (found == messages_.end()) return false;
  erase(found);
  return true;
}

std::vector<MessagePtr> Retained::find(std::string_view filter, Millis now) const {
  std::vector<MessagePtr> found;
  const auto take = [&](const MessagePtr& message) {
    if (!message->has_expired(now)) found.push_back(message);
  };
  const std::size_t wildcard = filter.find_first_of("+#");
  if (wildcard == std::string_view::npos || filter.substr(wildcard) == "#") {
    // `a/#` takes `a` too, which lies before the topics that begin with `a/`, but not next to them.
    const std::string_view parent = filter.substr(0, wildcard == 0 ? 0 : wildcard - 1);
    const auto exact = messages_.find(wildcard == std::string_view::npos ? filter : parent);
    if (exact != messages_.end()) take(*exact);
  }
  if (wildcard == std::string_view::npos) return found;

  const std::string_view prefix = filter.substr(0, wildcard);
  for (auto at = messages_.lower_bound(prefix); at != messages_.end(); ++at) {
    if (!ByTopic::topic(*at).starts_with(prefix)) break;
    if (matches(filter, (*at)->topic)) take(*at);
  }
  return found;
}

std::vector<std::string> Retained::sweep(Millis now, std::size_t most) {
  std::vector<std::string> removed;
  auto at = messages_.lower_bound(std::string_view(swept_));
  for (std::size_t looked_at = 0; looked_at < most && at != messages_.end(); ++looked_at) {
    if (!(*at)->has_expired(now)) {
      ++at;
      continue;
    }
    removed.push_back((*at)->topic);
    at = erase(at);
  }
  swept_ = at == messages_.end() ? std::string() : (*at)->topic;
  return removed;
}

Retained::Messages::iterator Retained::erase(Messages::iterator at) {
  bytes_ -= weight_of(**at);
  return messages_.erase(at);
}

}  // namespace inboxd::mqtt
