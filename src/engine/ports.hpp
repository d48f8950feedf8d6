#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/content_filter.hpp"
#include "core/id.hpp"
#include "core/policy.hpp"
#include "core/refusal.hpp"
#include "core/result.hpp"
#include "core/rows.hpp"

/// What the engine needs from the world: a broker, a store, a clock, a source of ids, a log and a probe.
/// Adapters implement these; the engine knows nothing else of them.
namespace inboxd {

using SteadyClock = std::chrono::steady_clock;

// --- broker
// ---------------------------------------------------------------------------------------------------

/// Which durable queue of PROTOCOL 1 a delivery came from.
enum class Queue { kMessages, kPersist, kWebhooks };

/// What one delivery of the broker holds. Everything in it is from outside and unchecked.
struct Delivery {
  std::uint64_t tag = 0;  ///< grows with each delivery of a session, over both queues
  Queue queue = Queue::kMessages;
  bool redelivered = false;
  /// The broker itself moved it here from another queue (dead-lettering): who sent it, and to which key, was
  /// then for the owner of that queue to say.
  bool rerouted = false;
  std::string exchange;
  std::string routing_key;
  /// At most the session's payload limit; the rest of a longer payload was dropped while it was read.
  std::string payload;
  std::uint64_t payload_bytes = 0;  ///< as it came in
  /// The dead letter that an operator replays by this delivery (`kReplayHeader`), or empty.
  std::string replay_of;
  /// Which part of which submission this is (`kRequestHeader`), or empty. Whoever may publish may claim one:
  /// it is believed only where the engine is waiting for that very name, which nobody can guess.
  std::string request;
  /// Of a client that expects an acknowledgement by its packet id, and sends the same again under it where
  /// none came (MQTT 4.4): its client id, or empty. Then `redelivered` may be the client's word.
  std::string client_id;
  std::uint16_t packet_id = 0;
  SteadyClock::time_point received_at;
};

/// The AMQP header that names the dead letter which a delivery replays.
inline constexpr std::string_view kReplayHeader = "x-inboxd-replay";

/// The AMQP header that names a part of a submission.
inline constexpr std::string_view kRequestHeader = "x-inboxd-request";

/// One persistent message for amq.topic. The payload is shared by all the keys that carry it.
struct Publication {
  std::string routing_key;
  std::shared_ptr<const std::string> payload;
  std::string request = {};  ///< goes along as `kRequestHeader` where it is not empty
  bool from_admin = false;   ///< of a submission: an administrator's word, which limits may spare
};

struct BrokerError {
  enum class Kind {
    kUnreachable,  ///< no broker answered
    kRefused,  ///< it answered, and would not have us: credentials, virtual host, a queue declared otherwise
    kStandby,  ///< another instance consumes; try again
    kLost,     ///< the link broke
  };
  Kind kind;
  std::string message;
};

/// A link to the broker, from login to loss. For one thread, but for wake().
///
/// Deliveries are to be acknowledged in the order of their tags. After an error every call fails; destroy the
/// session and connect again: the broker then delivers again whatever was not acknowledged.
class BrokerSession {
 public:
  virtual ~BrokerSession() = default;

  /// Waits until deliveries or confirms arrive, wake() is called, or `wait` has passed; appends the
  /// deliveries to `into`. Takes no further deliveries once those appended by this call hold `room` bytes of
  /// payload or more (0: take none, but go on with confirms and heartbeats).
  virtual Result<void, BrokerError> poll(std::chrono::milliseconds wait, std::size_t room,
                                         std::vector<Delivery>& into) = 0;

  /// Sends, in order. Returns the sequence number of the last; sequence numbers start at 1 and have no gaps.
  virtual Result<std::uint64_t, BrokerError> publish(std::span<const Publication> publications) = 0;

  /// The broker has taken responsibility for every publication up to this sequence number.
  virtual std::uint64_t confirmed() const noexcept = 0;

  /// Acknowledges every delivery up to and including `tag`.
  virtual Result<void, BrokerError> acknowledge(std::uint64_t tag) = 0;

  /// The highest tag whose acknowledgement is known to have reached the broker: it answered something that
  /// was sent after it. 0 if none.
  virtual std::uint64_t acknowledged() const noexcept = 0;

  /// Whether it takes deliveries at all; one that only publishes does not.
  virtual bool consuming() const noexcept = 0;

