#pragma once

#include <csignal>

namespace inboxd::app {

/// While it lives, SIGINT and SIGTERM do not end the process but wait to be asked for. For the main thread,
/// before others start: they inherit what it blocks.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  /// Whether one of them has come. Never blocks.
  bool requested();

 private:
  sigset_t signals_{};
  sigset_t before_{};
  bool requested_ = false;
};

}  // namespace inboxd::app
