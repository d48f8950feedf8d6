#pragma once

#include <memory>
#include <string>
#include <vector>

#include "webhook/probe.hpp"

namespace prometheus {
class Registry;
}

namespace inboxd::app {

/// Counts what becomes of events, by endpoint. An endpoint's label is its host: its path and query may hold
/// secrets.
class WebhookMetrics final : public webhook::WebhookProbe {
 public:
  /// `registry` must outlive it. The second endpoint of a host is its `#2`.
  WebhookMetrics(prometheus::Registry& registry, const std::vector<std::string>& endpoints);
  ~WebhookMetrics() override;
  WebhookMetrics(const WebhookMetrics&) = delete;
  WebhookMetrics& operator=(const WebhookMetrics&) = delete;

  void delivered(std::size_t endpoint) override;
  void failed(std::size_t endpoint, webhook::Failure kind) override;
  void given_up(std::size_t endpoint, webhook::GivenUp why, std::size_t count) override;
  void pending(std::size_t endpoint, std::size_t rows) override;
  void circuit(std::size_t endpoint, bool open) override;
  void took(std::size_t endpoint, SteadyClock::duration time) override;

 private:
  struct Series;
  std::vector<Series> series_;  ///< by endpoint; the last is that of endpoints that are no longer configured
};

}  // namespace inboxd::app