  /// The broker asked publishers to pause (connection.blocked).
  virtual bool blocked() const noexcept = 0;

  /// When the session's credentials want a new one, if ever: drain, drop this session, connect again.
  virtual std::optional<SteadyClock::time_point> renew_at() const noexcept = 0;

  /// Makes a poll() that waits, or the next one, return at once. From any thread.
  virtual void wake() noexcept = 0;

  /// Does what the caller of poll() would do next, and never throws.
  using Turn = std::function<void()>;
  /// From now on, while poll() waits, a thread of this process that brings a delivery may call it in
  /// place of waking the one that waits, which goes on waiting: the two never work at once. It may call
  /// whatever the caller of poll() may. A broker elsewhere has no such threads, and need not listen.
  virtual void lend(const Turn&) {}
};

class Broker {
 public:
  virtual ~Broker() = default;

  /// Connects, declares and binds what PROTOCOL 1 names, starts to consume. Tries each configured address
  /// once. Blocks for at most a few seconds an address.
  virtual Result<std::unique_ptr<BrokerSession>, BrokerError> connect() = 0;
};

// --- store
// ----------------------------------------------------------------------------------------------------

/// A store's failure. Thrown: between a read and the commit no caller can do more than stop and try again
/// later.
class StoreError : public std::runtime_error {
 public:
  enum class Kind {
    kLocked,      ///< another process owns it
    kNewer,       ///< a later version of inboxd wrote it
    kCorrupt,     ///< what it holds cannot be read
    kPermission,  ///< read-only, or not ours
    kFull,        ///< no space left
    kIo,          ///< anything else that the system reports
  };

  StoreError(Kind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  Kind kind() const noexcept { return kind_; }

 private:
  Kind kind_;
};

/// Everything that becomes true at once. Rows that exist are replaced; a row that is both written and removed
/// is removed.
struct Commit {
  std::vector<StoredMessage> messages;
  std::vector<TimelineRow> rows;
  std::vector<ConversationRow> conversations;
  std::vector<Group> groups;
  std::vector<IdempotencyRow> idempotency;
  std::vector<FingerprintRow> fingerprints;
  std::vector<std::uint64_t> forgotten_fingerprints;
  std::vector<PublicationRow> publications;
  std::vector<DeadLetter> dead_letters;
  std::vector<std::string> removed_dead_letters;
  std::vector<OutboxRow> outbox;
  std::vector<OutboxKey> removed_outbox;
  std::vector<UndeliveredEvent> undelivered;
  std::vector<std::uint64_t> removed_undelivered;
  std::vector<ArrivalRow> arrivals;
  std::vector<PresenceRow> presence;
  std::vector<PresenceRow> removed_presence;
  std::vector<InstanceRow> instances;
  std::vector<InstanceRow> removed_instances;
  std::vector<BlockRow> blocks;
  std::vector<BlockRow> removed_blocks;
  std::vector<BanRow> bans;
  std::vector<BanRow> removed_bans;
  std::vector<FilterDocument> filters;
  /// Timelines and conversations to remove as a whole; rows of them in this same commit go too. Bodies stay:
  /// other timelines may refer to them.
  std::vector<TimelineKey> removed_timelines;
  std::vector<TimelineKey> removed_conversations;
  /// No sequence at or below this is given out again (Store::sequence_floor).
  std::optional<std::uint64_t> sequence_floor;
  std::vector<FanoutJob> jobs;
  std::vector<FanoutProgress> job_progress;
  std::vector<std::uint64_t> finished_jobs;

