#include "core/uuid.hpp"

#include <gtest/gtest.h>

#include <string>

namespace inboxd {
namespace {

TEST(UuidTest, HasTheFormOfVersion7) {
  UuidSequence uuids;
  EXPECT_EQ(uuids.next(0x0123456789AB, 0xFFFFFFFFFFFFFFFF), "01234567-89ab-7000-bfff-ffffffffffff");
  EXPECT_EQ(uuids.next(0x0123456789AB, 0), "01234567-89ab-7001-8000-000000000000");
}

TEST(UuidTest, SortsInTheOrderOfMaking) {
  UuidSequence uuids;
  std::string last;
  const auto expect_next = [&](Millis now, std::uint64_t random) {
    const std::string next = uuids.next(now, random);
    EXPECT_LT(last, next) << now;
    last = next;
  };
  for (std::uint64_t i = 0; i < 10'000; ++i) expect_next(1'700'000'000'000, ~i);
  expect_next(1'700'000'000'001, 0);
  expect_next(1'600'000'000'000, 0);  // the clock was set back
  expect_next(1'700'000'000'009, 0);
}

}  // namespace
}  // namespace inboxd
