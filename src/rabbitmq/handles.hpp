#pragma once

#include <amqp.h>
#include <unistd.h>

#include <memory>
#include <utility>

namespace inboxd::rabbitmq {

struct ConnectionDeleter {
  void operator()(amqp_connection_state_t connection) const noexcept { amqp_destroy_connection(connection); }
};

/// A connection of the C library, with its socket and its buffers.
using ConnectionHandle = std::unique_ptr<amqp_connection_state_t_, ConnectionDeleter>;

class UniqueFd {
 public:
  explicit UniqueFd(int fd = -1) noexcept : fd_(fd) {}
  ~UniqueFd() { reset(); }
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;

  int get() const noexcept { return fd_; }

 private:
  void reset() noexcept {
    if (fd_ >= 0) ::close(fd_);
  }

  int fd_;
};

/// While it lives, what is written to the socket leaves in full segments; the rest leaves at its end. The C
/// library writes each frame by itself, three for a publication, and the broker would be woken for each.
class Cork {
 public:
  explicit Cork(int fd) noexcept;
  ~Cork();
  Cork(const Cork&) = delete;
  Cork& operator=(const Cork&) = delete;

 private:
  int fd_;
};

/// Lets any thread interrupt a poll(2) on fd().
class Waker {
 public:
  /// Throws std::system_error where the system has no descriptor left.
  Waker();

  int fd() const noexcept { return fd_.get(); }
  void wake() noexcept;
  void clear() noexcept;

 private:
  UniqueFd fd_;
};

/// Whether the socket takes more without blocking.
bool is_writable(int fd) noexcept;

}  // namespace inboxd::rabbitmq
