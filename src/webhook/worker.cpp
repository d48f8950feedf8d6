#include "webhook/worker.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <utility>
#include <vector>

#include "net/signature.hpp"

namespace inboxd::webhook {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kSliceRows = 32;  // read at a time: a row may hold a quarter of a megabyte
constexpr std::size_t kSlicesPerTurn = 8;
constexpr std::size_t kSettledToFlush = 200;
constexpr std::size_t kTrimRows = 200;
constexpr std::chrono::milliseconds kFlushAfter{100};
constexpr std::chrono::milliseconds kStorePause{1000};

net::HttpClient::Options client_options(const Settings& settings) {
  net::HttpClient::Options options;
  options.verify = settings.tls_verify;
  options.allow_link_local = settings.allow_link_local;
  options.max_answer_bytes = 4096;  // nobody reads it; short ones are read to the end to keep the connection
  options.idle_connections = settings.concurrency;
  return options;
}

Reply reply_from(const Result<net::Answer, net::Failed>& result) {
  if (result) return {Reply::Kind::kAnswered, result->status};
  const net::Failed& failed = result.error();
  switch (failed.kind) {
    case net::Failed::Kind::kNotSent:
      return {Reply::Kind::kNotSent, 0, failed.why};
    case net::Failed::Kind::kForbidden:
      return {Reply::Kind::kForbidden, 0, failed.why};
    case net::Failed::Kind::kNoAnswer:
      break;
  }
  return {Reply::Kind::kNoAnswer, 0, failed.why};
}

}  // namespace

Worker::Worker(const Surroundings& around, std::size_t index, std::uint64_t seed)
    : around_(around),
      index_(index),
      endpoint_(around.settings.endpoints[index]),
      label_(label_of(endpoint_)),
      url_(net::parse_url(endpoint_)),
      guard_(io_.get_executor()),
      timer_(io_),
      dispatcher_(around.settings, seed) {
  client_.emplace(io_.get_executor(), client_options(around.settings));
  if (!url_) around_.log.error("webhook_endpoint_invalid", {{"why", url_.error()}});
  wake();
  thread_ = std::thread([this] { io_.run(); });
}

Worker::~Worker() = default;

void Worker::wake() {
  if (!woken_.exchange(true)) asio::post(io_, [this] { turn(); });
}

void Worker::rescan() {
  again_ = true;
  wake();
}

