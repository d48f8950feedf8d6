#include <algorithm>

#include "config/setting.hpp"

namespace inboxd::config {
namespace {

using Items = std::vector<std::string>;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kGiB = 1024 * kMiB;
constexpr std::uint64_t kSecond = 1000;
constexpr std::uint64_t kHour = 3600 * kSecond;

constexpr std::string_view kBroker = "Broker";
constexpr std::string_view kMessages = "Topics and messages";
constexpr std::string_view kWebhooks = "Webhooks and presence";
constexpr std::string_view kPolicies = "Policies";
constexpr std::string_view kRest = "REST API";
constexpr std::string_view kTokens = "Tokens";
constexpr std::string_view kStore = "Store";
constexpr std::string_view kOperations = "Operations";
constexpr std::string_view kEmbedded = "Embedded broker";
constexpr std::string_view kMqtt = "MQTT";

bool has(const Items& items, std::string_view item) {
  return std::find(items.begin(), items.end(), item) != items.end();
}

void take_layouts(Settings& s, const Items& items) {
  s.layout_path = has(items, "path");
  s.layout_chat21 = has(items, "chat21");
}

/// `none` beside a queue counts as that queue: the rule against partial lists then names the mistake.
void take_queues(Settings& s, const Items& items) {
  const bool messages = has(items, "messages");
  const bool persist = has(items, "persist");
  s.active_queues = messages && persist ? ActiveQueues::kBoth
                    : messages          ? ActiveQueues::kMessages
                    : persist           ? ActiveQueues::kPersist
                                        : ActiveQueues::kNone;
}

std::vector<Setting> declare() {
  using S = Settings;
  return {
      {kBroker, "RABBITMQ_HOST", Kind::kList, &S::rabbitmq_host, "localhost",
       "Brokers to try in turn: a comma list of `host` or `host:port`."},
      {kBroker, "RABBITMQ_PORT", Kind::kInteger, &S::rabbitmq_port, "5672",
       "AMQP port of the hosts that name none. With `RABBITMQ_TLS` on and no port given it is 5671.", 1,
       65535},
      {kBroker, "RABBITMQ_VHOST", Kind::kText, &S::rabbitmq_vhost, "/", "Virtual host."},
      {kBroker, "RABBITMQ_USER", Kind::kText, &S::rabbitmq_user, "",
       "User name. Without a password the engine logs in with a service token that it mints from "
       "`JWT_SECRET`."},
      {kBroker, "RABBITMQ_PASSWORD", Kind::kSecret, &S::rabbitmq_password, "",
       "Password of `RABBITMQ_USER`."},
      {kBroker, "RABBITMQ_URI", Kind::kSecret, &S::rabbitmq_uri, "",
       "`amqp://user:password@host:port/vhost` or `amqps://…`, a comma list. Wins over host, port, vhost, "
       "user and "
       "password. A JWT may stand in the password's place."},
      {kBroker, "RABBITMQ_HEARTBEAT", Kind::kDuration, &S::rabbitmq_heartbeat, "30 s",
       "Heartbeat interval, in whole seconds; a broker that is silent for two of them is lost. 0 switches "
       "them off.",
       0, 65535 * kSecond},
      {kBroker, "RABBITMQ_CONNECT_TIMEOUT", Kind::kDuration, &S::rabbitmq_connect_timeout, "5 s",
       "Longest time for connecting and logging in to one address.", 100, 60 * kSecond},
      {kBroker, "RABBITMQ_TLS", Kind::kBool, &S::rabbitmq_tls, "false",
       "Connect by TLS. An `amqps://` URI says the same."},
      {kBroker, "RABBITMQ_CA_FILE", Kind::kText, &S::rabbitmq_ca_file, "",
       "PEM file of the authorities that may sign the broker's certificate. Default: the system's."},
      {kBroker, "RABBITMQ_CERT_FILE", Kind::kText, &S::rabbitmq_cert_file, "",
       "PEM file of our client certificate. Goes with `RABBITMQ_KEY_FILE`."},
      {kBroker, "RABBITMQ_KEY_FILE", Kind::kText, &S::rabbitmq_key_file, "", "PEM file of our client key."},
      {kBroker, "RABBITMQ_TLS_VERIFY", Kind::kBool, &S::rabbitmq_tls_verify, "true",
       "Check the broker's certificate and its host name. Off, anyone on the way can pose as the broker."},
      {kBroker,
       "ACTIVE_QUEUES",
       Kind::kList,
       static_cast<void (*)(S&, const Items&)>(take_queues),
       "messages,persist",
       "The queues that this instance consumes, or `none`. One alone is refused: the store belongs to one "
       "process.",
       0,
       UINT64_MAX,
       {"messages", "persist", "none"}},
      {kBroker, "PREFETCH_MESSAGES", Kind::kInteger, &S::prefetch_messages, "1000",
       "Deliveries that the broker may send ahead of their acknowledgement.", 1, 65535},
      {kBroker, "RECONNECT_MIN", Kind::kDuration, &S::reconnect_min, "100 ms",
       "First pause before connecting again; doubles with each failure, with jitter.", 1, 60 * kSecond},
      {kBroker, "RECONNECT_MAX", Kind::kDuration, &S::reconnect_max, "10 s",
       "Longest pause before connecting again.", 1, kHour},
      {kBroker, "STANDBY_RETRY", Kind::kDuration, &S::standby_retry, "1 s",
       "How often an instance that stands by tries to take over.", 50, kHour},

      {kMessages, "APP_ID", Kind::kText, &S::app_id, "tilechat", "The tenant that this engine serves."},
      {kMessages, "PATH_PREFIX", Kind::kText, &S::path_prefix, "/apps/tilechat/users",
       "First levels of the path layout's topics. Must agree with the clients'."},
      {kMessages,
       "TOPIC_LAYOUTS",
       Kind::kList,
       static_cast<void (*)(S&, const Items&)>(take_layouts),
       "path,chat21",
       "The topic layouts that are spoken. A message that comes in on one is delivered on all of them.",
       0,
       UINT64_MAX,
       {"path", "chat21"}},
      {kMessages, "MAX_MESSAGE_BYTES", Kind::kBytes, &S::max_message_bytes, "256 KiB",
       "Largest message that is taken; larger ones become dead letters.", kKiB, 16 * kMiB},
      {kMessages, "MAX_GROUP_BYTES", Kind::kBytes, &S::max_group_bytes, "8 MiB",
       "Largest group document that is taken.", kKiB, 64 * kMiB},
      {kMessages, "MAX_BATCH", Kind::kInteger, &S::max_batch, "256",
       "Deliveries that are decided and committed together, at most.", 1, 65535},
      {kMessages, "MAX_WAITING_BYTES", Kind::kBytes, &S::max_waiting_bytes, "32 MiB",
       "Payload bytes taken from the broker and not yet decided, at most.", kMiB, kGiB},
      {kMessages, "FANOUT_SLICE", Kind::kInteger, &S::fanout_slice, "256",
       "Group members served at a time. Larger groups are served in slices, between other traffic.", 1,
       65535},
      {kMessages, "MAX_FANOUT_JOBS", Kind::kInteger, &S::max_fanout_jobs, "10000",
       "Unfinished deliveries to large groups beyond which messages to large groups are refused.", 1,
       1'000'000},
      {kMessages, "IDEMPOTENCY_TTL", Kind::kDuration, &S::idempotency_ttl, "24 h",
       "How long a resend with the same `attributes.tempUID` is recognised.", 24 * kHour, 8760 * kHour},

      {kWebhooks, "WEBHOOK_ENABLED", Kind::kFlag, &S::webhook_enabled, "true",
       "Whether events are sent to `WEBHOOK_ENDPOINTS`."},
      {kWebhooks,
       "WEBHOOK_ENDPOINTS",
       Kind::kList,
       &S::webhook_endpoints,
       "",
       "URLs that events are posted to: a comma list of `http://…` and `https://…`. Query strings are kept.",
       0,
       UINT64_MAX,
       {},
       {"WEBHOOK_ENDPOINT"}},
      {kWebhooks,
       "WEBHOOK_EVENTS",
       Kind::kList,
       &S::webhook_events,
       "message-sent,message-delivered,message-received,message-return-receipt,conversation-archived,"
       "conversation-unarchived",
       "The events that are sent. `presence-change` goes out besides whenever `PRESENCE_ENABLED` is on.",
       0,
       UINT64_MAX,
       {"message-sent", "message-delivered", "message-received", "message-return-receipt",
        "conversation-archived", "conversation-unarchived", "presence-change"}},
      {kWebhooks, "WEBHOOK_SECRET", Kind::kSecret, &S::webhook_secret, "",
       "Key of the signature `X-Inboxd-Signature`, HMAC-SHA256 of time and body. Not set: no signature."},
      {kWebhooks,
       "WEBHOOK_RETRY",
       Kind::kChoice,
       static_cast<void (*)(S&, std::size_t)>(
           [](S& s, std::size_t i) { s.webhook_retry = static_cast<WebhookRetry>(i); }),
       "connect",
       "`connect`: an event is sent again only where it cannot have arrived. `all`: also after a time-out "
       "and "
       "a status of 500 or more.",
       0,
       UINT64_MAX,
       {"connect", "all"}},
      {kWebhooks, "WEBHOOK_TIMEOUT", Kind::kDuration, &S::webhook_timeout, "30 s",
       "Longest time for one request to an endpoint, connecting included.", 100, 10 * 60 * kSecond},
      {kWebhooks, "WEBHOOK_MAX_AGE", Kind::kDuration, &S::webhook_max_age, "24 h",
       "How long an event is tried before it is given up (`inboxd webhooks list`).", kSecond, 8760 * kHour},
      {kWebhooks, "WEBHOOK_CONCURRENCY", Kind::kInteger, &S::webhook_concurrency, "8",
       "Requests to one endpoint at a time. Those of one conversation go one after the other.", 1, 256},
      {kWebhooks, "WEBHOOK_MAX_PENDING", Kind::kInteger, &S::webhook_max_pending, "1000000",
       "Events that wait for one endpoint, at most; beyond that the oldest are given up.", 1000,
       1'000'000'000},
      {kWebhooks, "WEBHOOK_TLS_VERIFY", Kind::kBool, &S::webhook_tls_verify, "true",
       "Check the certificates of `https://` endpoints and their host names."},
      {kWebhooks, "WEBHOOK_ALLOW_LINK_LOCAL", Kind::kBool, &S::webhook_allow_link_local, "false",
       "Allow endpoints whose address is link-local: cloud machines hand out credentials there."},
      {kWebhooks, "PRESENCE_ENABLED", Kind::kFlag, &S::presence_enabled, "false",
       "Whether users' presence is counted, and its changes are sent as events."},
      {kWebhooks, "PRESENCE_TTL", Kind::kDuration, &S::presence_ttl, "12 h",
       "A connection that has not said `connected` for this long is taken for gone: a clean MQTT DISCONNECT "
       "says nothing.",
       kSecond, 8760 * kHour},

      {kEmbedded,
       "BROKER",
       Kind::kChoice,
       static_cast<void (*)(S&, std::size_t)>(
           [](S& s, std::size_t i) { s.broker = static_cast<BrokerChoice>(i); }),
       "auto",
       "`embedded`: MQTT clients connect to this process, and there is no other broker. `rabbitmq`: it "
       "observes "
       "a RabbitMQ. `auto`: RabbitMQ where any `RABBITMQ_*` is set, else embedded. What follows is for the "
       "embedded "
       "broker.",
       0,
       UINT64_MAX,
       {"auto", "embedded", "rabbitmq"}},
      {kEmbedded, "BIND", Kind::kText, &S::bind, "127.0.0.1",
       "Address of the MQTT listeners: loopback unless told otherwise. Their ports: `MQTT_PORT` and those "
       "below."},
      {kEmbedded, "MQTT_WS_PORT", Kind::kInteger, &S::mqtt_ws_port, "15675",
       "Port of MQTT over WebSocket, path `/ws`; 0: none.", 0, 65535},
      {kEmbedded, "MQTT_TLS_PORT", Kind::kInteger, &S::mqtt_tls_port, "0", "Port of MQTT over TLS; 0: none.",
       0, 65535},
      {kEmbedded, "MQTT_WSS_PORT", Kind::kInteger, &S::mqtt_wss_port, "0",
       "Port of MQTT over secure WebSocket; 0: none.", 0, 65535},
      {kEmbedded, "MQTT_CERT_PEM", Kind::kText, &S::mqtt_cert_pem, "",
       "PEM file of the certificate for both; not set: `CERT_PEM`. Read anew on SIGHUP."},
      {kEmbedded, "MQTT_KEY_PEM", Kind::kText, &S::mqtt_key_pem, "",
       "PEM file of its key; not set: `KEY_PEM`."},
      {kEmbedded,
       "AUTH_MODE",
       Kind::kChoice,
       static_cast<void (*)(S&, std::size_t)>(
           [](S& s, std::size_t i) { s.auth_mode = static_cast<AuthMode>(i); }),
       "token",
       "`token`: a JWT as password. `none`: anybody may do anything; for testing protocols, and only where "
       "every "
       "listener is on loopback.",
       0,
       UINT64_MAX,
       {"token", "none"}},
      {kEmbedded, "TOKEN_GRACE", Kind::kDuration, &S::token_grace, "0",
       "How long a connection outlives its token.", 0, 24 * kHour},
      {kEmbedded, "MQTT_IO_THREADS", Kind::kInteger, &S::mqtt_io_threads, "0",
       "Threads that serve connections; 0: one for each processor core but the engine's.", 0, 64},
      {kEmbedded, "MQTT_MAX_CONNECTIONS", Kind::kInteger, &S::mqtt_max_connections, "100000",
       "Connections in all.", 1, 10'000'000},
      {kEmbedded, "MQTT_MAX_CONNECTIONS_PER_ADDRESS", Kind::kInteger, &S::mqtt_max_connections_per_address,
       "0", "Connections from one network address; 0: no limit, as behind a proxy, where all have one.", 0,
       10'000'000},
      {kEmbedded, "MQTT_MAX_CONNECTIONS_PER_USER", Kind::kInteger, &S::mqtt_max_connections_per_user, "100",
       "Connections of one user.", 1, 100'000},
      {kEmbedded, "MQTT_SESSION_EXPIRY_MAX", Kind::kDuration, &S::mqtt_session_expiry, "168 h",
       "How long a session may outlive its connection: what MQTT 5 clients are held to, and 3.1.1 clients "
       "without "
       "clean session get.",
       kSecond, 8760 * kHour},
      {kEmbedded, "MQTT_MAX_PACKET_BYTES", Kind::kInteger, &S::mqtt_max_packet_bytes, "1048576",
       "Largest packet that is taken from a client.", 1024, 16 * 1024 * 1024},
      {kEmbedded, "MQTT_MAX_UNSENT_BYTES", Kind::kInteger, &S::mqtt_max_unsent_bytes, "1048576",
       "Bytes that a client may leave unread; beyond, its QoS 0 messages are dropped, and after 30 s it is "
       "disconnected.",
       65536, 1024 * 1024 * 1024},
      {kEmbedded, "MQTT_MAX_QUEUED", Kind::kInteger, &S::mqtt_max_queued, "10000",
       "Messages of QoS 1 and 2 that wait for one session.", 1, 10'000'000},
      {kEmbedded, "MQTT_CONNECTS_PER_MINUTE", Kind::kInteger, &S::mqtt_connects_per_minute, "60",
       "Connections that a user may begin each minute, half as many at once; beyond, he waits for the "
       "answer. 0: no "
       "limit.",
       0, 60'000'000},
      {kEmbedded, "DRAIN_SECONDS", Kind::kDuration, &S::drain_time, "3 s",
       "Time over which clients are disconnected, one by one, when the process stops.", 0, kHour},

      {kPolicies, "POLICY_FILE", Kind::kText, &S::policy_file, "",
       "TOML file of content filters (docs/policies.md). Read anew when it changes; a wrong one is refused "
       "as "
       "a "
       "whole and the earlier rules stay."},
      {kPolicies,
       "BLOCK_NOTICE",
       Kind::kChoice,
       static_cast<void (*)(S&, std::size_t)>(
           [](S& s, std::size_t i) { s.block_notice = static_cast<BlockNotice>(i); }),
       "silent",
       "What a blocked sender learns. `silent`: his message is SENT, and nobody else sees it. `told`: it is "
       "refused.",
       0,
       UINT64_MAX,
       {"silent", "told"}},
      {kPolicies, "MAX_BLOCKS", Kind::kInteger, &S::max_blocks, "1000", "Users whom one user may block.", 1,
       100'000},
      {kPolicies,
       "GROUP_SEND",
       Kind::kChoice,
       static_cast<void (*)(S&, std::size_t)>(
           [](S& s, std::size_t i) { s.group_send = static_cast<GroupSend>(i); }),
       "anyone",
       "Who may send to a group: `anyone`, or its `members` alone. The sender `system` always may.",
       0,
       UINT64_MAX,
       {"anyone", "members"}},
      {kPolicies, "MAX_GROUP_MEMBERS", Kind::kInteger, &S::max_group_members, "100000",
       "Members that a group may have.", 1, 1'000'000},
      {kPolicies, "POLICY_HOOK_URL", Kind::kText, &S::policy_hook_url, "",
       "URL that is asked, by POST, before a client's message is accepted."},
      {kPolicies, "POLICY_HOOK_TIMEOUT", Kind::kDuration, &S::policy_hook_timeout, "50 ms",
       "Longest time for its answer, connecting included.", 5, 10 * kSecond},
      {kPolicies,
       "POLICY_HOOK_FAIL",
       Kind::kChoice,
       static_cast<void (*)(S&, std::size_t)>(
           [](S& s, std::size_t i) { s.policy_hook_fail = static_cast<HookFail>(i); }),
       "open",
       "Without its answer messages pass (`open`) or are refused (`closed`).",
       0,
       UINT64_MAX,
       {"open", "closed"}},
      {kPolicies, "POLICY_HOOK_SECRET", Kind::kSecret, &S::policy_hook_secret, "",
       "Key of the signature `X-Inboxd-Signature` of the questions. Not set: no signature."},
      {kPolicies, "POLICY_HOOK_CACHE_TTL", Kind::kDuration, &S::policy_hook_cache_ttl, "10 s",
       "How long a verdict holds for the same message, unless the answer says; 0: it is asked each time.", 0,
       kHour},
      {kPolicies, "POLICY_HOOK_CONCURRENCY", Kind::kInteger, &S::policy_hook_concurrency, "64",
       "Questions at a time.", 1, 1024},
      {kPolicies, "POLICY_HOOK_TLS_VERIFY", Kind::kBool, &S::policy_hook_tls_verify, "true",
       "Check the certificate of an `https://` hook and its host name."},
      {kPolicies, "CACHE_ENABLED", Kind::kFlag, &S::cache_enabled, "false",
       "Switches the rate limits on, as in deployments of the reference; any `BUCKET_*` that is set does so "
       "too. "
       "No cache is needed."},
      {kPolicies, "BUCKET_MSG_CAPACITY", Kind::kInteger, &S::bucket_msg_capacity, "30",
       "Messages that a user may send at once; 0: no limit.", 0, 1'000'000},
      {kPolicies, "BUCKET_MSG_REFILL_RATE_PER_MIN", Kind::kInteger, &S::bucket_msg_refill, "30",
       "Messages that he may send each minute.", 0, 60'000'000},
      {kPolicies, "BUCKET_APP_CAPACITY", Kind::kInteger, &S::bucket_app_capacity, "0",
       "Messages that all users may send at once; 0: no limit.", 0, 100'000'000},
      {kPolicies, "BUCKET_APP_REFILL_RATE_PER_MIN", Kind::kInteger, &S::bucket_app_refill, "0",
       "Messages that all users may send each minute.", 0, 1'000'000'000},
      {kPolicies, "BUCKET_PAIR_CAPACITY", Kind::kInteger, &S::bucket_pair_capacity, "0",
       "Messages that a user may send to one recipient at once; 0: no limit.", 0, 1'000'000},
      {kPolicies, "BUCKET_PAIR_REFILL_RATE_PER_MIN", Kind::kInteger, &S::bucket_pair_refill, "0",
       "Messages that he may send to him each minute.", 0, 60'000'000},
      {kPolicies, "BUCKET_EXEMPT", Kind::kList, &S::bucket_exempt, "system,admin",
       "Senders without a limit: user ids, and `admin` for messages sent by REST with an administrator's "
       "token."},
      {kPolicies, "BUCKET_INSTANCES", Kind::kInteger, &S::bucket_instances, "1",
       "Instances that share the traffic: each grants its part of every limit.", 1, 1000},

      {kRest, "BASEURL", Kind::kText, &S::baseurl, "/api", "What the paths of the REST API begin with."},
      {kRest, "KEY_PEM", Kind::kText, &S::key_pem, "",
       "PEM file of the HTTPS key. With `CERT_PEM`, `HTTP_PORT` speaks HTTPS. Read anew on SIGHUP."},
      {kRest, "CERT_PEM", Kind::kText, &S::cert_pem, "", "PEM file of the HTTPS certificate and its chain."},
      {kRest, "CONTACTS_LOOKUP_ENDPOINT", Kind::kText, &S::contacts_lookup_endpoint, "",
       "URL that answers `GET …/{user}` with the user's names, for the messages that tell of group members."},
      {kRest, "CONTACTS_TIMEOUT", Kind::kDuration, &S::contacts_timeout, "2 s",
       "Longest time for that look-up; then the id stands for the name.", 10, 60 * kSecond},
      {kRest, "HTTP_BODY_BYTES", Kind::kBytes, &S::http_body_bytes, "1 MiB",
       "Largest body of a request that is taken.", kKiB, 64 * kMiB},
      {kRest, "HTTP_CONNECTIONS", Kind::kInteger, &S::http_connections, "1024",
       "HTTP connections at a time; beyond that the longest idle one is closed.", 8, 65535},

      {kTokens,
       "JWT_SECRET",
       Kind::kSecret,
       &S::jwt_secret,
       "",
       "The HS256 key that signs and verifies tokens. At least 32 random bytes.",
       0,
       UINT64_MAX,
       {},
       {"JWT_KEY", "CHAT21_JWT_SECRET"}},
      {kTokens, "SERVICE_TOKEN_TTL", Kind::kDuration, &S::service_token_ttl, "24 h",
       "Life of the token that the engine mints for its own login. It connects again, after draining, well "
       "before the "
       "end.",
       10 * kSecond, 8760 * kHour},

      {kStore,
       "STORE",
       Kind::kChoice,
       static_cast<void (*)(S&, std::size_t)>([](S& s, std::size_t) { s.store = StoreKind::kRocksDb; }),
       "rocksdb",
       "The store. Said explicitly, it allows `MONGODB_URI` to be set and ignored.",
       0,
       UINT64_MAX,
       {"rocksdb"}},
      {kStore,
       "STORE_SYNC",
       Kind::kChoice,
       static_cast<void (*)(S&, std::size_t)>(
           [](S& s, std::size_t i) { s.store_sync = static_cast<StoreSync>(i); }),
       "batch",
       "`batch`: what was acknowledged survives a power failure. `none`: it survives the end of the process "
       "alone.",
       0,
       UINT64_MAX,
       {"batch", "none"}},
      {kStore, "DATA_DIR", Kind::kText, &S::data_dir, "data",
       "Directory of the store; made when missing. Relative to the working directory. The image sets its "
       "own."},
      {kStore, "DEAD_LETTER_MAX", Kind::kInteger, &S::dead_letter_max, "10000",
       "Dead letters that are kept, of messages and of events each; beyond that the oldest go.", 1,
       1'000'000},
      {kStore, "DEAD_LETTER_MAX_BYTES", Kind::kBytes, &S::dead_letter_max_bytes, "64 MiB",
       "Bytes of dead letters that are kept; beyond that the oldest go.", kMiB, 64 * kGiB},
      {kStore, "SYNC_RETENTION", Kind::kDuration, &S::sync_retention, "168 h",
       "How far back `GET /api/{app}/{user}/messages?since=` can look.", kHour, 8760 * kHour},
      {kStore, "MONGODB_URI", Kind::kSecret, &S::mongodb_uri, "",
       "Not used. Set, it stops the start unless `STORE` is said too, for the history in that database would "
       "be "
       "out of sight."},

      {kOperations, "HTTP_BIND", Kind::kText, &S::http_bind, "127.0.0.1",
       "Address of both HTTP listeners: health and metrics need no token, so they stay on loopback unless "
       "told "
       "otherwise. The image says `0.0.0.0`."},
      {kOperations,
       "HTTP_PORT",
       Kind::kInteger,
       &S::http_port,
       "8004",
       "Port of `/health/live`, `/health/ready` and `/metrics`.",
       1,
       65535,
       {},
       {"PORT"}},
      {kOperations, "METRICS_PORT", Kind::kInteger, &S::metrics_port, "9090",
       "A port for `/metrics` alone; 0 switches it off.", 0, 65535},
      {kOperations,
       "LOG_LEVEL",
       Kind::kChoice,
       static_cast<void (*)(S&, std::size_t)>(
           [](S& s, std::size_t i) { s.log_level = static_cast<Verbosity>(i); }),
       "info",
       "Least severe level that is logged, in any case. Goes to standard error.",
       0,
       UINT64_MAX,
       {"error", "warn", "info", "verbose", "debug"}},
      {kOperations,
       "LOG_FORMAT",
       Kind::kChoice,
       static_cast<void (*)(S&, std::size_t)>(
           [](S& s, std::size_t i) { s.log_format = static_cast<LogFormat>(i); }),
       "auto",
       "`auto`: text on a terminal, lines of JSON otherwise.",
       0,
       UINT64_MAX,
       {"auto", "text", "json"}},
      {kOperations, "SHUTDOWN_TIMEOUT", Kind::kDuration, &S::shutdown_timeout, "10 s",
       "Time for finishing what was taken once the process is told to stop. A second signal stops it at "
       "once.",
       0, kHour},

      {kMqtt, "MQTT_HOST", Kind::kText, &S::mqtt_host, "localhost", "Host of the broker's MQTT listener."},
      {kMqtt, "MQTT_PORT", Kind::kInteger, &S::mqtt_port, "1883", "Port of the broker's MQTT listener.", 1,
       65535},
      {kMqtt, "WEB_MQTT_PORT", Kind::kInteger, &S::web_mqtt_port, "15675",
       "Port of the broker's listener for MQTT over WebSocket.", 1, 65535},
  };
}

}  // namespace

std::span<const Setting> all_settings() {
  static const std::vector<Setting> table = declare();
  return table;
}

std::span<const Inert> inert_settings() {
  static constexpr Inert kTable[] = {
      {"CACHE_REDIS_*", "An external cache: this engine needs none."},
      {"BUCKET_WH_*", "A neighbour's limit on webhooks. Set, it switches the rate limits on."},
      {"BUCKET_BLK_*", "A neighbour's limit on steps of chatbots. Set, it switches the rate limits on."},
      {"ANALYTICS_*", "Analytics events."},
      {"PUSH_*", "Push notifications."},
      {"AUTO_RESTART", "The engine always connects again by itself."},
  };
  return kTable;
}

bool is_inert(std::string_view variable) {
  const auto rows = inert_settings();
  return std::any_of(rows.begin(), rows.end(), [&](const Inert& row) {
    return row.name.ends_with('*') ? variable.starts_with(row.name.substr(0, row.name.size() - 1))
                                   : variable == row.name;
  });
}

}  // namespace inboxd::config
