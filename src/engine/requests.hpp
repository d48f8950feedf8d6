#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "engine/ports.hpp"

namespace inboxd {

/// The submissions on their way: queued, published, confirmed, decided. A submission outlives the session
/// that published it: what the broker did not confirm is published again by the next. So a part may come
/// twice, and whoever decides it must know it again by its name. submit() is for any thread, the rest for the
/// engine's.
class Requests final : public Submitter {
 public:
  /// `wake` is called, on the thread of submit(), when there is something to take. All must outlive it.
  Requests(Clock& clock, Entropy& entropy, std::function<void()> wake)
      : clock_(clock), entropy_(entropy), wake_(std::move(wake)) {}

  void submit(std::vector<Publication> parts, Await await, std::chrono::milliseconds timeout,
              Done done) override;

  /// A session is at work: submissions are taken from now on.
  void open();
  /// None is: new ones are turned away, the others wait for the next session.
  void close();
  /// There will be no other.
  void fail_all(const std::string& why);

  /// What take() gave: the broker confirms all of it together.
  struct Batch {
    std::vector<std::string> ids;
    std::vector<Publication> publications;
  };
  bool has_queued() const;
  /// What is queued, up to a few hundred parts.
  Batch take();
  void confirmed(const std::vector<std::string>& ids);
  /// What was taken and not confirmed is queued again.
  void session_lost();

  /// The part that a delivery claims to be is committed. Names that nobody waits for are passed over.
  void decided(std::string_view request, const Verdict& verdict);

  /// Whether the part that a delivery claims to be is an administrator's word. Not where nobody waits for it.
  bool is_from_admin(std::string_view request) const;

  /// Gives up what has waited too long.
  void expire();

 private:
  struct Submission {
    std::vector<Publication> parts;
    std::vector<bool> decided;
    Await await = Await::kCommit;
    SteadyClock::time_point deadline;
    Done done;
    Verdict verdict;
    std::size_t bytes = 0;
    bool published = false;  ///< and not confirmed
    bool finished() const;
  };
  using Finished = std::vector<std::pair<Done, Verdict>>;

  /// Null where it may enter.
  const char* why_not(std::size_t bytes) const;
  void enter(std::vector<Publication> parts, Await await, std::chrono::milliseconds timeout, Done& done,
             std::size_t bytes);
  void forget(std::map<std::string, Submission, std::less<>>::iterator entry, Finished& finished);
  static void tell(Finished& finished);
  std::string new_id();

  Clock& clock_;
  Entropy& entropy_;
  std::function<void()> wake_;

  mutable std::mutex mutex_;  // guards all that follows
  bool open_ = false;
  std::map<std::string, Submission, std::less<>> submissions_;
  std::list<std::string> queue_;
  std::size_t bytes_ = 0;
  std::uint64_t submitted_ = 0;
};

}  // namespace inboxd
