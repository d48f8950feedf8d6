#include "filter/filter_watch.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>
#include <utility>

#include "store/memory_store.hpp"
#include "support/fakes.hpp"
#include "unit/filter/filter_fixture.hpp"

namespace inboxd::filter {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the fixture of this folder
using std::chrono::milliseconds;
using std::chrono::seconds;
using Names = std::vector<std::string>;
namespace fs = std::filesystem;

/// A store's document that another instance may change, and that can be out of reach.
class FakeShelf {
 public:
  Shelf shelf() {
    return {.read = [this] { return read(); }, .write = [this](const FilterDocument& d) { put(d); }};
  }
  void put(const FilterDocument& document) {
    const std::lock_guard lock(mutex_);
    check();
    document_ = document;
  }
  void put(std::string json) { put({.app = AppId("tilechat"), .json = std::move(json)}); }
  std::string json() {
    const std::lock_guard lock(mutex_);
    return document_ ? document_->json : "";
  }
  void fail(bool failing) {
    const std::lock_guard lock(mutex_);
    failing_ = failing;
  }

 private:
  std::optional<FilterDocument> read() {
    const std::lock_guard lock(mutex_);
    check();
    return document_;
  }
  void check() const {
    if (failing_) throw StoreError(StoreError::Kind::kIo, "disk on fire");
  }

  std::mutex mutex_;
  std::optional<FilterDocument> document_;
  bool failing_ = false;
};

std::string stored(std::string_view name, std::string_view word) {
  return fmt::format(R"({{"filters":[{{"name":"{}","action":"flag","words":["{}"]}}]}})", name, word);
}

class FilterWatchTest : public ::testing::Test {
 protected:
  FilterWatchTest() { fs::create_directories(folder_); }
  ~FilterWatchTest() override {
    watch.reset();
    fs::remove_all(folder_);
  }
  FilterWatchTest(const FilterWatchTest&) = delete;
  FilterWatchTest& operator=(const FilterWatchTest&) = delete;

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  /// As a careful operator does it: nobody sees half a file.
  void write(const std::string& name, std::string_view text) const {
    std::ofstream(path(name + "~"), std::ios::binary) << text;
    fs::rename(path(name + "~"), path(name));
  }

  Problems start(const std::string& file, milliseconds interval = milliseconds(5)) {
    auto started = FilterWatch::start({.file = file.empty() ? file : path(file),
                                       .app = AppId("tilechat"),
                                       .file_interval = interval,
                                       .store_interval = interval},
                                      shelf.shelf(), clock, log);
    if (!started) return started.error();
    watch = *std::move(started);
    return {};
  }

  Names flags_of(const std::string& text) const {
    const auto set = watch->current();
    if (!set) return {};
    return rules_that_matched(judge(dynamic_cast<const FilterSet&>(*set), text_message(text)));
  }

  Problems replaced(const std::string& document) {
    std::promise<Problems> done;
    watch->replace(document, [&done](const Problems& problems) { done.set_value(problems); });
    auto future = done.get_future();
    if (future.wait_for(seconds(20)) != std::future_status::ready) return {"never told"};
    return future.get();
  }

  /// Whether it comes true in good time.
  template <class Condition>
  static ::testing::AssertionResult becomes(const Condition& condition) {
    const auto deadline = SteadyClock::now() + seconds(20);
    while (!condition()) {
      if (SteadyClock::now() > deadline) return ::testing::AssertionFailure() << "in vain";
      std::this_thread::yield();
    }
    return ::testing::AssertionSuccess();
  }

  FakeShelf shelf;
  inboxd::testing::FakeClock clock;
  inboxd::testing::SilentLog log;
  std::unique_ptr<FilterWatch> watch;