void Worker::stop(SteadyClock::time_point deadline) {
  asio::post(io_, [this, deadline] {
    stop_at_ = deadline;
    turn();
  });
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::turn() {
  if (ended_) return;
  bool more = false;
  try {
    more = work();
  } catch (const StoreError& error) {
    pause(error);
  }
  note_circuit();
  if (stop_at_ && (dispatcher_.under_way() == 0 || around_.clock.steady() >= *stop_at_)) return end();
  if (more) asio::post(io_, [this] { turn(); });
  schedule();
}

bool Worker::work() {
  // First, so that a store that fails is asked again no sooner than after the pause.
  if (paused_until_ && around_.clock.steady() < *paused_until_) return false;
  paused_until_.reset();
  if (woken_.exchange(false)) {
    end_.reset();
    counted_ = false;
  }
  if (again_.exchange(false)) {
    flush();
    dispatcher_.look_again();
    backlog_.reset();
    end_.reset();
  }
  flush_if_due(false);
  if (stop_at_) return false;
  bool more = load();
  more = count() || more;
  more = trim() || more;
  begin_attempts();
  flush_if_due(false);
  around_.probe.pending(index_, backlog_.rows());
  return more;
}

bool Worker::load() {
  for (std::size_t slice = 0; slice < kSlicesPerTurn; ++slice) {
    const std::uint64_t from = dispatcher_.read_from();
    if (!dispatcher_.has_room() || (end_ && from >= *end_)) return false;
    std::vector<OutboxRow> rows = around_.store.outbox(endpoint_, from, kSliceRows);
    backlog_.saw(from, rows);
    const bool last = rows.size() < kSliceRows;
    for (OutboxRow& row : rows) {
      if (!dispatcher_.offer(std::move(row))) return false;
    }
    if (last) end_ = dispatcher_.read_from();
  }
  return true;
}

bool Worker::count() {
  if (end_ && backlog_.counted_to() >= *end_) counted_ = true;
  if (counted_) return false;
  const std::uint64_t from = backlog_.counted_to();
  const std::vector<OutboxRow> rows = around_.store.outbox(endpoint_, from, kSliceRows);
  backlog_.saw(from, rows);
  counted_ = rows.size() < kSliceRows;
  return !counted_;
}

bool Worker::trim() {
  const std::size_t waiting = backlog_.rows() - std::min(backlog_.rows(), dispatcher_.settled().size());
  if (waiting <= around_.settings.max_pending) return false;
  const std::size_t over = waiting - around_.settings.max_pending;
  const std::size_t given_up = dispatcher_.give_up_oldest(std::min(over, kTrimRows), around_.clock.now());
  flush();
  return given_up > 0 && given_up < over;
}

void Worker::begin_attempts() {
  while (const auto attempt = dispatcher_.next(around_.clock.steady(), around_.clock.now())) {
    send(*attempt->row);
  }
}

net::Request Worker::request_for(const OutboxRow& row) const {
  net::Request request{.method = "POST", .url = *url_, .headers = {}, .body = row.body};
  request.headers = {{"Content-Type", "application/json"},
                     {"User-Agent", "inboxd/" INBOXD_VERSION},
                     {"X-Inboxd-Event-Id", row.event_id}};
  const Settings& settings = around_.settings;
  if (!settings.secret.empty()) {
    constexpr Millis kSecond = 1000;
    request.headers.emplace_back("X-Inboxd-Signature",
                                 net::signature_of(settings.secret, around_.clock.now() / kSecond, row.body));
  }
  return request;
}

void Worker::send(const OutboxRow& row) {
  const std::uint64_t sequence = row.sequence;
  const Time begun = around_.clock.steady();
  if (!url_) {
    asio::post(io_, [this, sequence, begun] {
      replied(sequence, begun,
              inboxd::Failure<net::Failed>(net::Failed{net::Failed::Kind::kForbidden, url_.error()}));
    });
    return;
  }
  client_->send(request_for(row), around_.settings.timeout,
                [this, sequence, begun](const Result<net::Answer, net::Failed>& result) {
                  replied(sequence, begun, result);
                });
}

void Worker::replied(std::uint64_t sequence, Time begun, const Result<net::Answer, net::Failed>& result) {
  if (ended_) return;
  const Reply reply = reply_from(result);
  const Time now = around_.clock.steady();
  around_.probe.took(index_, now - begun);
  tell(reply);
  dispatcher_.replied(sequence, reply, now, around_.clock.now());
  turn();
}

void Worker::tell(const Reply& reply) {
  constexpr unsigned kRedirect = 300;
  constexpr unsigned kServerError = 500;
  switch (reply.kind) {
    case Reply::Kind::kNotSent:
      return around_.probe.failed(index_, Failure::kNotSent);
    case Reply::Kind::kNoAnswer:
      return around_.probe.failed(index_, Failure::kNoAnswer);
    case Reply::Kind::kForbidden:
      return around_.probe.failed(index_, Failure::kForbidden);
    case Reply::Kind::kAnswered:
      break;
  }
  if (reply.status >= kServerError) return around_.probe.failed(index_, Failure::kServerError);
  if (reply.status >= kRedirect) return around_.probe.failed(index_, Failure::kRejected);
  around_.probe.delivered(index_);
}

void Worker::flush_if_due(bool force) {
  if (dispatcher_.settled().empty()) return;
  const Time now = around_.clock.steady();
  if (!flush_at_) flush_at_ = now + kFlushAfter;
  if (force || now >= *flush_at_ || dispatcher_.settled().size() >= kSettledToFlush) flush();
}

void Worker::flush() {
  const auto& settled = dispatcher_.settled();
  if (settled.empty()) return;
  Commit commit;
  for (const Settled& one : settled) {
    commit.removed_outbox.push_back({endpoint_, one.sequence});
    if (one.undelivered) commit.undelivered.push_back(*one.undelivered);
  }
  around_.store.commit(commit);
  flush_at_.reset();
  for (const Settled& one : settled) backlog_.removed(one.sequence);
  report_given_up(commit.undelivered.size());
  dispatcher_.forget_settled(settled.size());
}

void Worker::report_given_up(std::size_t count) {
  if (count == 0) return;
  std::array<std::size_t, 4> counts{};
  std::string reason;
  for (const Settled& one : dispatcher_.settled()) {
    if (!one.undelivered) continue;
    ++counts[static_cast<std::size_t>(one.why)];
    reason = one.undelivered->reason;
  }
  for (std::size_t why = 0; why < counts.size(); ++why) {
    if (counts[why] > 0) around_.probe.given_up(index_, static_cast<GivenUp>(why), counts[why]);
  }
  around_.log.warn("webhook_undelivered",
                   {{"endpoint", label_}, {"events", std::to_string(count)}, {"reason", reason}});
}

void Worker::pause(const StoreError& error) {
  around_.log.error("webhook_store_failed", {{"endpoint", label_}, {"why", error.what()}});
  paused_until_ = around_.clock.steady() + kStorePause;
  // What was under way in the store is to be looked at again.
  end_.reset();
  counted_ = false;
}

void Worker::note_circuit() {
  const bool open = dispatcher_.circuit_open();
  if (open == circuit_open_) return;
  circuit_open_ = open;
  around_.probe.circuit(index_, open);
  if (open) {
    around_.log.warn("webhook_circuit_open", {{"endpoint", label_}});
  } else {
    around_.log.info("webhook_circuit_closed", {{"endpoint", label_}});
  }
}

void Worker::schedule() {
  std::optional<Time> at;
  const auto consider = [&at](std::optional<Time> time) {
    if (time && (!at || *time < *at)) at = time;
  };
  if (paused_until_) {
    consider(paused_until_);
  } else {
    consider(flush_at_);
    if (!stop_at_) consider(dispatcher_.due());
  }
  consider(stop_at_);
  if (!at) {
    timer_.cancel();
    return;
  }
  const Time now = around_.clock.steady();
  timer_.expires_after(*at > now ? *at - now : SteadyClock::duration::zero());
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error) turn();
  });
}

void Worker::end() {
  ended_ = true;
  client_.reset();
  timer_.cancel();
  try {
    flush();
  } catch (const StoreError& error) {
    around_.log.error("webhook_store_failed", {{"endpoint", label_}, {"why", error.what()}});
  }
  guard_.reset();
  io_.stop();
}

}  // namespace inboxd::webhook
