#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

/// Delivers what the engine wrote into its outbox to the endpoints of back ends (PROTOCOL 8).
namespace inboxd::webhook {

enum class Retry {
  kConnect,  ///< only what cannot have arrived is sent again
  kAll,      ///< after a time-out and a status of 500 or more too
};

struct Settings {
  std::vector<std::string> endpoints;  ///< URLs, each once, as they stand in the outbox's rows
  std::string secret;                  ///< empty: no signature
  Retry retry = Retry::kConnect;
  std::chrono::milliseconds timeout{30'000};  ///< of one attempt
  std::chrono::milliseconds max_age{std::chrono::hours(24)};
  std::size_t concurrency = 8;          ///< attempts at a time, for each endpoint
  std::size_t max_pending = 1'000'000;  ///< rows, for each endpoint
  bool tls_verify = true;
  bool allow_link_local = false;
};

/// The host of an endpoint, with the port where it is not the usual one: what may stand in logs and metrics.
/// `invalid` where it is no URL.
std::string label_of(const std::string& endpoint);

}  // namespace inboxd::webhook
