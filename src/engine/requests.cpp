#include "engine/requests.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <optional>
#include <utility>

#include "core/topic.hpp"

namespace inboxd {
namespace {

constexpr std::size_t kMaxSubmissions = 1024;
constexpr std::size_t kMaxBytes = std::size_t{64} * 1024 * 1024;
constexpr std::size_t kMaxTaken = 512;

struct Name {
  std::string_view id;
  std::size_t part = 0;
};

std::optional<Name> parse(std::string_view request) {
  const auto dash = request.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  Name name{.id = request.substr(0, dash)};
  const char* const end = request.data() + request.size();
  const auto [rest, error] = std::from_chars(request.data() + dash + 1, end, name.part);
  if (error != std::errc() || rest != end) return std::nullopt;
  return name;
}

std::string name_of(const std::string& id, std::size_t part) { return id + "-" + std::to_string(part); }

}  // namespace

bool Requests::Submission::finished() const {
  return await == Await::kCommit && std::all_of(decided.begin(), decided.end(), [](bool d) { return d; });
}

void Requests::submit(std::vector<Publication> parts, Await await, std::chrono::milliseconds timeout,
                      Done done) {
  const bool sendable = std::all_of(parts.begin(), parts.end(), [](const Publication& part) {
    return part.routing_key.size() <= kMaxKeyBytes;
  });
  if (!sendable) {
    // The broker's protocol cannot carry it: sent all the same, it would cost the connection.
    return done(
        Verdict{.message = {}, .refusal = Refusal{Reason::kKeyTooLong, "a topic would pass 255 bytes"}});
  }
  const char* refused = nullptr;
  {
    const std::lock_guard lock(mutex_);
    std::size_t bytes = 0;
    for (const Publication& part : parts) bytes += part.payload->size();
    refused = why_not(bytes);
    if (refused == nullptr) enter(std::move(parts), await, timeout, done, bytes);
  }
  if (refused == nullptr) return wake_();
  done(Verdict{.failure = refused});
}

const char* Requests::why_not(std::size_t bytes) const {
  if (!open_) return "the engine is not connected to its broker";
  if (submissions_.size() >= kMaxSubmissions || bytes_ + bytes > kMaxBytes) {
    return "too much is waiting; try again later";
  }
  return nullptr;
}

void Requests::enter(std::vector<Publication> parts, Await await, std::chrono::milliseconds timeout,
                     Done& done, std::size_t bytes) {
  std::string id = new_id();
  Submission submission{.parts = std::move(parts),
                        .decided = {},
                        .await = await,
                        .deadline = clock_.steady() + timeout,
                        .done = std::move(done),
                        .verdict = {},
                        .bytes = bytes};
  submission.decided.resize(submission.parts.size());
  for (std::size_t i = 0; await == Await::kCommit && i < submission.parts.size(); ++i) {
    submission.parts[i].request = name_of(id, i);
  }
  bytes_ += bytes;
  queue_.push_back(id);
  submissions_.emplace(std::move(id), std::move(submission));
}

/// In the order of submission. 124 unpredictable bits: whoever guesses the name of a submission could answer
/// it.
std::string Requests::new_id() {
  char text[49];
  (void)std::snprintf(
      text, sizeof text, "%016llx%016llx%016llx", static_cast<unsigned long long>(++submitted_),
      static_cast<unsigned long long>(entropy_.next()), static_cast<unsigned long long>(entropy_.next()));
  return text;
}

void Requests::open() {
  const std::lock_guard lock(mutex_);
  open_ = true;
}

void Requests::close() {
  const std::lock_guard lock(mutex_);
  open_ = false;
}

void Requests::fail_all(const std::string& why) {
  Finished finished;
  {
    const std::lock_guard lock(mutex_);
    open_ = false;
    while (!submissions_.empty()) {
      submissions_.begin()->second.verdict.failure = why;
      forget(submissions_.begin(), finished);
    }
  }
  tell(finished);
}

bool Requests::has_queued() const {
  const std::lock_guard lock(mutex_);
  return !queue_.empty();
}

Requests::Batch Requests::take() {
  const std::lock_guard lock(mutex_);
  Batch batch;
  while (!queue_.empty() && batch.publications.size() < kMaxTaken) {
    Submission& submission = submissions_.find(queue_.front())->second;
    submission.published = true;
    for (std::size_t i = 0; i < submission.parts.size(); ++i) {
      if (!submission.decided[i]) batch.publications.push_back(submission.parts[i]);
    }
    batch.ids.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return batch;
}

void Requests::confirmed(const std::vector<std::string>& ids) {
  Finished finished;
  {
    const std::lock_guard lock(mutex_);
    for (const std::string& id : ids) {
      const auto entry = submissions_.find(id);
      if (entry == submissions_.end()) continue;
      entry->second.published = false;
      if (entry->second.await == Await::kConfirm) forget(entry, finished);
    }
  }
  tell(finished);
}

void Requests::session_lost() {
  const std::lock_guard lock(mutex_);
  open_ = false;
  // Before those that were not published yet, in their own order.
  std::list<std::string> again;
  for (auto& [id, submission] : submissions_) {
    if (std::exchange(submission.published, false)) again.push_back(id);
  }
  queue_.splice(queue_.begin(), again);
}

void Requests::decided(std::string_view request, const Verdict& verdict) {
  Finished finished;
  {
    const std::lock_guard lock(mutex_);
    const auto name = parse(request);
    const auto entry = name ? submissions_.find(name->id) : submissions_.end();
    if (entry == submissions_.end() || name->part >= entry->second.parts.size()) return;
    Submission& submission = entry->second;
    if (submission.decided[name->part]) return;
    submission.decided[name->part] = true;
    if (!submission.verdict.message) submission.verdict.message = verdict.message;
    if (!submission.verdict.refusal && verdict.refusal) {
      submission.verdict.refusal = verdict.refusal;
      submission.verdict.refused_part = name->part;
    }
    if (submission.finished()) forget(entry, finished);
  }
  tell(finished);
}

bool Requests::is_from_admin(std::string_view request) const {
  const std::lock_guard lock(mutex_);
  const auto name = parse(request);
  const auto entry = name ? submissions_.find(name->id) : submissions_.end();
  return entry != submissions_.end() && name->part < entry->second.parts.size() &&
         entry->second.parts[name->part].from_admin;
}

void Requests::expire() {
  Finished finished;
  {
    const std::lock_guard lock(mutex_);
    const auto now = clock_.steady();
    for (auto next = submissions_.begin(); next != submissions_.end();) {
      const auto entry = next++;
      if (entry->second.deadline > now) continue;
      entry->second.verdict.failure = "no answer in time; it may still be carried out";
      forget(entry, finished);
    }
  }
  tell(finished);
}

void Requests::forget(std::map<std::string, Submission, std::less<>>::iterator entry, Finished& finished) {
  bytes_ -= entry->second.bytes;
  queue_.remove(entry->first);
  finished.emplace_back(std::move(entry->second.done), std::move(entry->second.verdict));
  submissions_.erase(entry);
}

void Requests::tell(Finished& finished) {
  for (auto& [done, verdict] : finished) done(verdict);
}

}  // namespace inboxd
