#include "core/decide.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/json.hpp"

namespace inboxd {
namespace {

const Rules kRules{{AppId{"tilechat"}, ".apps.tilechat.users", true, true}, /*fanout_slice=*/4};

Address to(const char* sender, const char* recipient) {
  return {Operation::kSend, PartyId{sender}, PartyId{recipient}, ""};
}

SendState state() {
  SendState state;
  state.now = 1'000;
  state.fresh_id = MessageId{"m1"};
  return state;
}

std::shared_ptr<const Group> group(std::initializer_list<const char*> members) {
  Group group{AppId{"tilechat"}, PartyId{"group-1"}, {}, "{}"};
  for (const char* member : members) group.members.emplace_back(member);
  return std::make_shared<const Group>(std::move(group));
}

/// "owner<peer:status" for each copy, `*` where the conversation becomes new; then the deferred members.
std::string summary(const Accepted& accepted) {
  std::string text;
  for (const Copy& copy : accepted.copies) {
    text += copy.row.timeline.owner.str() + "<" + copy.row.timeline.peer.str() + ":" +
            std::to_string(static_cast<int>(copy.row.status)) + (copy.is_new ? "* " : " ");
  }
  for (const PartyId& member : accepted.deferred) text += "later:" + member.str() + " ";
  return text.empty() ? text : text.substr(0, text.size() - 1);
}

struct FanoutCase {
  const char* what;
  const char* sender;
  const char* recipient;
  const char* payload;
  std::shared_ptr<const Group> stored;
  bool busy;
  const char* copies;
};

// PROTOCOL 3 and 4.
const FanoutCase kFanouts[] = {
    {"direct", "a", "b", "{}", nullptr, false, "b<a:150* a<b:100"},
    {"to oneself: one row", "a", "a", "{}", nullptr, false, "a<a:100"},
    {"inline group without group channel or id is only a field", "a", "b", R"({"group":{"members":{"c":1}}})",
     nullptr, false, "b<a:150* a<b:100"},
    {"stored group", "a", "group-1", "{}", group({"a", "b", "c"}), false,
     "group-1<group-1:100* a<group-1:150 b<group-1:150* c<group-1:150*"},
    {"the channel type makes a group of any recipient", "a", "team", R"({"channel_type":"group"})",
     group({"a", "b"}), false, "team<team:100* a<team:150 b<team:150*"},
    {"a sender who is no member of a stored group gets no copy", "bot", "group-1", "{}", group({"a", "b"}),
     false, "group-1<group-1:100* a<group-1:150* b<group-1:150*"},
    {"a group that does not exist: sender and group timeline", "a", "group-1", "{}", nullptr, false,
     "group-1<group-1:100* a<group-1:150"},
    {"inline group: as it is, with group id and sender added", "a", "group-1",
     R"({"group":{"members":{"b":1,"c":0}}})", nullptr, false,
     "group-1<group-1:100* a<group-1:150 b<group-1:150* c<group-1:150*"},
    {"inline wins over stored", "a", "group-1", R"({"group":{"members":{"x":1}}})", group({"a", "b"}), false,
     "group-1<group-1:100* a<group-1:150 x<group-1:150*"},
    {"the group's own id among its members makes no second copy", "a", "group-1",
     R"({"group":{"members":{"group-1":1,"b":1}}})", nullptr, false,
     "group-1<group-1:100* a<group-1:150 b<group-1:150*"},
    {"an empty stored group", "a", "group-1", "{}", group({}), false, "group-1<group-1:100*"},
    {"hidden for one", "a", "group-1", R"({"attributes":{"hiddenFor":"b"}})", group({"a", "b", "c"}), false,
     "group-1<group-1:100* a<group-1:150 c<group-1:150*"},
    {"hidden for the first of several: the later ones still get it", "a", "group-1",
     R"({"attributes":{"hiddenFor":["a","c"]}})", group({"a", "b", "c", "d"}), false,
     "group-1<group-1:100* b<group-1:150* d<group-1:150*"},
    {"private is hidden", "a", "group-1", R"({"attributes":{"privateFor":["c"]}})", group({"a", "b", "c"}),
     false, "group-1<group-1:100* a<group-1:150 b<group-1:150*"},
    {"both lists count", "a", "group-1", R"({"attributes":{"privateFor":["c"],"hiddenFor":"b"}})",
     group({"a", "b", "c"}), false, "group-1<group-1:100* a<group-1:150"},
    {"as many as a slice: at once", "a", "group-1", "{}", group({"a", "b", "c", "d", "e"}), false,
     "group-1<group-1:100* a<group-1:150 b<group-1:150* c<group-1:150* d<group-1:150* e<group-1:150*"},
    {"more than a slice: by a job, the sender's own copy at once", "a", "group-1", "{}",
     group({"a", "b", "c", "d", "e", "f"}), false,
     "group-1<group-1:100* a<group-1:150 later:b later:c later:d later:e later:f"},
    {"behind a job that is not finished", "a", "group-1", "{}", group({"a", "b"}), true,
     "group-1<group-1:100* a<group-1:150 later:b"},
};

TEST(DecideTest, WhoGetsACopy) {
  for (const FanoutCase& c : kFanouts) {
    const auto draft = read_draft(c.payload);
    ASSERT_TRUE(draft) << c.what;
    SendState known = state();
    known.group = c.stored;
    known.group_is_busy = c.busy;
    const auto decision = decide_send(to(c.sender, c.recipient), *draft, known, kRules);
    const auto* accepted = std::get_if<Accepted>(&decision.outcome);
    ASSERT_NE(accepted, nullptr) << c.what;
    EXPECT_EQ(summary(*accepted), c.copies) << c.what;
    EXPECT_EQ(accepted->message.deferred_fanout, !accepted->deferred.empty()) << c.what;
  }
}

TEST(DecideTest, TheConversationStaysWhereTheMessageSaysSo) {
  for (const auto& [payload, updates] :
       {std::pair{R"({"attributes":{"updateconversation":false}})", false}, std::pair{"{}", true}}) {
    const auto draft = read_draft(payload);
    const auto decision = decide_send(to("a", "b"), *draft, state(), kRules);
    EXPECT_EQ(std::get<Accepted>(decision.outcome).updates_conversations, updates);
  }
}

// PROTOCOL 1: refused before the commit when any key derived from the message would pass 255 bytes.
TEST(DecideTest, RefusesIdsThatMakeKeysTooLong) {
  const std::string long_id(128, 'x');
  const auto draft = read_draft("{}");
  const auto direct = decide_send(to(long_id.c_str(), long_id.c_str()), *draft, state(), kRules);
  ASSERT_TRUE(std::holds_alternative<Refusal>(direct.outcome));
  EXPECT_EQ(std::get<Refusal>(direct.outcome).reason, Reason::kKeyTooLong);

  const std::string long_group = "group-" + std::string(110, 'x');
  const auto own_timeline = decide_send(to("a", long_group.c_str()), *draft, state(), kRules);
  EXPECT_TRUE(std::holds_alternative<Refusal>(own_timeline.outcome))
      << "the group's own timeline has it twice";

  SendState known = state();
  known.group = group({"a", long_id.c_str()});
  const std::string group_id = "group-" + std::string(60, 'x');
  const auto member = decide_send(to("a", group_id.c_str()), *draft, known, kRules);
  EXPECT_TRUE(std::holds_alternative<Refusal>(member.outcome)) << "one member's key counts as well";
}

std::string announced(const Repeated& repeated) {
  std::string text;
  for (const TimelineRow& row : repeated.announce) {
    text += row.timeline.owner.str() + "<" + row.timeline.peer.str() + " ";
  }
  return text;
}

// PROTOCOL 2, idempotent send.
TEST(DecideTest, AResendIsAnsweredToTheSenderARedeliveryToAll) {
  const auto draft = read_draft("{}");
  StoredMessage earlier{
      .id = MessageId{"m0"}, .app = AppId{"tilechat"}, .sender = PartyId{"a"}, .recipient = PartyId{"b"}};
  EXPECT_EQ(announced(decide_repeat(to("a", "b"), *draft, earlier, false, nullptr)), "a<b ");
  EXPECT_EQ(announced(decide_repeat(to("a", "b"), *draft, earlier, true, nullptr)), "a<b b<a ");

  earlier.recipient = PartyId{"group-1"};
  const auto members = group({"a", "b", "c"});
  EXPECT_EQ(announced(decide_repeat(to("a", "group-1"), *draft, earlier, false, members)), "a<group-1 ");
  EXPECT_EQ(announced(decide_repeat(to("a", "group-1"), *draft, earlier, true, members)),
            "a<group-1 group-1<group-1 b<group-1 c<group-1 ");
  earlier.deferred_fanout = true;
  EXPECT_EQ(announced(decide_repeat(to("a", "group-1"), *draft, earlier, true, members)),
            "a<group-1 group-1<group-1 ")
      << "the job serves the members";
}

struct BackendCase {
  const char* what;
  Operation operation;
  const char* owner;
  const char* status;  ///< as JSON, empty: absent
  std::optional<Reason> refused;
  int stored_status;
  bool announced;
};

const BackendCase kBackendCases[] = {
    {"replay into an inbox", Operation::kDeliver, "b", "150", {}, 150, true},
    {"replay of another status", Operation::kDeliver, "b", "100", Reason::kBadStatus, 0, false},
    {"replay without status", Operation::kDeliver, "b", "", Reason::kBadStatus, 0, false},
    {"store only, sender's", Operation::kPersist, "a", "", {}, 100, false},
    {"store only, recipient's", Operation::kPersist, "b", "", {}, 150, false},
    {"store only, with its status", Operation::kPersist, "b", "200", {}, 200, false},
    {"store only, never sent", Operation::kPersist, "b", "0", Reason::kBadStatus, 0, false},
    {"store only, failed", Operation::kPersist, "b", "-100", Reason::kBadStatus, 0, false},
};

TEST(DecideTest, ServesTheBackEnd) {
  for (const BackendCase& c : kBackendCases) {
    std::string payload = R"({"message_id":"m7","sender":"a","recipient":"b","timestamp":5)";
    if (*c.status != '\0') payload += std::string(",\"status\":") + c.status;
    payload += "}";
    const auto message = read_backend_message(payload);
    ASSERT_TRUE(message) << c.what;
    const Address address{c.operation, PartyId{c.owner}, PartyId{"p"}, ""};
    const auto decision = decide_backend(address, *message, std::nullopt, {}, kRules);
    if (c.refused) {
      ASSERT_TRUE(std::holds_alternative<Refusal>(decision.outcome)) << c.what;
      EXPECT_EQ(std::get<Refusal>(decision.outcome).reason, *c.refused) << c.what;
      continue;
    }
    const auto& accepted = std::get<Accepted>(decision.outcome);
    ASSERT_EQ(accepted.copies.size(), 1U) << c.what;
    EXPECT_EQ(accepted.copies[0].row.timeline.owner.str(), c.owner)
        << "the topic names the inbox: " << c.what;
    EXPECT_EQ(accepted.copies[0].row.timeline.peer.str(), "p") << c.what;
    EXPECT_EQ(static_cast<int>(accepted.copies[0].row.status), c.stored_status) << c.what;
    EXPECT_EQ(accepted.message.id.str(), "m7") << "the payload names the message: " << c.what;
    EXPECT_EQ(accepted.announce, c.announced) << c.what;
  }
}

TEST(DecideTest, AMessageThatIsStoredKeepsItsBody) {
  const auto message = read_backend_message(
      R"({"message_id":"m7","sender":"x","recipient":"y","timestamp":99,"status":150,"text":"other"})");
  ASSERT_TRUE(message);
  const StoredMessage stored{.id = MessageId{"m7"},
                             .app = AppId{"tilechat"},
                             .sender = PartyId{"a"},
                             .recipient = PartyId{"group-1"},
                             .timestamp = 5,
                             .json = R"({"text":"first"})"};
  const Address address{Operation::kDeliver, PartyId{"b"}, PartyId{"group-1"}, ""};
  const auto decision = decide_backend(address, *message, stored, {}, kRules);
  const auto& accepted = std::get<Accepted>(decision.outcome);
  EXPECT_EQ(accepted.message, stored);
  EXPECT_EQ(accepted.copies[0].row.timestamp, 5);
}

BlockedBy blocked_by(std::vector<std::string> owners) {
  return [owners = std::move(owners)](const PartyId& owner) {
    return std::find(owners.begin(), owners.end(), owner.str()) != owners.end();
  };
}

struct BlockedCase {
  const char* what;
  const char* sender;
  const char* recipient;
  const char* payload;
  std::shared_ptr<const Group> stored;
  std::vector<std::string> blockers;  ///< who block the sender
  const char* copies;
  std::size_t withheld;
};

// docs/policies.md, Blocking.
const BlockedCase kBlockedCases[] = {
    {"direct: the sender's own copy is as always", "a", "b", "{}", nullptr, {"b"}, "a<b:100", 1},
    {"who blocks somebody can write to him", "a", "b", "{}", nullptr, {"c"}, "b<a:150* a<b:100", 0},
    {"to oneself", "a", "a", "{}", nullptr, {"a"}, "a<a:100", 0},
    {"the system's", "system", "b", "{}", nullptr, {"b"}, "b<system:150* system<b:100", 0},
    {"in a group, whose own timeline holds it all the same",
     "a",
     "group-1",
     "{}",
     group({"a", "b", "c"}),
     {"b"},
     "group-1<group-1:100* a<group-1:150 c<group-1:150*",
     1},
    {"in one that comes with its members",
     "a",
     "group-1",
     R"({"group":{"members":{"b":1,"c":1}}})",
     nullptr,
     {"b", "c"},
     "group-1<group-1:100* a<group-1:150",
     2},
    {"the system's, in a group",
     "system",
     "group-1",
     "{}",
     group({"a", "b"}),
     {"b"},
     "group-1<group-1:100* a<group-1:150* b<group-1:150*",
     0},
    {"calling a user a group is no way around",
     "a",
     "b",
     R"({"channel_type":"group"})",
     nullptr,
     {"b"},
     "a<b:150",
     1},
    {"who is hidden is not withheld as well",
     "a",
     "group-1",
     R"({"attributes":{"hiddenFor":"b"}})",
     group({"a", "b", "c"}),
     {"b"},
     "group-1<group-1:100* a<group-1:150 c<group-1:150*",
     0},
    {"of a large group",
     "a",
     "group-1",
     "{}",
     group({"a", "b", "c", "d", "e", "f"}),
     {"b", "f"},
     "group-1<group-1:100* a<group-1:150 later:c later:d later:e",
     2},
    {"all of a large group: nobody is left for a job",
     "a",
     "group-1",
     "{}",
     group({"a", "b", "c", "d", "e", "f"}),
     {"b", "c", "d", "e", "f"},
     "group-1<group-1:100* a<group-1:150",
     5},
};

TEST(DecideTest, WhoBlocksTheSenderGetsNoCopy) {
  for (const BlockedCase& c : kBlockedCases) {
    const auto draft = read_draft(c.payload);
    SendState known = state();
    known.group = c.stored;
    known.policy.blocked_by = blocked_by(c.blockers);
    const auto decision = decide_send(to(c.sender, c.recipient), *draft, known, kRules);
    const auto* accepted = std::get_if<Accepted>(&decision.outcome);
    ASSERT_NE(accepted, nullptr) << c.what;
    EXPECT_EQ(summary(*accepted), c.copies) << c.what;
    EXPECT_EQ(accepted->withheld, c.withheld) << c.what;
    EXPECT_EQ(accepted->message.deferred_fanout, !accepted->deferred.empty()) << c.what;
  }
}

/// Does one thing to every message.
class OneFilter final : public ContentFilter {
 public:
  explicit OneFilter(FilterAction action) : action_(action) {}
  Judgement judge(const Content&) const override {
    Judgement judgement;
    judgement.matches.push_back({"rule", action_});
    if (action_ == FilterAction::kReject) judgement.rejection = Rejection{"filtered", "no"};
    if (action_ == FilterAction::kMask) judgement.changes.emplace_back("text", R"("***")");
    judgement.shadowed = action_ == FilterAction::kShadow;
    return judgement;
  }

