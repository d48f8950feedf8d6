#pragma once

#include <memory>

#include "engine/ports.hpp"
#include "mqtt/listener.hpp"
#include "mqtt/probe.hpp"

namespace prometheus {
class Registry;
}

namespace inboxd::app {

/// Counts what the embedded broker does.
class MqttMetrics final : public mqtt::MqttProbe, public mqtt::ListenerProbe {
 public:
  /// What it is given must outlive it.
  MqttMetrics(prometheus::Registry& registry, Log& log);
  ~MqttMetrics() override;
  MqttMetrics(const MqttMetrics&) = delete;
  MqttMetrics& operator=(const MqttMetrics&) = delete;

  // MqttProbe
  void connected() override;
  void disconnected(mqtt::Reason reason) override;
  void refused(mqtt::Reason reason) override;
  void received(mqtt::Qos qos, std::size_t bytes) override;
  void sent(mqtt::Qos qos, std::size_t bytes) override;
  void dropped(mqtt::Drop why) override;
  void unauthorized(std::string_view what) override;
  void sessions(std::size_t all, std::size_t connected, std::size_t retained) override;

  // ListenerProbe
  void accepted(mqtt::TransportKind kind) override;
  void refused(mqtt::Refused why) override;
  void transferred(std::size_t bytes_in, std::size_t bytes_out) override;
  void closed(mqtt::TransportKind /*kind*/, mqtt::CloseCause /*cause*/) override {}
  void failed(std::string_view why) override;
  void out_of_descriptors() override;

 private:
  Log& log_;
  struct Series;
  std::unique_ptr<Series> series_;
};

}  // namespace inboxd::app
