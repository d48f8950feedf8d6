#include "filter/filter_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace inboxd::filter {
namespace {

/// Requests of administrators that wait; more are turned away.
constexpr std::size_t kMaxRequests = 16;

/// What the store's document is called in problems.
constexpr const char* kStored = "filters";

}  // namespace

Shelf shelf_in(Store& store, const AppId& app) {
  return {.read = [&store, app] { return store.filters(app); },
          .write = [&store](const FilterDocument& document) { store.commit({.filters = {document}}); }};
}

Result<std::unique_ptr<FilterWatch>, Problems> FilterWatch::start(WatchSettings settings, Shelf shelf,
                                                                  const Clock& clock, Log& log) {
  std::unique_ptr<FilterWatch> watch(
      new FilterWatch(std::move(settings), std::move(shelf), clock, log));  // NOLINT
  if (Problems problems = watch->read_file(); !problems.empty())
    return Failure<Problems>(std::move(problems));
  watch->look_at_store(true);
  watch->thread_ = std::thread([raw = watch.get()] { raw->run(); });
  return watch;
}

FilterWatch::FilterWatch(WatchSettings settings, Shelf shelf, const Clock& clock, Log& log)
    : settings_(std::move(settings)),
      shelf_(std::move(shelf)),
      clock_(clock),
      log_(log),
      file_at_(SteadyClock::now() + settings_.file_interval),
      store_at_(SteadyClock::now() + settings_.store_interval) {}

FilterWatch::~FilterWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_all();
  if (thread_.joinable()) thread_.join();
  for (const Request& request : requests_) request.done({"the engine is stopping"});
}

std::shared_ptr<const ContentFilter> FilterWatch::current() const {
  const std::lock_guard lock(mutex_);
  return set_;
}

FilterAdmin::Status FilterWatch::status() const {
  const std::lock_guard lock(mutex_);
  Status status;
  if (set_) {
    const Counts counts = set_->counts();
    status = {.rules = counts.rules, .words = counts.words, .patterns = counts.patterns};
  }
  status.problems = file_problems_;
  status.problems.insert(status.problems.end(), store_problems_.begin(), store_problems_.end());
  return status;
}

void FilterWatch::replace(std::string document, Replaced done) {
  std::unique_lock lock(mutex_);
  if (requests_.size() >= kMaxRequests) {
    lock.unlock();
    return done({"too many changes at a time"});
  }
  requests_.push_back({.document = std::move(document), .done = std::move(done)});
  lock.unlock();
  woken_.notify_all();
}

void FilterWatch::reload() {
  {
    const std::lock_guard lock(mutex_);
    reload_ = true;
  }
  woken_.notify_all();
}

void FilterWatch::run() {
  for (;;) {
    std::deque<Request> requests;
    bool reload = false;
    {
      std::unique_lock lock(mutex_);
      woken_.wait_until(lock, std::min(file_at_, store_at_),
                        [this] { return stopping_ || reload_ || !requests_.empty(); });
      if (stopping_) return;
      // One at a time, so that the others can be told when this ends.
      if (!requests_.empty()) {
        requests.push_back(std::move(requests_.front()));
        requests_.pop_front();
      }
      reload = std::exchange(reload_, false);
    }
    work(reload, requests);
  }
}

void FilterWatch::work(bool reload, const std::deque<Request>& requests) {
  const Time now = SteadyClock::now();
  if (reload || now >= file_at_) {
    if (reload) {
      take_file();
    } else {
      look_at_file();
    }
    file_at_ = SteadyClock::now() + settings_.file_interval;
  }
  if (reload || now >= store_at_) {
    look_at_store(reload);
    store_at_ = SteadyClock::now() + settings_.store_interval;
  }
  for (const Request& request : requests) request.done(replace_now(request.document));
}

void FilterWatch::look_at_file() {
  if (settings_.file.empty() || !changes_.settled(files_, look_again(files_))) return;
  Parsed parsed = read_policy_file(settings_.file);
  // Whoever goes on writing at this very moment has the next looks wait for him again.
  if (look_again(parsed.files) == parsed.files) note_file(use_file(std::move(parsed)));
}

