#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/ports.hpp"
#include "http/health.hpp"

namespace prometheus {
class Registry;
}

namespace inboxd::http {

/// Counts what the engine does, for Prometheus; passes the state of the link on to `health`, which must
/// outlive it. No label takes a user's id or a topic. Safe for use from several threads.
class Metrics : public Probe {
 public:
  explicit Metrics(Health& health);
  ~Metrics() override;
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void counted(Outcome outcome) override;
  void refused(Reason reason) override;
  void filtered(std::string_view rule, FilterAction action) override;
  void withheld(std::size_t copies) override;
  void published(std::size_t count) override;
  void took(Stage stage, SteadyClock::duration time) override;
  void depths(const Depths& depths) override;
  void link(LinkState state, std::string_view why) override;

  /// For what others count; exposed with the rest. Safe for use from several threads.
  prometheus::Registry& registry();

  /// All of it in Prometheus' text format.
  std::string text();

 private:
  struct Series;
  Health& health_;
  std::unique_ptr<Series> series_;
};

}  // namespace inboxd::http
