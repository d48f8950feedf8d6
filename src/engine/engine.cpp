#include "engine/engine.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "engine/committer.hpp"
#include "engine/consultations.hpp"
#include "engine/locked_entropy.hpp"
#include "engine/pipeline.hpp"
#include "engine/requests.hpp"
#include "engine/session_worker.hpp"

namespace inboxd {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kIdle{1'000};

const char* describe(BrokerError::Kind kind) {
  switch (kind) {
    case BrokerError::Kind::kUnreachable:
      return "unreachable";
    case BrokerError::Kind::kRefused:
      return "refused";
    case BrokerError::Kind::kStandby:
      return "standby";
    case BrokerError::Kind::kLost:
      return "lost";
  }
  return "unknown";
}

EngineSettings with_hook(EngineSettings settings, bool asks) {
  settings.policy.asks_hook = asks;
  settings.policy.max_message_bytes = settings.max_message_bytes;
  return settings;
}

}  // namespace

class Engine::Impl {
 public:
  Impl(EngineSettings settings, const EnginePorts& ports)
      : settings_(with_hook(std::move(settings), ports.hook != nullptr)),
        ports_(ports),
        store_(ports.store),
        clock_(ports.clock),
        entropy_(ports.entropy),
        log_(ports.log),
        probe_(ports.probe),
        requests_(clock_, entropy_, [this] { wake(); }),
        backoff_(settings_.backoff_min),
        committer_(store_, [this] { wake(); }) {}

  void run();
  void stop(SteadyClock::time_point deadline);
  Submitter& submitter() noexcept { return requests_; }

 private:
  void wake();
  Result<std::unique_ptr<BrokerSession>, BrokerError> connect();
  void serve(BrokerSession& session);
  void work(SessionWorker& worker, BrokerSession& session);
  void show_link(const BrokerSession& session, bool draining);
  void show(LinkState state, std::string_view why);
  bool wants_renewal(const BrokerSession& session) const;
  void link_failed(const BrokerError& error);
  void store_failed(const StoreError& error);
  void finish_chores();
  void share(BrokerSession* session);
  void pause(milliseconds time);
  milliseconds next_backoff();
  bool stopping() const noexcept { return stopping_.load(std::memory_order_acquire); }
  bool past_deadline() const { return stopping() && clock_.steady() >= deadline_; }

  const EngineSettings settings_;
  const EnginePorts ports_;
  Store& store_;
  Clock& clock_;
  LockedEntropy entropy_;  ///< submissions come from other threads
  Log& log_;
  Probe& probe_;
  Requests requests_;
  /// What it knows is what the store holds; made anew where that is in doubt.
  std::optional<Pipeline> pipeline_;
  Chores chores_;
  milliseconds backoff_;

