#include "mqtt/admission.hpp"

#include <algorithm>
#include <boost/asio/ip/address_v6.hpp>
#include <iterator>
#include <utility>

namespace inboxd::mqtt {
namespace {

namespace ip = boost::asio::ip;

ip::address_v6 key_of(const ip::address& address) {
  if (address.is_v4()) return ip::make_address_v6(ip::v4_mapped, address.to_v4());
  if (address.to_v6().is_v4_mapped()) return address.to_v6();
  auto bytes = address.to_v6().to_bytes();
  std::fill(bytes.begin() + bytes.size() / 2, bytes.end(), static_cast<unsigned char>(0));
  return ip::address_v6(bytes);
}

}  // namespace

Admission::Seat::Seat(std::shared_ptr<Admission> admission, const Key& key, std::size_t thread)
    : admission_(std::move(admission)), key_(key), thread_(thread) {}
Admission::Seat::~Seat() { admission_->release(key_, thread_); }

Admission::Admission(const ListenerLimits& limits, std::size_t threads)
    : limit_(limits.connections), per_address_(limits.connections_per_address), by_thread_(threads) {}

std::size_t Admission::quietest_thread() const {
  const std::lock_guard lock(mutex_);
  const auto quietest = std::min_element(by_thread_.begin(), by_thread_.end());
  return static_cast<std::size_t>(std::distance(by_thread_.begin(), quietest));
}

Result<std::unique_ptr<Admission::Seat>, Refused> Admission::admit(const ip::address& address,
                                                                   std::size_t thread) {
  const Key key = key_of(address);
  {
    const std::lock_guard lock(mutex_);
    if (total_ >= limit_) return Failure<Refused>(Refused::kConnections);
    std::size_t& here = by_address_[key];
    if (per_address_ != 0 && here >= per_address_) return Failure<Refused>(Refused::kAddress);
    ++here;
    ++total_;
    ++by_thread_[thread];
  }
  return std::make_unique<Seat>(shared_from_this(), key, thread);
}

std::size_t Admission::connections() const {
  const std::lock_guard lock(mutex_);
  return total_;
}

void Admission::release(const Key& key, std::size_t thread) {
  const std::lock_guard lock(mutex_);
  --total_;
  --by_thread_[thread];
  const auto found = by_address_.find(key);
  if (--found->second == 0) by_address_.erase(found);
}

}  // namespace inboxd::mqtt
