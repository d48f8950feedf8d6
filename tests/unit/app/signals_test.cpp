#include "app/signals.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <optional>

#include "app/exit_code.hpp"

namespace inboxd::app {
namespace {

// Each in a process of its own: signals belong to a process.
[[noreturn]] void first_is_told_by_number() {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<int> got;
  {
    Signals signals;
    const Signals::Attached attached(signals, [&](int number) {
      const std::lock_guard lock(mutex);
      got = number;
      changed.notify_all();
    });
    ::kill(::getpid(), SIGINT);
    std::unique_lock lock(mutex);
    if (!changed.wait_for(lock, std::chrono::seconds(10), [&] { return got.has_value(); }))
      std::_Exit(kFailed);
  }
  std::_Exit(got == SIGINT ? kDone : kFailed);
}

[[noreturn]] void second_ends_the_process() {
  Signals signals;
  const Signals::Attached attached(signals, [](int) { ::kill(::getpid(), SIGTERM); });
  ::kill(::getpid(), SIGTERM);
  ::alarm(10);
  for (;;) ::pause();
}

TEST(SignalsDeathTest, TheFirstIsToldAndTheSecondEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(first_is_told_by_number(), ::testing::ExitedWithCode(kDone), "");
  EXPECT_EXIT(second_ends_the_process(), ::testing::ExitedWithCode(kSignalled + SIGTERM), "");
}

}  // namespace
}  // namespace inboxd::app
