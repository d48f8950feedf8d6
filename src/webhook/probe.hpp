#pragma once

#include <cstddef>

#include "engine/ports.hpp"

namespace inboxd::webhook {

/// What became of an attempt that was no success.
enum class Failure {
  kNotSent,      ///< no connection; it is tried again
  kNoAnswer,     ///< it may have arrived
  kForbidden,    ///< the endpoint's address may not be reached
  kServerError,  ///< a status of 500 or more
  kRejected,     ///< a status of 300 to 499: final, and none of our business
};

/// Why an event went into the list of undelivered ones.
enum class GivenUp { kFailed, kTooOld, kOutboxFull, kNotConfigured };

/// Where the sender says what it does, for metrics. `endpoint` is the place in Settings::endpoints. Called
/// from several threads; must not block for long.
class WebhookProbe {
 public:
  virtual ~WebhookProbe() = default;
  virtual void delivered(std::size_t endpoint) = 0;
  virtual void failed(std::size_t endpoint, Failure kind) = 0;
  /// Those of endpoints that are no longer configured are counted with `endpoint` = the number of endpoints.
  virtual void given_up(std::size_t endpoint, GivenUp why, std::size_t count) = 0;
  /// Rows that wait in the outbox.
  virtual void pending(std::size_t endpoint, std::size_t rows) = 0;
  virtual void circuit(std::size_t endpoint, bool open) = 0;
  /// From the beginning of an attempt to its outcome, whatever that is.
  virtual void took(std::size_t endpoint, SteadyClock::duration time) = 0;
};

}  // namespace inboxd::webhook
