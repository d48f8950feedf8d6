#pragma once

#include <amqp.h>

#include <string>

#include "core/result.hpp"
#include "engine/ports.hpp"
#include "rabbitmq/handles.hpp"
#include "rabbitmq/settings.hpp"

namespace inboxd::rabbitmq {

/// The one channel of each link.
inline constexpr amqp_channel_t kChannel = 1;

/// One AMQP connection with one channel. For one thread.
class Link {
 public:
  /// Connects, logs in, opens the channel. `name` is what the broker's operator sees. Everything up to the
  /// last request of the set-up must be over at `deadline`.
  static Result<Link, BrokerError> open(const Settings& settings, const Address& address,
                                        const Credentials& credentials, std::string name,
                                        SteadyClock::time_point deadline);

  /// Lets the next request to the broker take until `deadline` and no longer.
  void bound_request(SteadyClock::time_point deadline);

  amqp_connection_state_t state() const noexcept { return handle_.get(); }
  int fd() const noexcept { return amqp_get_sockfd(handle_.get()); }
  const std::string& name() const noexcept { return name_; }
  /// As agreed with the broker; 0 if there is none.
  std::chrono::seconds heartbeat() const { return std::chrono::seconds(amqp_get_heartbeat(handle_.get())); }

  /// The next frame that has arrived, without waiting; false if there is none. What it points to lives until
  /// release().
  Result<bool, BrokerError> read(amqp_frame_t& frame);

  /// Gives back the memory of the frames that were read.
  void release() noexcept { amqp_maybe_release_buffers_on_channel(handle_.get(), kChannel); }
  void release_all() noexcept { amqp_maybe_release_buffers(handle_.get()); }

  /// What a write's status means.
  Result<void, BrokerError> written(int status) const;

  Result<void, BrokerError> send_heartbeat();

  /// What to make of a method that neither side of the session knows: answers it if it wants an answer.
  BrokerError unexpected(const amqp_method_t& method);

  /// Takes leave of the broker, so that it logs no lost link; waits for its answer until `deadline`. Frames
  /// that come before it are dropped.
  void close(SteadyClock::time_point deadline) noexcept;

 private:
  Link(ConnectionHandle handle, std::string name) : handle_(std::move(handle)), name_(std::move(name)) {}

  Result<void, BrokerError> connect(const Settings& settings, const Address& address,
                                    SteadyClock::time_point deadline);
  Result<void, BrokerError> login(const Settings& settings, const Credentials& credentials,
                                  SteadyClock::time_point deadline);

  ConnectionHandle handle_;
  std::string name_;
};

}  // namespace inboxd::rabbitmq
