#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "mqtt/decoder.hpp"
#include "mqtt/encoder.hpp"
#include "mqtt/front.hpp"
#include "mqtt/transport.hpp"

namespace inboxd::mqtt {

/// One client's connection: MQTT on one side, the hub on the other. It knows who the client is and what he
/// may do, reads and writes packets, and keeps its deadlines; sessions and messages are the hub's. A state
/// machine: bytes and events in, bytes and commands out. For its I/O thread.
class ClientConnection final : public ConnectionHandler, public EventReceiver {
 public:
  explicit ClientConnection(Front& front);
  ~ClientConnection() override;
  ClientConnection(const ClientConnection&) = delete;
  ClientConnection& operator=(const ClientConnection&) = delete;

  // From the network.
  void opened(Transport& transport) override;
  void received(std::string_view bytes) override;
  void drained() override;
  void tick(Time now) override;
  void closed(CloseCause cause) override;

  // From the hub.
  void take(Event&& event) override;
  void room() override;
  void leave(Time at) override { leave_at_ = at; }

 private:
  enum class State {
    kConnecting,      ///< no CONNECT yet
    kAuthenticating,  ///< MQTT 5: the client is asked for its token
    kHeld,            ///< it connects too often, and waits
    kAttaching,       ///< the hub was asked, and nothing is said before it has answered
    kAttached,
    kClosing,  ///< nothing it says counts any more
  };
  bool is_open() const noexcept { return state_ == State::kAttaching || state_ == State::kAttached; }

  /// Why nothing is read.
  enum Pause : unsigned {
    kForHub = 1U,      ///< the feed is full
    kForAnswers = 2U,  ///< too many of its publications are unanswered
    kForClient = 4U,   ///< it does not take its answers
    kForAdmission = 8U,
  };
  void pause(Pause why);
  void resume(Pause why);

  void read(std::string_view bytes);
  void read_early();
  void handle(Packet&& packet);
  void on(Connect&& connect);
  void on(Auth&& auth);
  void on(Publish&& publish);
  void on(Acknowledgement&& acknowledgement);
  void on(Subscribe&& subscribe);
  void on(Unsubscribe&& unsubscribe);
  void on(Pingreq&& ping);
  void on(Disconnect&& disconnect);
  template <class Other>
  void on(Other&&) {
    end(Reason::kProtocolError, "a packet that only servers send");
  }

  std::optional<Reason> problem_of(const Connect& connect) const;
  void authenticate(std::string_view token);
  void admit();
  void attach();
  bool resolve_alias(Publish& publish);
  std::optional<Reason> problem_of(const Publish& publish);
  void refuse(const Publish& publish, Reason reason);
  void count(const Publish& publish);
  std::string replay_of(const Properties& properties) const;
  Reason judge(const Subscription& subscription) const;
  void note_refused_filters(const Subscribe& subscribe, const std::vector<Reason>& reasons);

  void on(Attached&& attached);
  void on(Ended&& ended);
  void on(Acknowledge&& acknowledge);
  void on(Subscribed&& subscribed);
  void on(Unsubscribed&& unsubscribed);
  void on(Outgoing&& outgoing);
  bool may_send(const Outgoing& outgoing, std::size_t bytes);
  bool is_slow(std::size_t bytes);
  PublishParts parts_of(const Outgoing& outgoing, Properties& scratch) const;
  void send(const Packet& packet);
  void note(std::string_view what, Reason reason, std::string_view why);
  void answer_connect(Reason reason);

  void command(decltype(Command::what) what);
  void hand_over();
  void hold_back_if_full();
  /// Says why, as far as MQTT has a word for it, and closes. The hub is told unless it said so itself.
  void end(Reason reason, std::string_view why, bool hub_knows = false);
  void detach(const Detach& how);

  Front& front_;
  Transport* transport_ = nullptr;
  ConnectionId id_;
  State state_ = State::kConnecting;
  bool hub_has_it_ = false;  ///< Attach was said, Detach not yet
  Decoder decoder_;
  Version version_ = Version::k311;
  bool lasting_ = false;  ///< its session was to outlive the connection when it began

  std::shared_ptr<const Access> access_;
  std::optional<std::int64_t> expires_at_;  ///< of the token; seconds since the epoch
  std::unique_ptr<Connect> connect_;        ///< until the hub has answered
  std::string client_id_;
  std::string method_;  ///< of MQTT 5's enhanced authentication; empty without

  Time last_heard_{};
  Time deadline_{};  ///< of the CONNECT and its answer, or the end of being held
  std::chrono::milliseconds keep_alive_{0};
  std::string early_;  ///< what came before its CONNECT was answered

  std::uint32_t max_packet_bytes_ = 0xFFFFFFFF;  ///< that the client takes
  std::vector<std::string> aliases_in_;          ///< by alias - 1
  std::unordered_map<std::string, std::uint16_t> aliases_out_;
  std::uint16_t alias_maximum_out_ = 0;
  std::unordered_set<PacketId> unanswered_;  ///< the client's QoS 1 and 2 that await PUBACK or PUBREC
  std::optional<Time> leave_at_;             ///< the server goes
  std::optional<Time> slow_since_;
  std::vector<Command> commands_;  ///< of the bytes in hand
  unsigned paused_ = 0;            ///< of Pause
};

}  // namespace inboxd::mqtt
