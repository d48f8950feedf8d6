#include "rabbitmq/handles.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace inboxd::rabbitmq {
namespace {

// A socket that fails here fails at the next write too, where it can be told.
void set_cork(int fd, int on) noexcept { ::setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on); }

}  // namespace

Cork::Cork(int fd) noexcept : fd_(fd) { set_cork(fd_, 1); }
Cork::~Cork() { set_cork(fd_, 0); }

Waker::Waker() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (fd_.get() < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

void Waker::wake() noexcept {
  const std::uint64_t one = 1;
  // It fails only where the counter is full, and then it wakes already.
  [[maybe_unused]] const auto written = ::write(fd_.get(), &one, sizeof one);
}

void Waker::clear() noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto read = ::read(fd_.get(), &count, sizeof count);
}

bool is_writable(int fd) noexcept {
  pollfd wanted{.fd = fd, .events = POLLOUT, .revents = 0};
  return ::poll(&wanted, 1, 0) > 0;
}

}  // namespace inboxd::rabbitmq
