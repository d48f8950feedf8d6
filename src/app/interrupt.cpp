#include "app/interrupt.hpp"

#include <ctime>

namespace inboxd::app {

Interrupt::Interrupt() {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals_, &before_);
}

Interrupt::~Interrupt() {
  // One that came after the last question is answered too: the work is over anyway.
  requested();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool Interrupt::requested() {
  const timespec no_wait{};
  while (sigtimedwait(&signals_, nullptr, &no_wait) > 0) requested_ = true;
  return requested_;
}

}  // namespace inboxd::app
