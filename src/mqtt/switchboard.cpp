#include "mqtt/switchboard.hpp"

#include <memory>
#include <utility>

namespace inboxd::mqtt {
namespace {

std::size_t weight_of(const Event& event) noexcept {
  const auto* const outgoing = std::get_if<Outgoing>(&event.what);
  return sizeof event + (outgoing == nullptr ? 0 : outgoing->message->bytes());
}

}  // namespace

void Switchboard::send(Event event) {
  Outbound& outbound = outgoing_[event.to.thread];
  outbound.bytes += weight_of(event);
  outbound.events.push_back(std::move(event));
}

void Switchboard::flush() {
  for (std::size_t thread = 0; thread < outgoing_.size(); ++thread) {
    if (outgoing_[thread].events.empty()) continue;
    // A std::function must be copyable, which events need not be.
    const auto batch = std::make_shared<Outbound>(std::exchange(outgoing_[thread], {}));
    under_way_.fetch_add(batch->bytes, std::memory_order_relaxed);
    threads_.post(thread, [this, thread, batch] {
      hand_out(thread, batch->events);
      under_way_.fetch_sub(batch->bytes, std::memory_order_relaxed);
    });
  }
}

void Switchboard::hand_out(std::size_t thread, std::vector<Event>& events) {
  const auto& receivers = threads_of_[thread].receivers;
  for (Event& event : events) {
    const auto found = receivers.find(event.to.number);
    if (found != receivers.end()) found->second->take(std::move(event));
  }
}

void Switchboard::room() {
  for (std::size_t thread = 0; thread < threads_of_.size(); ++thread) {
    threads_.post(thread, [this, thread] {
      Local& local = threads_of_[thread];
      for (const std::uint64_t number : std::exchange(local.waiting, {})) {
        const auto found = local.receivers.find(number);
        if (found != local.receivers.end()) found->second->room();
      }
    });
  }
}

void Switchboard::drain(std::chrono::milliseconds time) {
  for (std::size_t thread = 0; thread < threads_of_.size(); ++thread) {
    threads_.post(thread, [this, thread, time] {
      const auto& receivers = threads_of_[thread].receivers;
      const auto now = std::chrono::steady_clock::now();
      std::size_t place = 0;
      for (const auto& [number, receiver] : receivers) {
        receiver->leave(now + time * static_cast<std::int64_t>(place++) /
                                  static_cast<std::int64_t>(receivers.size()));
      }
    });
  }
}

}  // namespace inboxd::mqtt
