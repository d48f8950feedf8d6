#include "hook/asker.hpp"

#include <chrono>
#include <utility>

#include "hook/answer.hpp"
#include "net/signature.hpp"

namespace inboxd::hook {
namespace {

constexpr unsigned kOk = 200;

net::HttpClient::Options client_options(const Settings& settings) {
  net::HttpClient::Options options;
  options.verify = settings.tls_verify;
  options.allow_link_local = settings.allow_link_local;
  options.max_answer_bytes = settings.max_answer_bytes;
  options.idle_connections = settings.concurrency;
  return options;
}

/// What is read of one that was cut is no JSON either; but it must not depend on where it was cut.
Result<Answer, std::string> understood(const net::Answer& answer, std::size_t max_bytes) {
  if (answer.status != kOk) return Failure<std::string>("answered " + std::to_string(answer.status));
  if (answer.body.size() >= max_bytes) return Failure<std::string>("the answer is too long");
  return read_answer(answer.body);
}

HookOutcome outcome_of(const HookVerdict& verdict) noexcept {
  if (verdict.kind == HookVerdict::Kind::kReject) return HookOutcome::kRejected;
  return verdict.text || verdict.attributes ? HookOutcome::kReplaced : HookOutcome::kAllowed;
}

}  // namespace

Asker::Asker(boost::asio::any_io_executor executor, const Settings& settings, const Clock& clock, Log& log,
             HookProbe& probe, Experience& experience)
    : settings_(settings),
      clock_(clock),
      probe_(probe),
      experience_(experience),
      url_(net::parse_url(settings.url)) {
  client_.emplace(std::move(executor), client_options(settings));
  if (!url_) log.error("policy_hook_url_invalid", {{"why", url_.error()}});
}

void Asker::take(Asked inquiry) {
  waiting_.push_back(std::move(inquiry));
  begin_waiting();
}

void Asker::begin_waiting() {
  while (!waiting_.empty() && under_way_.size() < settings_.concurrency) {
    const Asked next = std::move(waiting_.front());
    waiting_.pop_front();
    begin(next);
  }
}

void Asker::begin(const Asked& inquiry) {
  const Time now = clock_.steady();
  // Its turn came too late: not the hook's doing, or told of those before it.
  if (now >= due(*inquiry)) return settle(*inquiry, HookOutcome::kTimeout, HookVerdict{});
  const auto attempt = experience_.begin(now);
  if (!attempt) return settle(*inquiry, HookOutcome::kSkipped, HookVerdict{});
  inquiry->attempt = *attempt;
  if (!url_) return failed(*inquiry, HookOutcome::kError, url_.error());
  under_way_.insert(inquiry);
  send(inquiry);
}

void Asker::send(const Asked& inquiry) {
  // A part of a millisecond is worth trying; whether the answer came in time is looked at when it is there.
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(due(*inquiry) - clock_.steady());
  client_->send(
      request_for(inquiry->body), left,
      [this, inquiry](const Result<net::Answer, net::Failed>& result) { replied(inquiry, result); });
}

net::Request Asker::request_for(const std::string& body) const {
  net::Request request{.method = "POST", .url = *url_, .headers = {}, .body = body};
  request.headers = {{"Content-Type", "application/json"}, {"User-Agent", "inboxd/" INBOXD_VERSION}};
  if (!settings_.secret.empty()) {
    constexpr Millis kSecond = 1000;
    request.headers.emplace_back("X-Inboxd-Signature",
                                 net::signature_of(settings_.secret, clock_.now() / kSecond, body));
  }
  return request;
}

void Asker::replied(const Asked& inquiry, const Result<net::Answer, net::Failed>& result) {
  const bool late = clock_.steady() >= due(*inquiry);
  if (!result && !late && may_repeat(*inquiry, result.error())) {
    inquiry->repeated = true;
    return send(inquiry);
  }
  under_way_.erase(inquiry);
  if (late) {
    failed(*inquiry, HookOutcome::kTimeout, result ? "the answer came too late" : result.error().why);
  } else if (!result) {
    failed(*inquiry, HookOutcome::kError, result.error().why);
  } else if (const auto answer = understood(*result, settings_.max_answer_bytes)) {
    answered(*inquiry, *answer);
  } else {
    failed(*inquiry, HookOutcome::kError, answer.error());
  }
  begin_waiting();
}

/// The endpoint may have closed a kept connection just as the question went out.
bool Asker::may_repeat(const Inquiry& inquiry, const net::Failed& failed) const {
  return !inquiry.repeated && failed.kind == net::Failed::Kind::kNoAnswer;
}

void Asker::answered(Inquiry& inquiry, const Answer& answer) {
  experience_.answered(inquiry.key, answer, clock_.steady());
  settle(inquiry, outcome_of(answer.verdict), answer.verdict);
}

void Asker::failed(Inquiry& inquiry, HookOutcome outcome, const std::string& why) {
  experience_.failed(inquiry.attempt, clock_.steady(), why);
  settle(inquiry, outcome, HookVerdict{});
}

void Asker::settle(Inquiry& inquiry, HookOutcome outcome, const HookVerdict& verdict) {
  probe_.answered(outcome, clock_.steady() - inquiry.asked);
  std::exchange(inquiry.done, nullptr)(verdict);
}

void Asker::end() {
  client_.reset();
  for (const Asked& inquiry : under_way_) settle(*inquiry, HookOutcome::kSkipped, HookVerdict{});
  for (const Asked& inquiry : waiting_) settle(*inquiry, HookOutcome::kSkipped, HookVerdict{});
  under_way_.clear();
  waiting_.clear();
}

}  // namespace inboxd::hook
