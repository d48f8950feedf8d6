#include "app/mqtt_client.hpp"

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include <algorithm>
#include <climits>
#include <new>
#include <optional>
#include <utility>
#include <vector>

namespace inboxd::app {
namespace {

constexpr int kKeepAliveSeconds = 30;
constexpr std::chrono::milliseconds kSlice{100};
/// More than one read of the library can bring.
constexpr std::size_t kMaxWaiting = 10'000;
constexpr int kRefusedSubscription = 128;
constexpr int kFirstError = 128;  // of MQTT 5's reason codes

/// libmosquitto counts these; the last one gone frees what it shares.
struct Library {
  Library() { mosquitto_lib_init(); }
  ~Library() { mosquitto_lib_cleanup(); }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
};

struct FreeClient {
  void operator()(mosquitto* client) const noexcept { mosquitto_destroy(client); }
};

struct Incoming {
  std::string topic;
  std::string payload;
};

Failure<MqttError> fail(std::string message) { return Failure<MqttError>(MqttError{std::move(message)}); }

}  // namespace

class MqttClient::Impl {
 public:
  Impl(OnMessage on_message, MqttVersion version)
      : on_message_(std::move(on_message)), client_(mosquitto_new(nullptr, true, this)) {
    if (!client_) throw std::bad_alloc();
    mosquitto_int_option(client_.get(), MOSQ_OPT_PROTOCOL_VERSION,
                         version == MqttVersion::k5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
    mosquitto_connect_callback_set(client_.get(),
                                   [](mosquitto*, void* self, int code) { of(self).connack_ = code; });
    mosquitto_publish_v5_callback_set(
        client_.get(), [](mosquitto*, void* self, int id, int reason_code, const mosquitto_property*) {
          of(self).published_ = id;
          of(self).reason_code_ = reason_code;
        });
    mosquitto_subscribe_callback_set(client_.get(),
                                     [](mosquitto*, void* self, int id, int count, const int* granted) {
                                       of(self).subscribed_ = id;
                                       of(self).granted_ = count > 0 ? granted[0] : kRefusedSubscription;
                                     });
    mosquitto_message_callback_set(
        client_.get(),
        [](mosquitto*, void* self, const mosquitto_message* message) { of(self).take(*message); });
  }

  ~Impl() {
    if (connack_ == 0) mosquitto_disconnect(client_.get());
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void, MqttError> connect(const MqttAddress& address, const std::string& token,
                                  Clock::time_point deadline) {
    where_ = address.host + ":" + std::to_string(address.port);
    if (address.tls && !use_tls(address)) return fail("cannot set up TLS for " + where_);
    mosquitto_username_pw_set(client_.get(), "JWT", token.c_str());
    const int code =
        mosquitto_connect_async(client_.get(), address.host.c_str(), address.port, kKeepAliveSeconds);
    if (code != MOSQ_ERR_SUCCESS) return fail("cannot connect to " + where_ + ": " + reason(code));
    const auto answered = work([this] { return connack_.has_value(); }, deadline);
    if (!answered) return Failure<MqttError>(answered.error());
    if (!*answered) return fail("no answer from the MQTT broker at " + where_);
    if (*connack_ != 0) return fail(where_ + " refused the login: " + mosquitto_connack_string(*connack_));
    return {};
  }

  Result<void, MqttError> subscribe(const std::string& topic, int qos, Clock::time_point deadline) {
    int id = 0;
    const int code = mosquitto_subscribe(client_.get(), &id, topic.c_str(), qos);
    if (code != MOSQ_ERR_SUCCESS) return fail("cannot subscribe to " + topic + ": " + reason(code));
    const auto answered = work([&] { return subscribed_ == id; }, deadline);
    if (!answered) return fail("cannot subscribe to " + topic + ": " + answered.error().message);
    if (!*answered) return fail("the broker did not answer the subscription to " + topic);
    if (granted_ == kRefusedSubscription) return fail("the broker refused the subscription to " + topic);
    return {};
  }

  Result<void, MqttError> publish(const std::string& topic, std::string_view payload,
                                  const UserProperty* property, Clock::time_point deadline) {
    if (payload.size() > INT_MAX) return fail("the message is too large for MQTT");
    mosquitto_property* properties = nullptr;
    if (property != nullptr) {
      mosquitto_property_add_string_pair(&properties, MQTT_PROP_USER_PROPERTY, property->name.c_str(),
                                         property->value.c_str());
    }
    int id = 0;
    const int code = mosquitto_publish_v5(client_.get(), &id, topic.c_str(), static_cast<int>(payload.size()),
                                          payload.data(), 1, false, properties);
    mosquitto_property_free_all(&properties);
    if (code != MOSQ_ERR_SUCCESS) return fail("cannot publish on " + topic + ": " + reason(code));
    const auto answered = work([&] { return published_ == id; }, deadline);
    if (!answered) return fail("cannot publish on " + topic + ": " + answered.error().message);
    if (!*answered) return fail("the broker did not acknowledge the message on " + topic);
    if (reason_code_ >= kFirstError) {
      return fail("the broker refused the message on " + topic + ": " +
                  mosquitto_reason_string(reason_code_));
    }
    return {};
  }

  Result<bool, MqttError> work(const std::function<bool()>& done, Clock::time_point deadline) {
    while (!done()) {
      const auto now = Clock::now();
      if (now >= deadline) return false;
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now);
      const int code = mosquitto_loop(client_.get(), static_cast<int>(std::min(left, kSlice).count()), 1);
      deliver();
      // A refused login ends the connection as well; the refusal says more.
      const bool login_refused = connack_ && *connack_ != 0;
      if (code != MOSQ_ERR_SUCCESS && !login_refused && !done()) {
        return fail("the connection to " + where_ + " failed: " + reason(code));
      }
    }
    return true;
  }

 private:
  static Impl& of(void* self) { return *static_cast<Impl*>(self); }

  static std::string reason(int code) {
    if (code == MOSQ_ERR_CONN_LOST)
      return "the broker closed it: it stopped, or the token does not cover the topic";
    if (code == MOSQ_ERR_ERRNO || code == MOSQ_ERR_PROTOCOL) return "no MQTT broker can be reached there";
    if (code == MOSQ_ERR_EAI) return "the host's name is not known";
    return mosquitto_strerror(code);
  }

  bool use_tls(const MqttAddress& address) {
    if (address.ca_file.empty()) {
      return mosquitto_int_option(client_.get(), MOSQ_OPT_TLS_USE_OS_CERTS, 1) == MOSQ_ERR_SUCCESS;
    }
    return mosquitto_tls_set(client_.get(), address.ca_file.c_str(), nullptr, nullptr, nullptr, nullptr) ==
           MOSQ_ERR_SUCCESS;
  }

  /// Called from C: keeps the message until the library has returned, since the callback may throw.
  void take(const mosquitto_message& message) noexcept {
    if (waiting_.size() >= kMaxWaiting) return;
    const auto* payload = static_cast<const char*>(message.payload);
    const auto size = static_cast<std::size_t>(message.payloadlen);
    waiting_.push_back({message.topic, payload != nullptr ? std::string(payload, size) : std::string()});
  }

  void deliver() {
    for (const Incoming& message : std::exchange(waiting_, {})) on_message_(message.topic, message.payload);
  }

  Library library_;
  OnMessage on_message_;
  std::unique_ptr<mosquitto, FreeClient> client_;
  std::string where_;
  std::optional<int> connack_;
  std::optional<int> subscribed_;
  std::optional<int> published_;
  int reason_code_ = 0;  ///< of the PUBACK
  int granted_ = 0;
  std::vector<Incoming> waiting_;
};

MqttClient::MqttClient(OnMessage on_message, MqttVersion version)
    : impl_(std::make_unique<Impl>(std::move(on_message), version)) {}
MqttClient::~MqttClient() = default;

Result<void, MqttError> MqttClient::connect(const MqttAddress& address, const std::string& token,
                                            Clock::time_point deadline) {
  return impl_->connect(address, token, deadline);
}

Result<void, MqttError> MqttClient::subscribe(const std::string& topic, int qos, Clock::time_point deadline) {
  return impl_->subscribe(topic, qos, deadline);
}

Result<void, MqttError> MqttClient::publish(const std::string& topic, std::string_view payload,
                                            Clock::time_point deadline) {
  return impl_->publish(topic, payload, nullptr, deadline);
}

Result<void, MqttError> MqttClient::publish(const std::string& topic, std::string_view payload,
                                            const UserProperty& property, Clock::time_point deadline) {
  return impl_->publish(topic, payload, &property, deadline);
}

Result<bool, MqttError> MqttClient::run_until(const std::function<bool()>& done, Clock::time_point deadline) {
  return impl_->work(done, deadline);
}

}  // namespace inboxd::app
