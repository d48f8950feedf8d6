#pragma once

#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace inboxd::bench {

/// Owns a file descriptor.
class UniqueFd {
 public:
  /// Throws with errno's reason where `fd`, the result of a system call, is negative.
  UniqueFd(int fd, const char* what) : fd_(fd) {
    if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
  }
  ~UniqueFd() {
    if (fd_ >= 0) close(fd_);
  }
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  UniqueFd& operator=(UniqueFd&&) = delete;

  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

}  // namespace inboxd::bench