  bool empty() const noexcept {
    return messages.empty() && rows.empty() && conversations.empty() && groups.empty() &&
           idempotency.empty() && fingerprints.empty() && forgotten_fingerprints.empty() &&
           publications.empty() && dead_letters.empty() && removed_dead_letters.empty() && outbox.empty() &&
           removed_outbox.empty() && undelivered.empty() && removed_undelivered.empty() && arrivals.empty() &&
           presence.empty() && removed_presence.empty() && instances.empty() && removed_instances.empty() &&
           blocks.empty() && removed_blocks.empty() && bans.empty() && removed_bans.empty() &&
           filters.empty() && removed_timelines.empty() && removed_conversations.empty() && !sequence_floor &&
           jobs.empty() && job_progress.empty() && finished_jobs.empty();
  }
};

/// A place between the rows of a timeline: (timestamp, message id). Without an id it stands before every row
/// of that timestamp.
struct TimelinePosition {
  Millis timestamp = 0;
  MessageId message;
};

/// What one read gives at most, in bytes of JSON, but for its first entry: it ends early there.
inline constexpr std::size_t kMaxReadBytes = std::size_t{8} * 1024 * 1024;

struct TimelinePage {
  std::size_t limit = 200;
  bool newest_first = true;
  std::optional<TimelinePosition> before;  ///< rows strictly older than this
  std::optional<TimelinePosition> after;   ///< rows strictly newer than this
};

/// What came into one owner's timelines after a cursor.
struct ArrivalPage {
  std::vector<ArrivalEntry> entries;
  /// The cursor to go on from: nothing that came before it is missing from here and earlier pages.
  std::uint64_t next = 0;
  bool more = false;  ///< the limit, or kMaxReadBytes, cut it short
};

/// Timelines, conversations and what the engine must remember to keep its promises. Safe for use from several
/// threads. Every call may throw StoreError.
class Store {
 public:
  virtual ~Store() = default;

  /// Writes all of it or nothing; after a throw it is not known which, until a fresh look at the store. When
  /// it returns, the whole survives the end of this process, and a power failure too where the store was
  /// opened so.
  virtual void commit(const Commit& commit) = 0;

  virtual std::optional<StoredMessage> message(const AppId& app, const MessageId& id) const = 0;

  virtual std::optional<TimelineRow> row(const TimelineKey& timeline, Millis timestamp,
                                         const MessageId& message) const = 0;
  /// By (timestamp, message id). An entry whose body is missing is a corruption, never a gap. Ends early at
  /// kMaxReadBytes; so does conversations().
  virtual std::vector<TimelineEntry> timeline(const TimelineKey& timeline,
                                              const TimelinePage& page) const = 0;
  virtual std::optional<Millis> newest_timestamp(const TimelineKey& timeline) const = 0;

  virtual std::optional<ConversationRow> conversation(const TimelineKey& key) const = 0;
  /// Those of one owner, newest first (by timestamp, then by peer), active or archived.
  virtual std::vector<ConversationEntry> conversations(const AppId& app, const PartyId& owner, bool archived,
                                                       std::size_t limit) const = 0;

  virtual std::optional<Group> group(const AppId& app, const PartyId& id) const = 0;

  /// The message that the key names, unless the row expired at or before `now`.
  virtual std::optional<MessageId> idempotent(const IdempotencyKey& key, Millis now) const = 0;

  /// The messages that anyone sent to `recipient` under this tempUID and that have not expired.
  virtual std::vector<MessageId> idempotent_to(const AppId& app, const PartyId& recipient,
                                               std::string_view temp_uid, Millis now) const = 0;

  /// All, in the order of their sequence. Bounded by what can be in flight to a broker.
  virtual std::vector<FingerprintRow> fingerprints() const = 0;

  /// The last that a client's publications of this packet id became, unless the row expired at or before
  /// `now`.
  virtual std::optional<PublicationRow> publication(std::string_view client_id, std::uint16_t packet_id,
                                                    Millis now) const = 0;

  /// Newest first. Those beyond the bounds that the store was opened with were dropped, oldest first.
  virtual std::vector<DeadLetter> dead_letters(std::size_t limit) const = 0;
  virtual std::optional<DeadLetter> dead_letter(std::string_view id) const = 0;

  /// Those of one endpoint in the order of their sequence, from `from` on.
  virtual std::vector<OutboxRow> outbox(std::string_view endpoint, std::uint64_t from,
                                        std::size_t limit) const = 0;
  /// Every endpoint that has rows.
  virtual std::vector<std::string> outbox_endpoints() const = 0;
  /// Newest first. Bounded as dead letters are, apart from them.
  virtual std::vector<UndeliveredEvent> undelivered(std::size_t limit) const = 0;
  virtual std::optional<UndeliveredEvent> undelivered_event(std::uint64_t sequence) const = 0;

  /// In the order of their sequence, those after `after`. Those older than the store's retention may be gone.
  virtual ArrivalPage arrivals(const AppId& app, const PartyId& owner, std::uint64_t after,
                               std::size_t limit) const = 0;
  /// The highest that a commit has said; 0 if none has.
  virtual std::uint64_t sequence_floor() const = 0;

