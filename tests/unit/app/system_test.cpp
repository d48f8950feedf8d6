#include "app/system.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdint>
#include <limits>

namespace inboxd::app {
namespace {

TEST(System, AProcessTakesAsManyDescriptorsAsItMayHave) {
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = limit.rlim_max / 2;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);

  EXPECT_EQ(raise_descriptor_limit(), limit.rlim_max);
  rlimit raised{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &raised), 0);
  EXPECT_EQ(raised.rlim_cur, limit.rlim_max);
}

TEST(System, SomeDescriptorsAreNotForClients) {
  struct Row {
    std::uint64_t limit;
    std::uint64_t for_clients;
  };
  for (const Row& row : {Row{256, 128}, Row{1'024, 512}, Row{1'800, 900}, Row{20'000, 19'100},
                         Row{0, std::numeric_limits<std::uint64_t>::max()}}) {
    EXPECT_EQ(descriptors_for_clients(row.limit), row.for_clients) << row.limit;
  }
}

}  // namespace
}  // namespace inboxd::app