 private:
  const fs::path folder_ = fs::temp_directory_path() /
                           fmt::format("filter_watch_{}_{}", ::getpid(),
                                       ::testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(FilterWatchTest, WithoutRulesThereIsNoFilter) {
  ASSERT_EQ(start(""), Problems{});
  EXPECT_EQ(watch->current(), nullptr);
  EXPECT_EQ(watch->status().rules, 0U);
  EXPECT_TRUE(watch->status().problems.empty());
}

TEST_F(FilterWatchTest, TheFileComesFirstThenTheStore) {
  write("p.toml", rule("flag", "words = ['x']", "file"));
  shelf.put(stored("store", "x"));
  ASSERT_EQ(start("p.toml"), Problems{});
  EXPECT_EQ(flags_of("x"), (Names{"file", "store"}));
  EXPECT_EQ(watch->status().rules, 2U);
  EXPECT_EQ(watch->status().words, 2U);
}

TEST_F(FilterWatchTest, AMistakeInTheFileStopsTheStart) {
  write("p.toml", rule("ban", "words = ['x']"));
  EXPECT_EQ(start("p.toml"),
            Problems{path("p.toml") + ":3: action: reject, mask, flag or shadow is expected"});
  EXPECT_EQ(start("none.toml"), Problems{path("none.toml") + ": No such file or directory"});
}

TEST_F(FilterWatchTest, AMistakeInTheStoreDoesNot) {
  write("p.toml", rule("flag", "words = ['x']", "file"));
  shelf.put(stored("a b", "x"));
  ASSERT_EQ(start("p.toml"), Problems{});
  EXPECT_EQ(flags_of("x"), Names{"file"});
  EXPECT_EQ(watch->status().problems.size(), 1U);
  shelf.put(stored("ab", "x"));
  EXPECT_TRUE(becomes([&] { return flags_of("x").size() == 2; }));
  EXPECT_TRUE(becomes([&] { return watch->status().problems.empty(); }));
}

TEST_F(FilterWatchTest, AChangedFileIsReadAnew) {
  write("p.toml", rule("flag", "words = ['x']", "one"));
  ASSERT_EQ(start("p.toml"), Problems{});
  write("p.toml", rule("flag", "words = ['x']", "two"));
  EXPECT_TRUE(becomes([&] { return flags_of("x") == Names{"two"}; }));
  write("p.toml", "");
  EXPECT_TRUE(becomes([&] { return watch->current() == nullptr; }));
}

TEST_F(FilterWatchTest, AFileThatIsBeingWrittenIsLeftAlone) {
  constexpr milliseconds kInterval(20);
  write("p.toml", rule("flag", "words = ['x']", "one"));
  ASSERT_EQ(start("p.toml", kInterval), Problems{});
  // In place: all that comes before the end is valid, and has no rules.
  std::ofstream file(path("p.toml"), std::ios::binary);
  bool kept = true;
  auto longest_pause = SteadyClock::duration::zero();
  const auto end = SteadyClock::now() + 10 * kInterval;
  for (auto last = SteadyClock::now(); last < end;) {
    file << "#" << std::flush;
    kept = kept && flags_of("x") == Names{"one"};
    const auto now = SteadyClock::now();
    longest_pause = std::max(longest_pause, now - std::exchange(last, now));
  }
  // Where the machine let the writer sleep between two looks there was nothing to be seen of him.
  EXPECT_TRUE(kept || longest_pause >= kInterval);
  file << "\n" << rule("flag", "words = ['x']", "two") << std::flush;
  EXPECT_TRUE(becomes([&] { return flags_of("x") == Names{"two"}; }));
}

TEST_F(FilterWatchTest, NorIsItReadForTheStoresSake) {
  write("p.toml", rule("flag", "words = ['x']", "one"));
  ASSERT_EQ(start("p.toml", std::chrono::hours(1)), Problems{});
  ASSERT_EQ(replaced(stored("two", "x")), Problems{});
  write("p.toml", rule("flag", "words = ['x']", "two"));
  watch->reload();
  EXPECT_TRUE(becomes([&] { return watch->status().problems.size() == 1; })) << "the name is taken";
  fs::resize_file(path("p.toml"), 0);
  EXPECT_EQ(replaced(stored("three", "x")), Problems{});
  EXPECT_EQ(flags_of("x"), (Names{"one", "three"}));
}

TEST_F(FilterWatchTest, SoIsAChangedFileOfWords) {
  write("w.txt", "x");
  write("p.toml", rule("flag", "words_file = 'w.txt'"));
  ASSERT_EQ(start("p.toml"), Problems{});
  EXPECT_EQ(flags_of("y"), Names{});
  write("w.txt", "y");
  EXPECT_TRUE(becomes([&] { return flags_of("y") == Names{"r"}; }));
}

TEST_F(FilterWatchTest, AMistakeChangesNothing) {
  write("w.txt", "x");
  write("p.toml", rule("flag", "words_file = 'w.txt'"));
  ASSERT_EQ(start("p.toml"), Problems{});
  fs::remove(path("w.txt"));
  EXPECT_TRUE(becomes([&] { return !watch->status().problems.empty(); }));
  EXPECT_EQ(watch->status().problems,
            Problems{path("p.toml") + ":4: words_file: w.txt: No such file or directory"});
  EXPECT_EQ(flags_of("x"), Names{"r"});
  write("p.toml", rule("flag", "words = ['y']") + "[[filter]]\n");
  EXPECT_TRUE(becomes([&] { return watch->status().problems.size() == 3; })) << "name, action, matcher";
  EXPECT_EQ(flags_of("x"), Names{"r"});
  EXPECT_EQ(flags_of("y"), Names{});
  write("p.toml", rule("flag", "words = ['y']"));
  EXPECT_TRUE(becomes([&] { return flags_of("y") == Names{"r"}; }));
  EXPECT_TRUE(becomes([&] { return watch->status().problems.empty(); }));
}

TEST_F(FilterWatchTest, ReloadDoesNotWaitForTheNextLook) {
  write("p.toml", rule("flag", "words = ['x']", "one"));
  ASSERT_EQ(start("p.toml", std::chrono::hours(1)), Problems{});
  write("p.toml", rule("flag", "words = ['x']", "two"));
  shelf.put(stored("three", "x"));
  watch->reload();
  EXPECT_TRUE(becomes([&] { return flags_of("x") == (Names{"two", "three"}); }));
}

TEST_F(FilterWatchTest, AdministratorsReplaceWhatTheStoreHolds) {
  write("p.toml", rule("flag", "words = ['x']", "file"));
  ASSERT_EQ(start("p.toml"), Problems{});
  const std::string document = stored("store", "x");
  EXPECT_EQ(replaced(document), Problems{});
  EXPECT_EQ(shelf.json(), document);
  EXPECT_EQ(flags_of("x"), (Names{"file", "store"}));
  EXPECT_EQ(replaced(R"({"filters":[]})"), Problems{});
  EXPECT_EQ(flags_of("x"), Names{"file"});
}

TEST_F(FilterWatchTest, AReplacementWithAMistakeChangesNothing) {
  write("p.toml", rule("flag", "words = ['x']", "file"));
  ASSERT_EQ(start("p.toml"), Problems{});
  ASSERT_EQ(replaced(stored("store", "x")), Problems{});
  EXPECT_EQ(replaced(stored("a b", "x")),
            Problems{"filters:1: name: 1 to 64 of letters, digits and _ . - are expected"});
  EXPECT_EQ(replaced(stored("file", "x")),
            Problems{fmt::format("filters:1: the name file is taken: see {}:1", path("p.toml"))});
  EXPECT_EQ(shelf.json(), stored("store", "x"));
  EXPECT_EQ(flags_of("x"), (Names{"file", "store"}));
  EXPECT_TRUE(watch->status().problems.empty()) << "it was told to who asked";
}

TEST_F(FilterWatchTest, AnotherInstancesChangeIsSeen) {
  ASSERT_EQ(start(""), Problems{});
  shelf.put(stored("theirs", "x"));
  EXPECT_TRUE(becomes([&] { return flags_of("x") == Names{"theirs"}; }));
}

TEST_F(FilterWatchTest, WhatWasAtOddsIsTriedAgain) {
  write("p.toml", rule("flag", "words = ['x']", "one"));
  shelf.put(stored("one", "y"));
  ASSERT_EQ(start("p.toml"), Problems{});
  EXPECT_EQ(watch->status().problems.size(), 1U);
  write("p.toml", rule("flag", "words = ['x']", "two"));
  EXPECT_TRUE(becomes([&] { return flags_of("x y") == (Names{"two", "one"}); })) << "the store's fits now";
  write("p.toml", rule("flag", "words = ['x']", "one"));
  EXPECT_TRUE(becomes([&] { return watch->status().problems.size() == 1; }));
  EXPECT_EQ(replaced(stored("three", "y")), Problems{});
  EXPECT_TRUE(becomes([&] { return flags_of("x y") == (Names{"one", "three"}); })) << "the file fits now";
  EXPECT_TRUE(becomes([&] { return watch->status().problems.empty(); }));
}

TEST_F(FilterWatchTest, AStoreThatFailsIsTriedAgain) {
  shelf.fail(true);
  ASSERT_EQ(start(""), Problems{});
  EXPECT_EQ(watch->status().problems, Problems{"the store cannot be read: disk on fire"});
  EXPECT_EQ(replaced(stored("one", "x")), Problems{"the store cannot be written: disk on fire"});
  EXPECT_EQ(watch->current(), nullptr);
  shelf.fail(false);
  EXPECT_TRUE(becomes([&] { return watch->status().problems.empty(); }));
  EXPECT_EQ(replaced(stored("one", "x")), Problems{});
  EXPECT_EQ(flags_of("x"), Names{"one"});
}

TEST_F(FilterWatchTest, KeepsTheDocumentInARealStore) {
  store::MemoryStore memory;
  const AppId app("tilechat");
  auto started = FilterWatch::start({.app = app}, shelf_in(memory, app), clock, log);
  ASSERT_TRUE(started);
  watch = *std::move(started);
  EXPECT_EQ(replaced(stored("one", "x")), Problems{});
  watch.reset();
  EXPECT_EQ(memory.filters(app).value(),
            (FilterDocument{.app = app, .updated_at = clock.now(), .json = stored("one", "x")}));
}

TEST_F(FilterWatchTest, WhoeverWaitsIsToldOfTheEnd) {
  ASSERT_EQ(start(""), Problems{});
  std::promise<void> begun;
  std::promise<void> go_on;
  std::atomic<int> told{0};
  std::atomic<int> refused{0};
  watch->replace(R"({"filters":[]})", [&](const Problems&) {
    begun.set_value();
    go_on.get_future().wait();
    ++told;
  });
  begun.get_future().wait();
  for (int i = 0; i < 30; ++i) {
    watch->replace(R"({"filters":[]})", [&](const Problems& problems) {
      ++told;
      if (!problems.empty()) ++refused;
    });
  }
  EXPECT_EQ(refused, 14) << "16 may wait";
  go_on.set_value();
  watch.reset();
  EXPECT_EQ(told, 31);
}

TEST_F(FilterWatchTest, EachMessageIsJudgedByOneSet) {
  const auto rules = [](const char* name) {
    return rule("mask", "words = ['x']", name) + rule("flag", "words = ['y']", std::string(name) + "2");
  };
  write("p.toml", rules("a"));
  ASSERT_EQ(start("p.toml"), Problems{});
  std::atomic<bool> done{false};
  std::atomic<int> mixed{0};
  const auto judging = [&] {
    while (!done) {
      const Names names = flags_of("x y");
      if (names != (Names{"a", "a2"}) && names != (Names{"b", "b2"})) ++mixed;
    }
  };
  std::thread one(judging);
  std::thread other(judging);
  for (int i = 0; i < 10; ++i) {
    const char* const name = i % 2 == 0 ? "b" : "a";
    write("p.toml", rules(name));
    watch->reload();
    EXPECT_TRUE(becomes([&] { return flags_of("x y").at(0) == name; }));
  }
  done = true;
  one.join();
  other.join();
  EXPECT_EQ(mixed, 0);
}

}  // namespace
}  // namespace inboxd::filter