  virtual std::vector<PresenceRow> presence(const AppId& app, const PartyId& user) const = 0;
  /// All users' rows in an order of their own, those after `after` (app, user and client count), or from the
  /// beginning.
  virtual std::vector<PresenceRow> presence_page(const std::optional<PresenceRow>& after,
                                                 std::size_t limit) const = 0;

  virtual std::vector<InstanceRow> instances(const AppId& app, const PartyId& user) const = 0;

  virtual std::optional<BlockRow> block(const AppId& app, const PartyId& owner,
                                        const PartyId& user) const = 0;
  /// Whom `owner` blocks, in the order of their ids, those after `after`.
  virtual std::vector<BlockRow> blocks(const AppId& app, const PartyId& owner,
                                       const std::optional<PartyId>& after, std::size_t limit) const = 0;
  /// Who blocks `user`, in the order of their ids.
  virtual std::vector<PartyId> blockers(const AppId& app, const PartyId& user, std::size_t limit) const = 0;

  /// Also one that is over.
  virtual std::optional<BanRow> ban(const AppId& app, const PartyId& user) const = 0;
  /// In the order of the users' ids, those after `after`.
  virtual std::vector<BanRow> bans(const AppId& app, const std::optional<PartyId>& after,
                                   std::size_t limit) const = 0;

  virtual std::optional<FilterDocument> filters(const AppId& app) const = 0;

  /// Unfinished jobs in the order of their sequence, without their members and notices; each with its
  /// progress.
  virtual std::vector<std::pair<FanoutJob, FanoutProgress>> jobs() const = 0;
  /// The whole of one job.
  virtual std::optional<FanoutJob> job(std::uint64_t sequence) const = 0;

  /// To be called after a commit has failed, before anything is read that decisions depend on: what is read
  /// until then need not be what the next commit meets. Throws StoreError while nothing can be written.
  virtual void recover() = 0;

  /// Whether it can be read and written, as far as it knows without trying. From any thread.
  virtual bool healthy() const noexcept = 0;
};

// --- clock, ids, log, probe
// -------------------------------------------------------------------------------------

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Millis now() const = 0;
  virtual SteadyClock::time_point steady() const = 0;
};

/// 62 unpredictable bits for each new UUID.
class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual std::uint64_t next() = 0;
};

enum class LogLevel { kDebug, kInfo, kWarn, kError };

struct LogField {
  std::string_view name;
  std::string value;
};

/// A structured log. Never given a message's text, a token, or a client id. Safe for use from several
/// threads.
class Log {
 public:
  virtual ~Log() = default;
  virtual void write(LogLevel level, std::string_view event, std::span<const LogField> fields) = 0;

  void debug(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::kDebug, event, {fields.begin(), fields.size()});
  }
  void info(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::kInfo, event, {fields.begin(), fields.size()});
  }
  void warn(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::kWarn, event, {fields.begin(), fields.size()});
  }
  void error(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::kError, event, {fields.begin(), fields.size()});
  }
};

// --- policies
// -------------------------------------------------------------------------------------------------

/// Where the content filters in force are to be had. They change while the engine works. Safe for use from
/// several threads.
class FilterSource {
 public:
  virtual ~FilterSource() = default;
  /// Null where there are none.
  virtual std::shared_ptr<const ContentFilter> current() const = 0;
};

/// The content filters as administrators see and change them. Safe for use from several threads.
class FilterAdmin {
 public:
  struct Status {
    std::size_t rules = 0;  ///< in force, as what follows
    std::size_t words = 0;
    std::size_t patterns = 0;
    /// Why the last attempt to read the rules anew changed nothing, line by line; empty where they are in
    /// force.
    std::vector<std::string> problems;
  };
  /// What is wrong with the rules, line by line; empty where they are stored and in force.
  using Replaced = std::function<void(const std::vector<std::string>& problems)>;

  virtual ~FilterAdmin() = default;
  virtual Status status() const = 0;
  /// Puts the rules of a JSON document in the place of those that the store holds, or changes nothing.
  /// `done` is called once, from any thread, also where this ends before it got to it.
  virtual void replace(std::string document, Replaced done) = 0;
};

