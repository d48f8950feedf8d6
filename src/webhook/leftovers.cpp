#include "webhook/leftovers.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace inboxd::webhook {
namespace {

constexpr std::size_t kLeftoversAtOnce = 64;
constexpr std::chrono::seconds kRetryAfter{5};

}  // namespace

Leftovers::Leftovers(const Surroundings& around) : around_(around), thread_([this] { run(); }) {}

Leftovers::~Leftovers() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool Leftovers::stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void Leftovers::run() {
  while (!stopping()) {
    try {
      return move_all();
    } catch (const StoreError& error) {
      around_.log.error("webhook_store_failed", {{"why", error.what()}});
    }
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kRetryAfter, [this] { return stopping_; });
  }
}

void Leftovers::move_all() {
  const auto& configured = around_.settings.endpoints;
  for (const std::string& endpoint : around_.store.outbox_endpoints()) {
    if (std::find(configured.begin(), configured.end(), endpoint) == configured.end()) move(endpoint);
  }
}

void Leftovers::move(const std::string& endpoint) {
  std::uint64_t from = 0;
  std::size_t moved = 0;
  while (!stopping()) {
    Commit commit;
    for (OutboxRow& row : around_.store.outbox(endpoint, from, kLeftoversAtOnce)) {
      from = row.sequence + 1;
      commit.removed_outbox.push_back({endpoint, row.sequence});
      commit.undelivered.push_back({.row = std::move(row),
                                    .at = around_.clock.now(),
                                    .reason = "not_configured: the endpoint is not in WEBHOOK_ENDPOINTS"});
    }
    const std::size_t count = commit.undelivered.size();
    if (count == 0) break;
    around_.store.commit(commit);
    moved += count;
    around_.probe.given_up(around_.settings.endpoints.size(), GivenUp::kNotConfigured, count);
  }
  around_.log.warn("webhook_endpoint_gone",
                   {{"endpoint", label_of(endpoint)}, {"undelivered", std::to_string(moved)}});
}

}  // namespace inboxd::webhook
