#include "hook/policy_client.hpp"

#include <boost/asio/post.hpp>
#include <memory>
#include <utility>

namespace inboxd::hook {

namespace asio = boost::asio;

PolicyClient::PolicyClient(Settings settings, const Clock& clock, Log& log, HookProbe& probe,
                           std::uint64_t seed)
    : settings_(std::move(settings)),
      clock_(clock),
      probe_(probe),
      experience_(settings_.cache_ttl, log, probe, seed),
      guard_(io_.get_executor()),
      asker_(io_.get_executor(), settings_, clock, log, probe, experience_),
      thread_([this] { io_.run(); }) {}

PolicyClient::~PolicyClient() {
  try {
    // After all that was asked before: nothing is left in between.
    asio::post(io_, [this] {
      asker_.end();
      io_.stop();
    });
  } catch (...) {
    // No memory for that much: what is pending is dropped, but nobody is called afterwards.
    io_.stop();
  }
  thread_.join();
}

void PolicyClient::ask(const HookQuestion& question, Done done) {
  const auto asked = clock_.steady();
  const QuestionKey key = key_of(question);
  if (const auto known = experience_.verdict(key, asked)) {
    return settle(HookOutcome::kCached, *known, asked, done);
  }
  if (!has_room() || !experience_.may_ask(asked)) {
    return settle(HookOutcome::kSkipped, HookVerdict{}, asked, done);
  }
  ++pending_;
  // First, so that whoever hears of it finds room for another.
  auto release = [this, done = std::move(done)](const HookVerdict& verdict) {
    --pending_;
    done(verdict);
  };
  auto inquiry = std::make_shared<Inquiry>(
      Inquiry{.key = key, .body = body_of(question), .done = std::move(release), .asked = asked});
  asio::post(io_, [this, inquiry = std::move(inquiry)] { asker_.take(inquiry); });
}

/// For one who has as many pending as are asked at a time, and as many of before he began anew: a session
/// with the broker that was lost leaves its questions behind.
bool PolicyClient::has_room() const noexcept { return pending_ < 2 * settings_.concurrency; }

void PolicyClient::settle(HookOutcome outcome, const HookVerdict& verdict, SteadyClock::time_point asked,
                          const Done& done) {
  probe_.answered(outcome, clock_.steady() - asked);
  done(verdict);
}

}  // namespace inboxd::hook
