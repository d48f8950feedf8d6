#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "engine/ports.hpp"
#include "hook/experience.hpp"
#include "hook/probe.hpp"
#include "hook/question.hpp"
#include "hook/settings.hpp"
#include "net/http_client.hpp"

namespace inboxd::hook {

/// A question that waits for its verdict.
struct Inquiry {
  QuestionKey key;
  std::string body;
  PolicyHook::Done done;
  SteadyClock::time_point asked;
  Experience::Attempt attempt = {};
  bool repeated = false;
};

/// Puts questions to the hook, so many at a time. For the thread of its executor alone.
class Asker {
 public:
  /// All of it outlives the asker.
  Asker(boost::asio::any_io_executor executor, const Settings& settings, const Clock& clock, Log& log,
        HookProbe& probe, Experience& experience);

  /// Settles it within the timeout, reckoned from `asked`.
  void take(std::shared_ptr<Inquiry> inquiry);
  /// Settles all at once, with no verdict. Nothing may be taken afterwards.
  void end();

 private:
  using Asked = std::shared_ptr<Inquiry>;
  using Time = SteadyClock::time_point;

  void begin_waiting();
  void begin(const Asked& inquiry);
  void send(const Asked& inquiry);
  net::Request request_for(const std::string& body) const;
  void replied(const Asked& inquiry, const Result<net::Answer, net::Failed>& result);
  bool may_repeat(const Inquiry& inquiry, const net::Failed& failed) const;
  void answered(Inquiry& inquiry, const Answer& answer);
  void failed(Inquiry& inquiry, HookOutcome outcome, const std::string& why);
  void settle(Inquiry& inquiry, HookOutcome outcome, const HookVerdict& verdict);
  Time due(const Inquiry& inquiry) const { return inquiry.asked + settings_.timeout; }

  const Settings& settings_;
  const Clock& clock_;
  HookProbe& probe_;
  Experience& experience_;
  const Result<net::Url, std::string> url_;
  std::optional<net::HttpClient> client_;
  // All have the same time, so whoever is under way is due before anyone who waits: what ends makes room for
  // the next in time, and those who wait need no timer. Bounded by whoever gives them here.
  std::deque<Asked> waiting_;
  std::set<Asked> under_way_;
};

}  // namespace inboxd::hook