/// The connections of clients to the embedded broker, as administrators see and end them. Safe for use from
/// several threads.
class ConnectionAdmin {
 public:
  struct Connection {
    std::uint64_t id = 0;  ///< unique while the process lives
    std::string client_id;
    std::string user;  ///< empty without authentication
    std::string address;
    std::string version;      ///< of MQTT
    bool persistent = false;  ///< its session outlives it
    Millis connected_at = 0;
    std::size_t subscriptions = 0;
    std::size_t in_flight = 0;  ///< QoS 1 and 2 that it has not acknowledged
    std::size_t queued = 0;     ///< that wait behind those
  };
  struct Query {
    std::optional<std::string> user;  ///< only his
    std::uint64_t after = 0;          ///< only those with a greater id
    std::size_t limit = 0;
  };
  using Listed = std::function<void(const std::vector<Connection>&)>;
  using Ended = std::function<void(bool there_was_one)>;

  virtual ~ConnectionAdmin() = default;
  /// In the order of their ids. `done` is called at most once, from any thread: not where the broker ends
  /// before.
  virtual void list(Query query, Listed done) = 0;
  /// Ends a connection; its client is told that an administrator did. `done` as above.
  virtual void disconnect(std::uint64_t id, Ended done) = 0;
};

/// A service of the operator's that is asked before a message is accepted.
class PolicyHook {
 public:
  using Done = std::function<void(const HookVerdict&)>;

  virtual ~PolicyHook() = default;

  /// For one thread. `done` is called once, from any thread, at once or within the hook's deadline, and must
  /// not block. The question's strings are copied where they are needed longer than this call.
  virtual void ask(const HookQuestion& question, Done done) = 0;
};

enum class Outcome {
  kDelivered,
  kRepeated,
  kRedelivered,
  kStored,
  kGroupUpdated,
  kReceipt,
  kConversation,  ///< patched or archived
  kPresence,
  kBlock,       ///< a user blocked or unblocked another
  kBan,         ///< an administrator banned or unbanned a user
  kHandedOver,  ///< an event that another engine left in the queue `webhooks`
  kIgnored,     ///< nothing follows from it: a status that says nothing new, presence that is switched off
  kRefused
};
enum class Stage { kDecide, kCommit, kPublish, kAcknowledge };
enum class LinkState { kDown, kConnecting, kStandby, kUp, kBlocked, kStoreFailed, kDraining, kStopped };

struct Depths {
  std::size_t waiting = 0;    ///< deliveries taken and not decided
  std::size_t in_flight = 0;  ///< deliveries decided and not acknowledged
  std::size_t jobs = 0;       ///< fan-out jobs unfinished
};

/// Where the engine says what it does, for metrics and readiness. Safe for use from several threads; never
/// blocks for long.
class Probe {
 public:
  virtual ~Probe() = default;
  virtual void counted(Outcome outcome) = 0;
  virtual void refused(Reason reason) = 0;
  /// A content filter matched a message; `rule` is its name.
  virtual void filtered(std::string_view rule, FilterAction action) = 0;
  /// Copies that nobody got because of a block.
  virtual void withheld(std::size_t copies) = 0;
  virtual void published(std::size_t count) = 0;
  virtual void took(Stage stage, SteadyClock::duration time) = 0;
  virtual void depths(const Depths& depths) = 0;
  /// `why` says it to people, and is empty where the state says all.
  virtual void link(LinkState state, std::string_view why) = 0;
};

/// Hears, in the engine's turn, what has just become durable. Must not block and must not throw.
class CommitListener {
 public:
  virtual ~CommitListener() = default;
  virtual void committed(const Commit& commit) noexcept = 0;
};

/// What became of a submission.
struct Verdict {
  std::optional<MessageId> message;  ///< the id of its first message, where it had one
  std::optional<Refusal> refusal;    ///< the first of its parts that was refused
  std::string failure;               ///< why nothing is known of it, or empty
  std::size_t refused_part = 0;      ///< which part the refusal is of
};

/// Brings what a neighbour of the broker (the REST API) has to say before the engine, by way of the broker:
/// its queue is what remembers it until it is committed. Safe for use from several threads.
class Submitter {
 public:
  enum class Await {
    kCommit,   ///< each part is heard and committed by this engine
    kConfirm,  ///< the broker has each part; for what the engine does not listen to
  };
  using Done = std::function<void(const Verdict&)>;

  virtual ~Submitter() = default;

  /// Publishes the parts in their order. `done` is called once, in the engine's turn or by the caller, and
  /// must not block: at once with a failure where the engine is not at work or has too much to do, and with
  /// one after `timeout` at the latest.
  virtual void submit(std::vector<Publication> parts, Await await, std::chrono::milliseconds timeout,
                      Done done) = 0;
};

}  // namespace inboxd