 private:
  FilterAction action_;
};

TEST(DecideTest, WhatIsShadowedGoesToItsSenderAlone) {
  const struct {
    const char* what;
    const char* sender;
    const char* recipient;
    std::shared_ptr<const Group> stored;
    const char* copies;
  } cases[] = {
      {"direct", "a", "b", nullptr, "a<b:100"},
      {"to oneself", "a", "a", nullptr, "a<a:100"},
      {"group", "a", "group-1", group({"a", "b", "c"}), "a<group-1:150"},
      {"large group", "a", "group-1", group({"a", "b", "c", "d", "e", "f"}), "a<group-1:150"},
      {"one who sees nothing of his own", "bot", "group-1", group({"a", "b"}), ""},
  };
  const OneFilter filter(FilterAction::kShadow);
  for (const auto& c : cases) {
    SendState known = state();
    known.group = c.stored;
    known.policy.filter = &filter;
    const auto draft = read_draft("{}");
    const auto decision = decide_send(to(c.sender, c.recipient), *draft, known, kRules);
    const auto& accepted = std::get<Accepted>(decision.outcome);
    EXPECT_EQ(summary(accepted), c.copies) << c.what;
    EXPECT_TRUE(accepted.message.shadowed) << c.what;
    EXPECT_FALSE(accepted.message.deferred_fanout) << c.what;
    EXPECT_EQ(accepted.withheld, 0U) << c.what;
  }
}

enum class Known { kNo, kYes, kShadowed };

struct BackendPolicyCase {
  const char* what;
  const char* owner;
  Known known;
  bool banned;
  bool blocks;
  std::optional<FilterAction> filter;
  std::optional<Reason> refused;
  const char* text;  ///< what is stored
};

constexpr auto kRejects = FilterAction::kReject;
constexpr auto kMasks = FilterAction::kMask;
constexpr auto kShadows = FilterAction::kShadow;

// docs/policies.md, The order: blocks always, bans and filters where the store does not know the message.
const BackendPolicyCase kBackendPolicies[] = {
    {"nothing against it", "b", Known::kNo, false, false, {}, {}, "hi"},
    {"blocked, new", "b", Known::kNo, false, true, {}, Reason::kBlocked, ""},
    {"blocked, known", "b", Known::kYes, false, true, {}, Reason::kBlocked, ""},
    {"blocked, the sender's own copy", "a", Known::kNo, false, true, {}, {}, "hi"},
    {"banned, new", "b", Known::kNo, true, false, {}, Reason::kBanned, ""},
    {"banned, known", "b", Known::kYes, true, false, {}, {}, "first"},
    {"rejected, new", "b", Known::kNo, false, false, kRejects, Reason::kFiltered, ""},
    {"rejected, known", "b", Known::kYes, false, false, kRejects, {}, "first"},
    {"masked, new", "b", Known::kNo, false, false, kMasks, {}, "***"},
    {"masked, known", "b", Known::kYes, false, false, kMasks, {}, "first"},
    {"shadowed, new, to another", "b", Known::kNo, false, false, kShadows, Reason::kFiltered, ""},
    {"shadowed, new, to its sender", "a", Known::kNo, false, false, kShadows, {}, "hi"},
    {"shadowed when it came in, to another", "b", Known::kShadowed, false, false, {}, Reason::kFiltered, ""},
    {"shadowed when it came in, to its sender", "a", Known::kShadowed, false, false, {}, {}, "first"},
    {"banned and blocked", "b", Known::kNo, true, true, kRejects, Reason::kBlocked, ""},
    {"banned and rejected", "b", Known::kNo, true, false, kRejects, Reason::kBanned, ""},
};

/// The stored message is a's, whoever the payload says it is.
Decision decide_of_backend(const BackendPolicyCase& c, Operation operation, const char* sender) {
  const std::string payload =
      std::string(R"({"message_id":"m7","recipient":"b","timestamp":5,"status":150,)") +
      R"("text":"hi","sender":")" + sender + "\"}";
  const auto message = read_backend_message(payload);
  std::optional<StoredMessage> stored;
  if (c.known != Known::kNo) {
    stored = StoredMessage{.id = MessageId{"m7"},
                           .app = AppId{"tilechat"},
                           .sender = PartyId{"a"},
                           .recipient = PartyId{"b"},
                           .timestamp = 5,
                           .shadowed = c.known == Known::kShadowed,
                           .json = R"({"text":"first"})"};
  }
  PolicyState policy;
  if (c.banned) policy.ban.emplace();
  if (c.blocks) policy.blocked_by = blocked_by({"a", "b"});
  const OneFilter filter(c.filter.value_or(FilterAction::kFlag));
  if (c.filter) policy.filter = &filter;
  return decide_backend({operation, PartyId{c.owner}, PartyId{"p"}, ""}, *message, stored, policy, kRules);
}

TEST(DecideTest, PoliciesOnWhatTheBackEndPutsIntoInboxes) {
  for (const BackendPolicyCase& c : kBackendPolicies) {
    for (const Operation operation : {Operation::kDeliver, Operation::kPersist}) {
      const Decision decision = decide_of_backend(c, operation, "a");
      const auto* refusal = std::get_if<Refusal>(&decision.outcome);
      ASSERT_EQ(refusal != nullptr, c.refused.has_value()) << c.what;
      if (refusal != nullptr) {
        EXPECT_EQ(refusal->reason, *c.refused) << c.what;
        continue;
      }
      const auto& accepted = std::get<Accepted>(decision.outcome);
      EXPECT_EQ(json::parse_object(accepted.message.json)->find("text"), json::quoted(c.text)) << c.what;
      EXPECT_EQ(accepted.message.shadowed, c.known == Known::kShadowed || c.filter == kShadows) << c.what;
    }
  }
}

TEST(DecideTest, ABackEndCannotPassAMessageOffAsAnothers) {
  for (const char* sender : {"b", "system", "zoe"}) {
    const BackendPolicyCase known = {"", "b", Known::kYes, false, true, {}, {}, ""};
    const Decision decision = decide_of_backend(known, Operation::kDeliver, sender);
    ASSERT_TRUE(std::holds_alternative<Refusal>(decision.outcome)) << sender;
    EXPECT_EQ(std::get<Refusal>(decision.outcome).reason, Reason::kBlocked) << sender;
  }
}

TEST(DecideTest, OfTheSystemsOnlyTheLimitsAreLookedAt) {
  const BackendPolicyCase all = {"", "b", Known::kNo, true, true, kRejects, {}, ""};
  const Decision decision = decide_of_backend(all, Operation::kDeliver, "system");
  EXPECT_TRUE(std::holds_alternative<Accepted>(decision.outcome));
  EXPECT_TRUE(decision.matches.empty());
}

TEST(DecideTest, TheSenderIsToldWhenToTryAgain) {
  Refusal refusal{Reason::kRateLimited, "too many"};
  refusal.retry_after = 7;
  const auto limited = refusal_notice(kRules.topics, PartyId{"a"}, PartyId{"b"}, "u-1", refusal);
  EXPECT_TRUE(
      limited->payload.ends_with(R"("error":{"code":"rate_limited","message":"too many","retry_after":7}})"));
  const Refusal rude{Reason::kFiltered, "rejected by the filter insults", "rude", "Be polite"};
  const auto filtered = refusal_notice(kRules.topics, PartyId{"a"}, PartyId{"b"}, "u-1", rude);
  EXPECT_TRUE(filtered->payload.ends_with(R"("error":{"code":"rude","message":"Be polite"}})"));
}

// PROTOCOL 12.
TEST(DecideTest, TheSenderIsToldOnHisOwnInbox) {
  const Refusal refusal{Reason::kBadField, "text must be a string"};
  const auto notice = refusal_notice(kRules.topics, PartyId{"a"}, PartyId{"b"}, "u-1", refusal);
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->keys, (std::vector<std::string>{"apps.tilechat.users.a.messages.b.u-1.clientupdated",
                                                    ".apps.tilechat.users.a.b.messages.u-1.clientupdated"}));
  EXPECT_EQ(notice->payload, R"({"message_id":"u-1","timelineOf":"a","status":-100,)"
                             R"("error":{"code":"bad_field","message":"text must be a string"}})");
  for (const std::optional<std::string>& unusable :
       {std::optional<std::string>{}, std::optional<std::string>{"a.b"}, std::optional<std::string>{"#"}}) {
    const auto anonymous = refusal_notice(kRules.topics, PartyId{"a"}, PartyId{"b"}, unusable, refusal);
    ASSERT_TRUE(anonymous);
    EXPECT_EQ(anonymous->keys.front(), "apps.tilechat.users.a.messages.b.-.clientupdated");
  }
  const PartyId longest{std::string(128, 'x')};
  EXPECT_FALSE(refusal_notice(kRules.topics, longest, longest, std::nullopt, refusal))
      << "no topic can carry it";
}

}  // namespace
}  // namespace inboxd
