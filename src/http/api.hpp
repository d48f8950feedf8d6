#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "auth/jwt.hpp"
#include "core/topic.hpp"
#include "core/uuid.hpp"
#include "engine/ports.hpp"
#include "http/backend.hpp"
#include "http/group_queue.hpp"
#include "http/reply_waiters.hpp"
#include "http/router.hpp"

namespace inboxd::http {

struct ApiSettings {
  std::string base = "/api";
  /// How long the store remembers what came into an inbox.
  std::chrono::milliseconds sync_retention{};
  std::chrono::milliseconds request_timeout{10'000};  ///< for the engine to commit what a request asks for
  std::chrono::milliseconds reply_timeout{60'000};    ///< for somebody to answer a message sent with `sync`
  std::vector<std::string> endpoints{};               ///< those that events are sent to now
  std::size_t max_group_members = 100'000;            ///< the engine's own limit (PolicyRules)
  BlockNotice block_notice = BlockNotice::kSilent;    ///< likewise
};

/// The REST API (PROTOCOL 9): what its resources share. `clock` and `verifier` are used from the server's
/// thread and must bear that; `entropy` is the API's own. All that it refers to must outlive the server.
struct Api {
  Backend& backend;
  const Topics& topics;
  const Clock& clock;
  Entropy& entropy;
  const auth::Verifier& verifier;
  ApiSettings settings;
  ReplyWaiters& replies;
  /// Called when events that were given up have been put back into the outbox.
  std::function<void()> rescan = [] {};

  GroupQueue group_queue{};
  UuidSequence ids{};
};

/// Registers every resource, and `/verify`. `api` must outlive the router.
void add_api(Router& router, Api& api);

}  // namespace inboxd::http
