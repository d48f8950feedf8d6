#include "app/mqtt_metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <array>
#include <string>

namespace inboxd::app {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Registry;

constexpr std::array kDrops = {"slow_reader", "queue_full",    "expired",     "too_large",
                               "offline",     "retained_full", "unauthorized"};
static_assert(kDrops.size() == static_cast<std::size_t>(mqtt::Drop::kUnauthorized) + 1);
constexpr std::array kKinds = {"tcp", "tls", "ws", "wss"};
static_assert(kKinds.size() == static_cast<std::size_t>(mqtt::TransportKind::kWss) + 1);
constexpr std::array kRefusals = {"connections", "address", "handshake", "timeout", "handler"};
static_assert(kRefusals.size() == static_cast<std::size_t>(mqtt::Refused::kHandler) + 1);
constexpr std::size_t kQos = 3;

template <class Value>
constexpr std::size_t index_of(Value value) noexcept {
  return static_cast<std::size_t>(value);
}

template <std::size_t N>
std::array<Counter*, N> counters(Registry& registry, const char* name, const char* help, const char* label,
                                 const std::array<const char*, N>& values) {
  auto& family = BuildCounter().Name(name).Help(help).Register(registry);
  std::array<Counter*, N> result{};
  for (std::size_t i = 0; i < N; ++i) result[i] = &family.Add({{label, values[i]}});
  return result;
}

constexpr std::array<const char*, kQos> kLevels = {"0", "1", "2"};

}  // namespace

struct MqttMetrics::Series {
  explicit Series(Registry& registry)
      : connects(BuildCounter()
                     .Name("inboxd_mqtt_connects_total")
                     .Help("Clients that connected.")
                     .Register(registry)
                     .Add({})),
        disconnects(BuildCounter()
                        .Name("inboxd_mqtt_disconnects_total")
                        .Help("Connections that ended in words, by reason.")
                        .Register(registry)),
        refusals(BuildCounter()
                     .Name("inboxd_mqtt_refused_total")
                     .Help("Clients that were not let in, by reason.")
                     .Register(registry)),
        unauthorized(BuildCounter()
                         .Name("inboxd_mqtt_unauthorized_total")
                         .Help("What clients tried and their tokens do not grant.")
                         .Register(registry)),
        received(counters(registry, "inboxd_mqtt_received_total", "Publications of clients, by QoS.", "qos",
                          kLevels)),
        sent(
            counters(registry, "inboxd_mqtt_sent_total", "Publications to clients, by QoS.", "qos", kLevels)),
        drops(counters(registry, "inboxd_mqtt_dropped_total",
                       "Messages that a subscriber did not get, by reason.", "reason", kDrops)),
        accepts(counters(registry, "inboxd_mqtt_accepted_total", "Network connections, by transport.",
                         "transport", kKinds)),
        network_refusals(counters(registry, "inboxd_mqtt_network_refused_total",
                                  "Network connections that were not let in, by reason.", "reason",
                                  kRefusals)),
        bytes_in(BuildCounter()
                     .Name("inboxd_mqtt_bytes_in_total")
                     .Help("Bytes from clients, on the network.")
                     .Register(registry)
                     .Add({})),
        bytes_out(BuildCounter()
                      .Name("inboxd_mqtt_bytes_out_total")
                      .Help("Bytes to clients, on the network.")
                      .Register(registry)
                      .Add({})),
        descriptors(BuildCounter()
                        .Name("inboxd_mqtt_out_of_descriptors_total")
                        .Help("Times that accepting paused for want of file descriptors.")
                        .Register(registry)
                        .Add({})),
        sessions(BuildGauge()
                     .Name("inboxd_mqtt_sessions")
                     .Help("Sessions, connected or not.")
                     .Register(registry)
                     .Add({})),
        connected(BuildGauge()
                      .Name("inboxd_mqtt_connections")
                      .Help("Clients that are connected.")
                      .Register(registry)
                      .Add({})),
        retained(BuildGauge()
                     .Name("inboxd_mqtt_retained_messages")
                     .Help("Retained messages.")
                     .Register(registry)
                     .Add({})) {}

  Counter& connects;
  Family<Counter>& disconnects;
  Family<Counter>& refusals;
  Family<Counter>& unauthorized;
  std::array<Counter*, kQos> received;
  std::array<Counter*, kQos> sent;
  std::array<Counter*, kDrops.size()> drops;
  std::array<Counter*, kKinds.size()> accepts;
  std::array<Counter*, kRefusals.size()> network_refusals;
  Counter& bytes_in;
  Counter& bytes_out;
  Counter& descriptors;
  Gauge& sessions;
  Gauge& connected;
  Gauge& retained;
};

MqttMetrics::MqttMetrics(Registry& registry, Log& log)
    : log_(log), series_(std::make_unique<Series>(registry)) {}
MqttMetrics::~MqttMetrics() = default;

void MqttMetrics::connected() { series_->connects.Increment(); }

void MqttMetrics::disconnected(mqtt::Reason reason) {
  series_->disconnects.Add({{"reason", std::string(name_of(reason))}}).Increment();
}

void MqttMetrics::refused(mqtt::Reason reason) {
  series_->refusals.Add({{"reason", std::string(name_of(reason))}}).Increment();
}

void MqttMetrics::received(mqtt::Qos qos, std::size_t) { series_->received[index_of(qos)]->Increment(); }
void MqttMetrics::sent(mqtt::Qos qos, std::size_t) { series_->sent[index_of(qos)]->Increment(); }
void MqttMetrics::dropped(mqtt::Drop why) { series_->drops[index_of(why)]->Increment(); }

void MqttMetrics::unauthorized(std::string_view what) {
  series_->unauthorized.Add({{"what", std::string(what)}}).Increment();
}

void MqttMetrics::sessions(std::size_t all, std::size_t connected, std::size_t retained) {
  series_->sessions.Set(static_cast<double>(all));
  series_->connected.Set(static_cast<double>(connected));
  series_->retained.Set(static_cast<double>(retained));
}

void MqttMetrics::accepted(mqtt::TransportKind kind) { series_->accepts[index_of(kind)]->Increment(); }
void MqttMetrics::refused(mqtt::Refused why) { series_->network_refusals[index_of(why)]->Increment(); }

void MqttMetrics::transferred(std::size_t bytes_in, std::size_t bytes_out) {
  if (bytes_in != 0) series_->bytes_in.Increment(static_cast<double>(bytes_in));
  if (bytes_out != 0) series_->bytes_out.Increment(static_cast<double>(bytes_out));
}

void MqttMetrics::failed(std::string_view why) {
  log_.error("an MQTT connection failed", {{"why", std::string(why)}});
}

void MqttMetrics::out_of_descriptors() { series_->descriptors.Increment(); }

}  // namespace inboxd::app