void FilterWatch::take_file() {
  if (!settings_.file.empty()) note_file(read_file());
}

void FilterWatch::retry_file() {
  if (file_problems_.empty()) return;
  Parsed parsed = read_policy_file(settings_.file);
  // One that changes is waited for.
  if (parsed.files == files_ && look_again(files_) == files_) note_file(use_file(std::move(parsed)));
}

void FilterWatch::note_file(Problems problems) {
  note(file_problems_, std::move(problems), settings_.file);
  // What was at odds with the file before may fit now.
  if (file_problems_.empty() && !store_problems_.empty()) look_at_store(true);
}

void FilterWatch::look_at_store(bool anyway) {
  try {
    auto document = shelf_.read();
    if (!anyway && !store_failed_ && document == seen_) return;
    store_failed_ = false;
    seen_ = std::move(document);
  } catch (const StoreError& error) {
    store_failed_ = true;
    return note(store_problems_, {fmt::format("the store cannot be read: {}", error.what())}, kStored);
  }
  note(store_problems_, use_stored(), kStored);
  if (store_problems_.empty()) retry_file();
}

Problems FilterWatch::read_file() {
  if (settings_.file.empty()) return {};
  return use_file(read_policy_file(settings_.file));
}

Problems FilterWatch::use_file(Parsed parsed) {
  files_ = std::move(parsed.files);
  return use(std::move(parsed), {.rules = stored_rules_});
}

Problems FilterWatch::use_stored() {
  return use({.rules = file_rules_}, seen_ ? parse_json(seen_->json, kStored) : Parsed{});
}

Problems FilterWatch::replace_now(const std::string& document) {
  Parsed parsed = parse_json(document, kStored);
  auto set = compiled({.rules = file_rules_}, parsed);
  if (!set) return std::move(set.error());
  FilterDocument row{.app = settings_.app, .updated_at = clock_.now(), .json = document};
  try {
    shelf_.write(row);
  } catch (const StoreError& error) {
    store_failed_ = true;  // whether it has the document is for the next look to tell
    return {fmt::format("the store cannot be written: {}", error.what())};
  }
  seen_ = std::move(row);
  put(*std::move(set), file_rules_, std::move(parsed.rules));
  note(store_problems_, {}, kStored);
  retry_file();
  return {};
}

Result<FilterWatch::Set, Problems> FilterWatch::compiled(const Parsed& file, const Parsed& stored) {
  Problems problems(file.problems);
  problems.insert(problems.end(), stored.problems.begin(), stored.problems.end());
  Rules rules(file.rules);
  rules.insert(rules.end(), stored.rules.begin(), stored.rules.end());
  auto set = FilterSet::compile(std::move(rules));
  if (!set) problems.insert(problems.end(), set.error().begin(), set.error().end());
  if (!problems.empty()) return Failure<Problems>(std::move(problems));
  return set;
}

Problems FilterWatch::use(Parsed file, Parsed stored) {
  auto set = compiled(file, stored);
  if (!set) return std::move(set.error());
  put(*std::move(set), std::move(file.rules), std::move(stored.rules));
  return {};
}

void FilterWatch::put(Set set, Rules file, Rules stored) {
  const Counts counts = set->counts();
  file_rules_ = std::move(file);
  stored_rules_ = std::move(stored);
  if (counts.rules == 0) set = nullptr;
  {
    const std::lock_guard lock(mutex_);
    set_.swap(set);
  }
  log_.info("filters in force", {{"rules", fmt::format("{}", counts.rules)},
                                 {"words", fmt::format("{}", counts.words)},
                                 {"patterns", fmt::format("{}", counts.patterns)}});
}

void FilterWatch::note(Problems& known, Problems found, std::string_view where) {
  if (known == found) return;
  for (const std::string& problem : found) {
    log_.warn("filters refused", {{"where", std::string(where)}, {"reason", problem}});
  }
  const std::lock_guard lock(mutex_);
  known = std::move(found);
}

}  // namespace inboxd::filter
