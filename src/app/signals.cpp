#include "app/signals.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "app/exit_code.hpp"

namespace inboxd::app {
namespace {

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

}  // namespace

Signals::Signals() {
  (void)std::signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  if (::pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0) throw std::runtime_error("cannot block signals");
  signals_ = checked(::signalfd(-1, &set, SFD_CLOEXEC), "signalfd");
  end_ = checked(::eventfd(0, EFD_CLOEXEC), "eventfd");
  thread_ = std::thread([this] { watch(); });
}

Signals::~Signals() {
  const std::uint64_t one = 1;
  if (::write(end_, &one, sizeof one) == sizeof one) thread_.join();
  ::close(signals_);
  ::close(end_);
}

void Signals::watch() {
  pollfd polled[] = {{signals_, POLLIN, 0}, {end_, POLLIN, 0}};
  for (bool told = false;;) {
    if (::poll(polled, 2, -1) < 0) continue;
    if (polled[1].revents != 0) return;
    signalfd_siginfo info{};
    if (::read(signals_, &info, sizeof info) != sizeof info) continue;
    const int number = static_cast<int>(info.ssi_signo);
    if (number == SIGHUP) {
      pass_on(number);
      continue;
    }
    if (told) std::_Exit(kSignalled + number);
    told = true;
    take(number);
  }
}

void Signals::pass_on(int number) {
  const std::lock_guard lock(mutex_);
  if (handler_) handler_(number);
}

void Signals::take(int number) {
  const std::lock_guard lock(mutex_);
  first_ = number;
  if (handler_) handler_(number);
}

Signals::Attached::Attached(Signals& signals, Handler handler) : signals_(signals) {
  const std::lock_guard lock(signals_.mutex_);
  signals_.handler_ = std::move(handler);
  if (signals_.first_ != 0) signals_.handler_(signals_.first_);
}

Signals::Attached::~Attached() {
  const std::lock_guard lock(signals_.mutex_);
  signals_.handler_ = nullptr;
}

}  // namespace inboxd::app
