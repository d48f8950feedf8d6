#include "rabbitmq/confirms.hpp"

namespace inboxd::rabbitmq {

std::uint64_t ConfirmTracker::publish(std::size_t count) {
  open_.insert(open_.end(), count, false);
  return published();
}

bool ConfirmTracker::confirm(std::uint64_t tag, bool multiple) {
  if (multiple && tag == 0) tag = published();
  if (tag > published() || (tag == 0 && !multiple)) return false;
  if (tag <= confirmed_) return multiple;
  const std::size_t index = tag - confirmed_ - 1;
  if (multiple) {
    advance(index + 1);
  } else if (open_[index]) {
    return false;
  } else {
    open_[index] = true;
  }
  while (!open_.empty() && open_.front()) advance(1);
  return true;
}

void ConfirmTracker::advance(std::size_t count) {
  open_.erase(open_.begin(), open_.begin() + static_cast<std::deque<bool>::difference_type>(count));
  confirmed_ += count;
}

}  // namespace inboxd::rabbitmq
