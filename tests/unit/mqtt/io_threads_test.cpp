#include "mqtt/io_threads.hpp"

#include <gtest/gtest.h>

#include <future>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace inboxd::mqtt {
namespace {

/// What two threads have for a third one comes in the order in which they spoke, also where one of the two is
/// that third one, in the middle of a task.
TEST(IoThreads, RunWhatIsPostedInOneOrder) {
  IoThreads threads(1);
  std::string order;
  std::promise<void> first_posted;
  std::promise<void> second_posted;
  std::thread other([&] {
    first_posted.get_future().wait();
    threads.post(0, [&] { order += "second "; });
    second_posted.set_value();
  });
  threads.run(0, [&] {
    threads.post(0, [&] { order += "first "; });
    first_posted.set_value();
    second_posted.get_future().wait();
  });
  other.join();
  threads.run(0, [&] { order += "third"; });
  EXPECT_EQ(order, "first second third");
}

TEST(IoThreads, GoOnAfterATaskThatThrows) {
  std::promise<std::string> failure;
  IoThreads threads(1, [&](std::string_view why) { failure.set_value(std::string(why)); });
  threads.post(0, [] { throw std::runtime_error("broken"); });
  EXPECT_EQ(failure.get_future().get(), "broken");
  bool ran = false;
  threads.run(0, [&] { ran = true; });
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace inboxd::mqtt
