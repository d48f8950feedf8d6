#include "http/health.hpp"

namespace inboxd::http {
namespace {

std::string_view usual_reason(LinkState state) {
  switch (state) {
    case LinkState::kDown:
      return "there is no link to the broker";
    case LinkState::kConnecting:
      return "connecting to the broker";
    case LinkState::kStandby:
      return "another instance is at work; this one takes over when that one is gone";
    case LinkState::kUp:
      return "";
    case LinkState::kBlocked:
      return "the broker asked publishers to pause";
    case LinkState::kStoreFailed:
      return "the store failed";
    case LinkState::kDraining:
      return "finishing what was taken";
    case LinkState::kStopped:
      return "stopped";
  }
  return "";
}

}  // namespace

std::string_view name_of(LinkState state) noexcept {
  switch (state) {
    case LinkState::kDown:
      return "down";
    case LinkState::kConnecting:
      return "connecting";
    case LinkState::kStandby:
      return "standby";
    case LinkState::kUp:
      return "up";
    case LinkState::kBlocked:
      return "blocked";
    case LinkState::kStoreFailed:
      return "store_failed";
    case LinkState::kDraining:
      return "draining";
    case LinkState::kStopped:
      return "stopped";
  }
  return "down";
}

void Health::link(LinkState state, std::string_view why) {
  const std::lock_guard lock(mutex_);
  link_ = state;
  why_ = why;
}

void Health::store(const Store* store) {
  const std::lock_guard lock(mutex_);
  store_ = store;
}

Readiness Health::readiness() const {
  const std::lock_guard lock(mutex_);
  const bool store = store_ != nullptr && store_->healthy();
  Readiness result{link_ == LinkState::kUp && store, link_, why_, store};
  if (result.ready) {
    result.why.clear();
  } else if (result.why.empty()) {
    result.why = link_ == LinkState::kUp ? "the store cannot be read and written" : usual_reason(link_);
  }
  return result;
}

}  // namespace inboxd::http