  std::atomic<bool> stopping_{false};
  SteadyClock::time_point deadline_;  ///< written before stopping_, read after it
  std::mutex mutex_;                  ///< guards session_, which stop() wakes
  std::condition_variable stopped_;
  BrokerSession* session_ = nullptr;
  LinkState shown_ = LinkState::kDown;
  Committer committer_;  ///< its thread calls wake()
};

void Engine::Impl::run() {
  while (!stopping()) {
    show(LinkState::kConnecting, "");
    try {
      if (!pipeline_) {
        store_.recover();
        pipeline_.emplace(settings_, PipelinePorts{store_, clock_, entropy_, log_, probe_, ports_.listener,
                                                   ports_.filters});
      }
      const auto session = connect();
      if (!session) throw SessionEnded{session.error()};
      serve(**session);
    } catch (const SessionEnded& ended) {
      link_failed(ended.error);
    } catch (const StoreError& error) {
      store_failed(error);
    }
  }
  requests_.fail_all("the engine stops; what the broker has already is carried out after its next start");
  finish_chores();
  show(LinkState::kStopped, "");
}

/// An adapter that runs out of descriptors or memory is tried again like a broker that does not answer.
Result<std::unique_ptr<BrokerSession>, BrokerError> Engine::Impl::connect() {
  try {
    return ports_.broker.connect();
  } catch (const std::exception& error) {
    return Failure<BrokerError>(BrokerError{BrokerError::Kind::kUnreachable, error.what()});
  }
}

void Engine::Impl::serve(BrokerSession& session) {
  struct Sharing {
    Impl& impl;
    Sharing(Impl& owner, BrokerSession& shared) : impl(owner) { impl.share(&shared); }
    ~Sharing() { impl.share(nullptr); }
    Sharing(const Sharing&) = delete;
    Sharing& operator=(const Sharing&) = delete;
  };
  log_.info("broker connected");
  const Sharing sharing(*this, session);
  Consultations consultations(ports_.hook, settings_.hook_window, [this] { wake(); });
  SessionWorker worker(settings_, {*pipeline_, requests_, chores_, committer_, session, consultations},
                       store_, clock_, probe_);
  std::exception_ptr broken;
  session.lend([&worker] { worker.take_turn(); });
  try {
    work(worker, session);
  } catch (const SessionEnded&) {
    broken = std::current_exception();
  } catch (...) {
    session.lend({});
    worker.give_up();
    throw;
  }
  session.lend({});
  worker.leave();
  if (broken) std::rethrow_exception(broken);
}

void Engine::Impl::work(SessionWorker& worker, BrokerSession& session) {
  const auto connected_at = clock_.steady();
  while (!past_deadline()) {
    const bool draining = stopping() || wants_renewal(session);
    show_link(session, draining);
    draining ? requests_.close() : requests_.open();
    if (draining && worker.drained()) break;
    worker.step(draining, kIdle);
    // A session that breaks again at once must not be tried again at once.
    const bool stable = worker.made_progress() || clock_.steady() - connected_at >= settings_.backoff_max;
    if (stable) backoff_ = settings_.backoff_min;
  }
  if (!stopping()) log_.info("broker credentials run out: connecting anew");
}

void Engine::Impl::show_link(const BrokerSession& session, bool draining) {
  const LinkState state = draining            ? LinkState::kDraining
                          : session.blocked() ? LinkState::kBlocked
                                              : LinkState::kUp;
  if (state == shown_) return;
  show(state,
       state == LinkState::kBlocked ? "the broker asks publishers to pause: memory or disk alarm" : "");
}

void Engine::Impl::show(LinkState state, std::string_view why) {
  shown_ = state;
  probe_.link(state, why);
}

bool Engine::Impl::wants_renewal(const BrokerSession& session) const {
  const auto renew_at = session.renew_at();
  return renew_at && clock_.steady() >= *renew_at;
}

void Engine::Impl::link_failed(const BrokerError& error) {
  if (stopping()) {
    log_.warn("broker link lost while stopping", {{"error", error.message}});
    return;
  }
  const bool standby = error.kind == BrokerError::Kind::kStandby;
  const milliseconds delay = standby ? settings_.standby_retry : next_backoff();
  show(standby ? LinkState::kStandby : LinkState::kDown, error.message);
  if (standby) {
    log_.info("standing by", {{"why", error.message}});
  } else {
    log_.warn("broker link down", {{"kind", describe(error.kind)},
                                   {"error", error.message},
                                   {"retry_ms", std::to_string(delay.count())}});
  }
  pause(delay);
}

/// Whether the commit that failed was written is for the store to tell: what is in memory may be behind it.
void Engine::Impl::store_failed(const StoreError& error) {
  pipeline_.reset();
  chores_ = {};
  const milliseconds delay = next_backoff();
  log_.error("store failed", {{"error", error.what()}, {"retry_ms", std::to_string(delay.count())}});
  show(LinkState::kStoreFailed, error.what());
  pause(delay);
}

void Engine::Impl::finish_chores() {
  try {
    if (!chores_.commit.empty()) store_.commit(chores_.commit);
  } catch (const StoreError& error) {
    log_.warn("store failed while stopping", {{"error", error.what()}});
  }
}

/// Doubles up to the limit; a random part of up to half is taken off, so that instances do not come back in
/// step.
milliseconds Engine::Impl::next_backoff() {
  const milliseconds base = backoff_;
  backoff_ = std::min(backoff_ * 2, settings_.backoff_max);
  const auto half = static_cast<std::uint64_t>(base.count()) / 2;
  return base - milliseconds(static_cast<milliseconds::rep>(entropy_.next() % (half + 1)));
}

void Engine::Impl::pause(milliseconds time) {
  requests_.expire();
  std::unique_lock lock(mutex_);
  stopped_.wait_for(lock, time, [this] { return stopping(); });
}

void Engine::Impl::share(BrokerSession* session) {
  const std::lock_guard lock(mutex_);
  session_ = session;
}

void Engine::Impl::wake() {
  const std::lock_guard lock(mutex_);
  if (session_ != nullptr) session_->wake();
}

void Engine::Impl::stop(SteadyClock::time_point deadline) {
  const std::lock_guard lock(mutex_);
  if (stopping()) return;
  deadline_ = deadline;
  stopping_.store(true, std::memory_order_release);
  stopped_.notify_all();
  if (session_ != nullptr) session_->wake();
}

Engine::Engine(EngineSettings settings, const EnginePorts& ports)
    : impl_(std::make_unique<Impl>(std::move(settings), ports)) {}

Engine::~Engine() = default;

void Engine::run() { impl_->run(); }

void Engine::stop(SteadyClock::time_point deadline) { impl_->stop(deadline); }

Submitter& Engine::submitter() noexcept { return impl_->submitter(); }

}  // namespace inboxd
