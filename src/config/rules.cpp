#include "config/rules.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace inboxd::config {
namespace {

constexpr std::uint16_t kAmqpsPort = 5671;

void check_queues(const Loaded& loaded, Problems& problems) {
  const ActiveQueues queues = loaded.settings.active_queues;
  if (queues == ActiveQueues::kBoth || queues == ActiveQueues::kNone) return;
  problems.push_back(
      fmt::format("ACTIVE_QUEUES ({}): one queue alone is not allowed with STORE=rocksdb, which one process "
                  "owns; allowed: "
                  "messages,persist or none",
                  loaded.origin("ACTIVE_QUEUES").where));
}

void check_mongodb(Loaded& loaded, Problems& problems) {
  if (!loaded.is_set("MONGODB_URI")) return;
  if (!loaded.is_set("STORE")) {
    problems.push_back(
        fmt::format("MONGODB_URI ({}): this engine keeps messages in RocksDB and would not see the history "
                    "in that database; "
                    "remove MONGODB_URI, or set STORE=rocksdb to say that you know",
                    loaded.origin("MONGODB_URI").where));
  } else {
    loaded.inert.emplace_back("MONGODB_URI");
  }
}

void check_tls(Loaded& loaded, Problems& problems) {
  Settings& settings = loaded.settings;
  if (settings.rabbitmq_cert_file.empty() != settings.rabbitmq_key_file.empty()) {
    problems.emplace_back("RABBITMQ_CERT_FILE and RABBITMQ_KEY_FILE: set both, or neither");
  }
  const bool wants_tls = settings.rabbitmq_tls || !settings.rabbitmq_ca_file.empty() ||
                         !settings.rabbitmq_cert_file.empty() || !settings.rabbitmq_key_file.empty();
  if (wants_tls && settings.rabbitmq_uri.find("amqp://") != std::string::npos) {
    problems.emplace_back(
        "RABBITMQ_URI: amqp:// is not encrypted, but TLS is asked for by RABBITMQ_TLS or by the files of its "
        "certificates; write amqps://");
  }
  if (settings.rabbitmq_tls && !loaded.is_set("RABBITMQ_PORT")) settings.rabbitmq_port = kAmqpsPort;
}

void check_limits(const Loaded& loaded, Problems& problems) {
  const Settings& settings = loaded.settings;
  if (settings.reconnect_min > settings.reconnect_max) {
    problems.emplace_back("RECONNECT_MIN: must not be longer than RECONNECT_MAX");
  }
  if (settings.max_group_bytes < settings.max_message_bytes) {
    problems.emplace_back("MAX_GROUP_BYTES: must not be smaller than MAX_MESSAGE_BYTES");
  }
  if (settings.rabbitmq_heartbeat.count() % 1000 != 0) {
    problems.push_back(fmt::format("RABBITMQ_HEARTBEAT ({}): AMQP counts whole seconds",
                                   loaded.origin("RABBITMQ_HEARTBEAT").where));
  }
}

void check_http(const Loaded& loaded, Problems& problems) {
  const Settings& settings = loaded.settings;
  if (settings.http_port == settings.metrics_port) {
    problems.emplace_back(
        "METRICS_PORT: must differ from HTTP_PORT, which serves /metrics too; 0 switches it off");
  }
}

bool is_set(const Loaded& loaded, std::string_view prefix) {
  return std::any_of(loaded.chosen.begin(), loaded.chosen.end(), [&](const Chosen& one) {
    return one.setting->name.starts_with(prefix) && one.origin.kind != Origin::Kind::kDefault;
  });
}

void check_bucket(std::string_view name, std::size_t capacity, std::size_t refill, std::size_t instances,
                  Problems& problems) {
  if (capacity == 0) return;
  if (refill == 0) {
    problems.push_back(fmt::format(
        "{}_REFILL_RATE_PER_MIN: must not be 0 where {}_CAPACITY is not: nothing would pass any more", name,
        name));
  }
  if (capacity < instances) {
    problems.push_back(fmt::format("{}_CAPACITY: must not be smaller than BUCKET_INSTANCES", name));
  }
}

void check_rate_limits(Loaded& loaded, Problems& problems) {
  Settings& s = loaded.settings;
  const bool set = is_set(loaded, "BUCKET_");
  const bool neighbours = std::any_of(loaded.inert.begin(), loaded.inert.end(),
                                      [](const std::string& name) { return name.starts_with("BUCKET_"); });
  s.limits_enabled = s.cache_enabled || set || neighbours;
  check_bucket("BUCKET_MSG", s.bucket_msg_capacity, s.bucket_msg_refill, s.bucket_instances, problems);
  check_bucket("BUCKET_APP", s.bucket_app_capacity, s.bucket_app_refill, s.bucket_instances, problems);
  check_bucket("BUCKET_PAIR", s.bucket_pair_capacity, s.bucket_pair_refill, s.bucket_instances, problems);
}

/// One machine needs no broker of its own; whoever names one means it.
void choose_broker(Loaded& loaded) {
  Settings& s = loaded.settings;
  s.embedded = s.broker == BrokerChoice::kEmbedded ||
               (s.broker == BrokerChoice::kAuto && !is_set(loaded, "RABBITMQ_"));
}

void check_embedded(const Loaded& loaded, Problems& problems) {
  const Settings& s = loaded.settings;
  const bool wants_certificate = s.embedded && (s.mqtt_tls_port != 0 || s.mqtt_wss_port != 0);
  const bool has_certificate = !(s.mqtt_cert_pem.empty() ? s.cert_pem : s.mqtt_cert_pem).empty() &&
                               !(s.mqtt_key_pem.empty() ? s.key_pem : s.mqtt_key_pem).empty();
  if (wants_certificate && !has_certificate) {
    problems.emplace_back("MQTT_TLS_PORT, MQTT_WSS_PORT: need MQTT_CERT_PEM and MQTT_KEY_PEM");
  }
  if (s.embedded && s.mqtt_max_packet_bytes < s.max_message_bytes) {
    problems.emplace_back("MQTT_MAX_PACKET_BYTES: must not be smaller than MAX_MESSAGE_BYTES");
  }
}

void check_login(const Loaded& loaded, Problems& problems) {
  const Settings& settings = loaded.settings;
  if (!settings.rabbitmq_password.empty() && settings.rabbitmq_user.empty()) {
    problems.push_back(fmt::format("RABBITMQ_USER: must be set, since RABBITMQ_PASSWORD is ({})",
                                   loaded.origin("RABBITMQ_PASSWORD").where));
  }
}

}  // namespace

void check_rules(Loaded& loaded, Problems& problems) {
  check_queues(loaded, problems);
  check_mongodb(loaded, problems);
  check_tls(loaded, problems);
  choose_broker(loaded);
  check_embedded(loaded, problems);
  check_limits(loaded, problems);
  check_http(loaded, problems);
  check_login(loaded, problems);
  check_rate_limits(loaded, problems);
}

}  // namespace inboxd::config
