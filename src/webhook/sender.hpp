#pragma once

#include <memory>

#include "engine/ports.hpp"
#include "webhook/probe.hpp"
#include "webhook/settings.hpp"

namespace inboxd::webhook {

/// Delivers the outbox to the endpoints, with a thread for each, from its making to its stop. An event goes
/// out at least once, always with the same id; those of one ordering key go one after the other. What cannot
/// be delivered goes into the store's list of undelivered events, rows of endpoints that are no longer in the
/// settings too.
class WebhookSender {
 public:
  /// All but `entropy`, which is used here alone, must outlive it; `store`, `log` and `probe` are called from
  /// several threads, `clock` too.
  WebhookSender(Settings settings, Store& store, Clock& clock, Entropy& entropy, Log& log,
                WebhookProbe& probe);
  /// Drops what is under way, unless stop() did.
  ~WebhookSender();
  WebhookSender(const WebhookSender&) = delete;
  WebhookSender& operator=(const WebhookSender&) = delete;

  /// New rows have been committed. Cheap; from any thread.
  void wake();
  /// Rows with old sequences have been committed (a replay). From any thread.
  void rescan();
  /// Begins nothing more, waits for what is under way until `deadline` and drops the rest: it stays in the
  /// outbox. Not from two threads at once.
  void stop(SteadyClock::time_point deadline);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace inboxd::webhook
