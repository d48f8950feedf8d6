#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "core/result.hpp"
#include "mqtt/listener.hpp"

namespace inboxd::mqtt {

/// Who may come in: counts the connections by address and by thread. Safe for use from all threads.
class Admission : public std::enable_shared_from_this<Admission> {
  /// IPv4 in its mapped form. Whoever has an IPv6 address has all of its /64, so that is what counts.
  using Key = boost::asio::ip::address_v6;

 public:
  /// One connection's place; gives it back at its end.
  class Seat {
   public:
    Seat(std::shared_ptr<Admission> admission, const Key& key, std::size_t thread);
    ~Seat();
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;

   private:
    std::shared_ptr<Admission> admission_;
    Key key_;
    std::size_t thread_;
  };

  Admission(const ListenerLimits& limits, std::size_t threads);

  /// The thread with the fewest connections.
  std::size_t quietest_thread() const;
  Result<std::unique_ptr<Seat>, Refused> admit(const boost::asio::ip::address& address, std::size_t thread);
  std::size_t connections() const;

 private:
  void release(const Key& key, std::size_t thread);

  const std::size_t limit_;
  const std::size_t per_address_;
  mutable std::mutex mutex_;  // guards what follows
  std::size_t total_ = 0;
  std::vector<std::size_t> by_thread_;
  std::map<Key, std::size_t> by_address_;
};

}  // namespace inboxd::mqtt
