#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace inboxd::config {

enum class Verbosity { kError, kWarn, kInfo, kVerbose, kDebug };
enum class LogFormat { kAuto, kText, kJson };
enum class StoreKind { kRocksDb };
enum class WebhookRetry { kConnect, kAll };
enum class StoreSync { kBatch, kNone };
enum class BlockNotice { kSilent, kTold };
enum class GroupSend { kAnyone, kMembers };
enum class BrokerChoice { kAuto, kEmbedded, kRabbitMq };
enum class AuthMode { kToken, kNone };
enum class HookFail { kOpen, kClosed };
enum class ActiveQueues { kBoth, kMessages, kPersist, kNone };

/// What the program runs with: every value parsed and within its bounds. Each member is declared, with its
/// name, default and meaning, by one row of the table in table.cpp. An empty text or list is a setting that
/// was not given.
struct Settings {
  // broker
  std::vector<std::string> rabbitmq_host;  ///< host or host:port each
  std::uint16_t rabbitmq_port = 0;
  std::string rabbitmq_vhost;
  std::string rabbitmq_user;
  std::string rabbitmq_password;
  std::string rabbitmq_uri;  ///< comma list; wins over the parts
  std::chrono::milliseconds rabbitmq_heartbeat{};
  std::chrono::milliseconds rabbitmq_connect_timeout{};
  bool rabbitmq_tls = false;
  std::string rabbitmq_ca_file;
  std::string rabbitmq_cert_file;
  std::string rabbitmq_key_file;
  bool rabbitmq_tls_verify = true;
  ActiveQueues active_queues = ActiveQueues::kBoth;
  std::uint16_t prefetch_messages = 0;
  std::chrono::milliseconds reconnect_min{};
  std::chrono::milliseconds reconnect_max{};
  std::chrono::milliseconds standby_retry{};

  // topics and messages
  std::string app_id;
  std::string path_prefix;
  bool layout_path = false;
  bool layout_chat21 = false;
  std::size_t max_message_bytes = 0;
  std::size_t max_group_bytes = 0;
  std::size_t max_batch = 0;
  std::size_t max_waiting_bytes = 0;
  std::size_t fanout_slice = 0;
  std::size_t max_fanout_jobs = 0;
  std::chrono::milliseconds idempotency_ttl{};

  // webhooks and presence
  bool webhook_enabled = true;
  std::vector<std::string> webhook_endpoints;
  std::vector<std::string> webhook_events;
  std::string webhook_secret;
  WebhookRetry webhook_retry = WebhookRetry::kConnect;
  std::chrono::milliseconds webhook_timeout{};
  std::chrono::milliseconds webhook_max_age{};
  std::size_t webhook_concurrency = 0;
  std::size_t webhook_max_pending = 0;
  bool webhook_tls_verify = true;
  bool webhook_allow_link_local = false;
  bool presence_enabled = false;
  std::chrono::milliseconds presence_ttl{};

  // embedded broker
  BrokerChoice broker = BrokerChoice::kAuto;
  bool embedded = false;  ///< of no row of its own: what BROKER comes to
  std::string bind;
  std::uint16_t mqtt_ws_port = 0;
  std::uint16_t mqtt_tls_port = 0;
  std::uint16_t mqtt_wss_port = 0;
  std::string mqtt_cert_pem;
  std::string mqtt_key_pem;
  AuthMode auth_mode = AuthMode::kToken;
  std::chrono::milliseconds token_grace{};
  std::size_t mqtt_io_threads = 0;
  std::size_t mqtt_max_connections = 0;
  std::size_t mqtt_max_connections_per_address = 0;
  std::size_t mqtt_max_connections_per_user = 0;
  std::chrono::milliseconds mqtt_session_expiry{};
  std::size_t mqtt_max_packet_bytes = 0;
  std::size_t mqtt_max_unsent_bytes = 0;
  std::size_t mqtt_max_queued = 0;
  std::size_t mqtt_connects_per_minute = 0;
  std::chrono::milliseconds drain_time{};

  // policies
  std::string policy_file;
  BlockNotice block_notice = BlockNotice::kSilent;
  std::size_t max_blocks = 0;
  GroupSend group_send = GroupSend::kAnyone;
  std::size_t max_group_members = 0;
  std::string policy_hook_url;
  std::chrono::milliseconds policy_hook_timeout{};
  HookFail policy_hook_fail = HookFail::kOpen;
  std::string policy_hook_secret;
  std::chrono::milliseconds policy_hook_cache_ttl{};
  std::size_t policy_hook_concurrency = 0;
  bool policy_hook_tls_verify = true;
  bool cache_enabled = false;
  std::size_t bucket_msg_capacity = 0;
  std::size_t bucket_msg_refill = 0;  ///< per minute, as the others
  std::size_t bucket_app_capacity = 0;
  std::size_t bucket_app_refill = 0;
  std::size_t bucket_pair_capacity = 0;
  std::size_t bucket_pair_refill = 0;
  std::vector<std::string> bucket_exempt;
  std::size_t bucket_instances = 1;
  bool limits_enabled = false;  ///< of no row of its own: CACHE_ENABLED, or any BUCKET_* that is set

  // REST
  std::string baseurl;
  std::string key_pem;
  std::string cert_pem;
  std::string contacts_lookup_endpoint;
  std::chrono::milliseconds contacts_timeout{};
  std::size_t http_body_bytes = 0;
  std::size_t http_connections = 0;

  // tokens
  std::string jwt_secret;
  std::chrono::milliseconds service_token_ttl{};

  // store
  StoreKind store = StoreKind::kRocksDb;
  StoreSync store_sync = StoreSync::kBatch;
  std::string data_dir;
  std::size_t dead_letter_max = 0;
  std::size_t dead_letter_max_bytes = 0;
  std::chrono::milliseconds sync_retention{};
  std::string mongodb_uri;

  // operations
  std::string http_bind;
  std::uint16_t http_port = 0;
  std::uint16_t metrics_port = 0;  ///< 0: off
  Verbosity log_level = Verbosity::kInfo;
  LogFormat log_format = LogFormat::kAuto;
  std::chrono::milliseconds shutdown_timeout{};

  // the broker's MQTT listeners
  std::string mqtt_host;
  std::uint16_t mqtt_port = 0;
  std::uint16_t web_mqtt_port = 0;
};

}  // namespace inboxd::config
