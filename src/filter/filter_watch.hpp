#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/id.hpp"
#include "core/result.hpp"
#include "engine/ports.hpp"
#include "filter/document.hpp"
#include "filter/filter_set.hpp"

namespace inboxd::filter {

struct WatchSettings {
  std::string file;  ///< empty: there is none
  AppId app;         ///< whose rules the store holds
  std::chrono::milliseconds file_interval{500};
  std::chrono::milliseconds store_interval{1000};
};

/// Where the administrators' document is kept. Both may throw StoreError.
struct Shelf {
  std::function<std::optional<FilterDocument>()> read;
  std::function<void(const FilterDocument&)> write;
};

/// `store` must outlive it.
Shelf shelf_in(Store& store, const AppId& app);

/// The rules in force: those of a file, then those of the store. Reads both anew as they change, on a thread
/// of its own; what is wrong changes nothing. A file counts as changed once two looks in a row saw the same
/// change.
class FilterWatch final : public FilterSource, public FilterAdmin {
 public:
  /// Reads both before it returns. A mistake in the file is an error; one in the store, or a store that
  /// fails, is logged, shown by status(), and left alone. The ports must outlive what comes back.
  static Result<std::unique_ptr<FilterWatch>, Problems> start(WatchSettings settings, Shelf shelf,
                                                              const Clock& clock, Log& log);
  /// Joins the thread; whoever waits for a replace() is told that there will be none.
  ~FilterWatch() override;
  FilterWatch(const FilterWatch&) = delete;
  FilterWatch& operator=(const FilterWatch&) = delete;

  std::shared_ptr<const ContentFilter> current() const override;
  Status status() const override;
  void replace(std::string document, Replaced done) override;

  /// Has the file read anew soon, whether it changed or not, or is about to. From any thread.
  void reload();

 private:
  using Time = SteadyClock::time_point;
  using Set = std::shared_ptr<const FilterSet>;

  struct Request {
    std::string document;
    Replaced done;
  };

  FilterWatch(WatchSettings settings, Shelf shelf, const Clock& clock, Log& log);

  void run();
  void work(bool reload, const std::deque<Request>& requests);
  void look_at_file();
  void look_at_store(bool anyway);
  /// Whatever the file is at the moment.
  void take_file();
  /// Where the file that was read last was at odds with the store's rules, which have changed.
  void retry_file();
  void note_file(Problems problems);
  // Each returns what is wrong, and then has changed nothing.
  Problems read_file();
  Problems use_file(Parsed parsed);
  Problems use_stored();
  Problems replace_now(const std::string& document);
  Problems use(Parsed file, Parsed stored);

  static Result<Set, Problems> compiled(const Parsed& file, const Parsed& stored);
  void put(Set set, Rules file, Rules stored);
  /// Logs problems that are not the same as before.
  void note(Problems& known, Problems found, std::string_view where);

  const WatchSettings settings_;
  const Shelf shelf_;
  const Clock& clock_;
  Log& log_;

  // The thread's own, and start()'s before there is one.
  Rules file_rules_;
  Rules stored_rules_;
  SeenFiles files_;  // as they were when they were read
  Changes changes_;
  std::optional<FilterDocument> seen_;  // the store's document as it was last read
  bool store_failed_ = false;
  Time file_at_;
  Time store_at_;

  mutable std::mutex mutex_;  // guards all that follows but the thread
  std::condition_variable woken_;
  Set set_;
  Problems file_problems_;
  Problems store_problems_;
  std::deque<Request> requests_;
  bool reload_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace inboxd::filter
