#include "core/screening.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/decide.hpp"

/// The order of docs/policies.md: which rule wins where several apply.
namespace inboxd {
namespace {

/// A content filter with one rule for each action, which all match every message.
class FakeFilter final : public ContentFilter {
 public:
  Judgement judge(const Content& content) const override {
    Judgement judgement;
    for (const FilterAction action : actions) {
      judgement.matches.push_back({"rule", action});
      if (action == FilterAction::kReject) {
        judgement.rejection = Rejection{"rude", "Be polite"};
        judgement.changes.clear();
        return judgement;
      }
      if (action == FilterAction::kShadow) {
        judgement.shadowed = true;
        return judgement;
      }
      if (action == FilterAction::kMask) {
        const auto text = json::string_value(content.fields.find("text").value_or("")).value_or("");
        judgement.changes.emplace_back("text", json::quoted(std::string(text.size(), '*')));
      } else {
        judgement.changes.emplace_back("attributes", R"({"moderation":{"flags":["rule"]}})");
      }
    }
    return judgement;
  }

  std::vector<FilterAction> actions;
};

/// A message, and what is known as it is decided.
struct Scene {
  bool group = false;
  std::string payload = R"({"text":"hello"})";
  std::string sender = "a";
  Rules rules{{AppId{"tilechat"}, ".apps.tilechat.users", true, true}, /*fanout_slice=*/16};
  SendState state;
  FakeFilter filter;

  explicit Scene(bool to_group) : group(to_group) {
    state.now = 1'000;
    state.fresh_id = MessageId{"m1"};
    if (!group) return;
    payload = R"({"text":"hello","group":{"members":{"a":1,"b":1,"c":1}}})";
    rules.policy.max_group_members = 10;
  }

  void hook(HookVerdict verdict) {
    rules.policy.asks_hook = true;
    state.policy.hook = std::move(verdict);
  }
  void blocked(BlockNotice notice) {
    rules.policy.block_notice = notice;
    state.policy.blocked_by = [](const PartyId& owner) { return owner.view() == "b"; };
  }

  Decision decide() {
    state.policy.filter = &filter;
    const auto draft = read_draft(payload);
    const PartyId recipient{group ? "group-1" : "b"};
    return decide_send({Operation::kSend, PartyId{sender}, recipient, ""}, *draft, state, rules);
  }

  /// What the sender is told of a refusal; or who gets a copy, and what it says.
  std::string outcome() {
    const Decision decision = decide();
    if (const auto* refusal = std::get_if<Refusal>(&decision.outcome))
      return std::string(told_code(*refusal));
    const auto& accepted = std::get<Accepted>(decision.outcome);
    std::string text;
    for (const Copy& copy : accepted.copies) text += copy.row.timeline.owner.str() + " ";
    const auto body = json::parse_object(accepted.message.json);
    text += json::string_value(body->find("text").value_or("")).value_or("?");
    if (body->find("attributes")) text += " flagged";
    return text;
  }
};

/// Of the rules of one slot, one at most applies at a time.
enum class Slot { kBan, kLimit, kGroupSize, kMembership, kBlock, kHook, kReject, kMask, kFlag, kShadow };

struct Rule {
  const char* name;
  Slot slot;
  std::function<void(Scene&)> apply;
  const char* refused = nullptr;  ///< what the sender is told
};

const HookVerdict kHookRejects{HookVerdict::Kind::kReject, "spam", "Not here", {}, {}};
const HookVerdict kHookReplaces{HookVerdict::Kind::kAllow, "", "", R"("hi")", {}};
const HookVerdict kHookAllows{HookVerdict::Kind::kAllow, "", "", {}, {}};
const HookVerdict kNoVerdict;

void add_filter(Scene& scene, FilterAction action) { scene.filter.actions.push_back(action); }

/// In the documented order; the first of those that apply and refuse wins.
std::vector<Rule> rules_for(bool group) {
  std::vector<Rule> rules = {
      {"ban", Slot::kBan, [](Scene& s) { s.state.policy.ban.emplace(); }, "banned"},
      {"limit", Slot::kLimit, [](Scene& s) { s.state.policy.retry_after = 2; }, "rate_limited"},
  };
  if (group) {
    rules.push_back({"group too large", Slot::kGroupSize,
                     [](Scene& s) { s.rules.policy.max_group_members = 2; }, "group_too_large"});
    rules.push_back({"no member", Slot::kMembership,
                     [](Scene& s) {
                       s.rules.policy.group_send = GroupSend::kMembers;
                       s.state.group = std::make_shared<const Group>(Group{
                           .app = AppId{"tilechat"}, .id = PartyId{"group-1"}, .members = {}, .json = "{}"});
                     },
                     "not_member"});
    rules.push_back({"block told", Slot::kBlock, [](Scene& s) { s.blocked(BlockNotice::kTold); }});
  } else {
    rules.push_back({"block told", Slot::kBlock, [](Scene& s) { s.blocked(BlockNotice::kTold); }, "blocked"});
  }
  const std::vector<Rule> rest = {
      {"hook rejects", Slot::kHook, [](Scene& s) { s.hook(kHookRejects); }, "spam"},
      {"hook unavailable, closed", Slot::kHook,
       [](Scene& s) {
         s.hook(kNoVerdict);
         s.rules.policy.hook_fail_open = false;
       },
       "hook_unavailable"},
      {"hook unavailable, open", Slot::kHook, [](Scene& s) { s.hook(kNoVerdict); }},
      {"hook allows", Slot::kHook, [](Scene& s) { s.hook(kHookAllows); }},
      {"hook replaces", Slot::kHook, [](Scene& s) { s.hook(kHookReplaces); }},
      {"mask", Slot::kMask, [](Scene& s) { add_filter(s, FilterAction::kMask); }},
      {"flag", Slot::kFlag, [](Scene& s) { add_filter(s, FilterAction::kFlag); }},
      {"reject", Slot::kReject, [](Scene& s) { add_filter(s, FilterAction::kReject); }, "rude"},
      {"shadow", Slot::kShadow, [](Scene& s) { add_filter(s, FilterAction::kShadow); }},
      {"block silent", Slot::kBlock, [](Scene& s) { s.blocked(BlockNotice::kSilent); }},
  };
  rules.insert(rules.end(), rest.begin(), rest.end());
  return rules;
}

bool holds(const std::vector<const Rule*>& applied, std::string_view name) {
  return std::any_of(applied.begin(), applied.end(), [&](const Rule* rule) { return rule->name == name; });
}

/// What the documentation says of these rules together.
std::string documented(const std::vector<const Rule*>& applied, bool group) {
  for (const Rule* rule : applied) {
    if (rule->refused != nullptr) return rule->refused;
  }
  const bool withheld = holds(applied, "block silent") || (group && holds(applied, "block told"));
  std::string text;
  if (holds(applied, "shadow")) {
    text = "a ";
  } else if (group) {
    text = withheld ? "group-1 a c " : "group-1 a b c ";
  } else {
    text = withheld ? "a " : "b a ";
  }
  std::string said = holds(applied, "hook replaces") ? "hi" : "hello";
  if (holds(applied, "mask")) said = std::string(said.size(), '*');
  return text + said + (holds(applied, "flag") ? " flagged" : "");
}

std::string names(const std::vector<const Rule*>& applied) {
  std::string text;
  for (const Rule* rule : applied) text += std::string(rule->name) + ", ";
  return text;
}

/// Goes through every set of rules that can apply together: each alone, every pair, and all larger ones.
void check_sets(const std::vector<Rule>& rules, std::size_t next, bool group,
                std::vector<const Rule*>& applied, int& checked) {
  if (next == rules.size()) {
    Scene scene(group);
    for (const Rule* rule : applied) rule->apply(scene);
    EXPECT_EQ(scene.outcome(), documented(applied, group)) << names(applied);
    ++checked;
    return;
  }
  check_sets(rules, next + 1, group, applied, checked);
  const Rule& rule = rules[next];
  const bool free = std::none_of(applied.begin(), applied.end(),
                                 [&](const Rule* other) { return other->slot == rule.slot; });
  if (!free) return;
  applied.push_back(&rule);
  check_sets(rules, next + 1, group, applied, checked);
  applied.pop_back();
}

TEST(ScreeningTest, EverySetOfRulesOnADirectMessage) {
  int checked = 0;
  std::vector<const Rule*> applied;
  check_sets(rules_for(false), 0, false, applied, checked);
  EXPECT_EQ(checked, 2 * 2 * 3 * 6 * 16) << "ban, limit, block, hook, filters";
}

TEST(ScreeningTest, EverySetOfRulesOnAGroupMessage) {
  int checked = 0;
  std::vector<const Rule*> applied;
  check_sets(rules_for(true), 0, true, applied, checked);
  EXPECT_EQ(checked, 2 * 2 * 2 * 2 * 3 * 6 * 16);
}

struct PairCase {
  const char* first;
  const char* second;
  bool group;
  const char* outcome;
};

// Some of them spelt out, so that the table above is not its own judge.
const PairCase kPairs[] = {
    {"ban", "limit", false, "banned"},
    {"ban", "group too large", true, "banned"},
    {"limit", "no member", true, "rate_limited"},
    {"limit", "block told", false, "rate_limited"},
    {"group too large", "no member", true, "group_too_large"},
    {"no member", "hook rejects", true, "not_member"},
    {"block told", "hook rejects", false, "blocked"},
    {"block told", "hook rejects", true, "spam"},
    {"block told", "reject", false, "blocked"},
    {"hook rejects", "reject", false, "spam"},
    {"hook rejects", "block silent", false, "spam"},
    {"hook unavailable, closed", "reject", false, "hook_unavailable"},
    {"hook unavailable, open", "reject", false, "rude"},
    {"hook replaces", "mask", false, "b a **"},
    {"hook replaces", "shadow", false, "a hi"},
    {"reject", "block silent", false, "rude"},
    {"mask", "reject", false, "rude"},
    {"mask", "block silent", false, "a *****"},
    {"mask", "shadow", true, "a *****"},
    {"flag", "block silent", true, "group-1 a c hello flagged"},
    {"shadow", "block silent", false, "a hello"},
};

TEST(ScreeningTest, WhichOfTwoWins) {
  for (const PairCase& c : kPairs) {
    Scene scene(c.group);
    for (const Rule& rule : rules_for(c.group)) {
      if (rule.name == std::string_view(c.first) || rule.name == std::string_view(c.second))
        rule.apply(scene);
    }
    EXPECT_EQ(scene.outcome(), c.outcome) << c.first << ", " << c.second;
  }
}

TEST(ScreeningTest, TheSystemIsSparedAllButTheLimits) {
  for (const bool group : {false, true}) {
    for (const Rule& rule : rules_for(group)) {
      Scene scene(group);
      rule.apply(scene);
      scene.sender = "system";
      const std::string everyone = group ? "group-1 system a b c hello" : "b system hello";
      const bool limit = rule.slot == Slot::kLimit;
      EXPECT_EQ(scene.outcome(), limit ? "rate_limited" : everyone) << rule.name;
    }
  }
}

TEST(ScreeningTest, NobodyBlocksHimself) {
  const PolicyState state{.ban = {}, .retry_after = {}, .blocked_by = [](const PartyId&) { return true; }};
  EXPECT_FALSE(is_blocked(state, PartyId{"a"}, PartyId{"a"}));
  EXPECT_FALSE(is_blocked(state, PartyId{"b"}, PartyId{"system"}));
  EXPECT_TRUE(is_blocked(state, PartyId{"b"}, PartyId{"a"}));
  EXPECT_FALSE(is_blocked({}, PartyId{"b"}, PartyId{"a"})) << "nothing known of blocks: nobody does";
}

Refusal refusal_in(Scene& scene) {
  const Decision decision = scene.decide();
  const auto* refusal = std::get_if<Refusal>(&decision.outcome);
  return refusal == nullptr ? Refusal{Reason::kBadTopic, "accepted"} : *refusal;
}

TEST(ScreeningTest, WhatTheSenderIsTold) {
  Scene banned(false);
  banned.state.policy.ban = BanRow{.app = {}, .user = {}, .reason = "advertising", .until = {}};
  EXPECT_EQ(refusal_in(banned).detail, "you may not send anything: advertising");

  Scene limited(false);
  limited.state.policy.retry_after = 7;
  EXPECT_EQ(refusal_in(limited).retry_after, 7);

  Scene rejected(false);
  rejected.hook(kHookRejects);
  EXPECT_EQ(refusal_in(rejected).reason, Reason::kHookRejected);
  EXPECT_EQ(told_detail(refusal_in(rejected)), "Not here");

  Scene filtered(false);
  add_filter(filtered, FilterAction::kReject);
  EXPECT_EQ(refusal_in(filtered).reason, Reason::kFiltered);
  EXPECT_EQ(told_detail(refusal_in(filtered)), "Be polite");
}

TEST(ScreeningTest, MatchesAreCountedAlsoOfWhatIsRejected) {
  Scene scene(false);
  add_filter(scene, FilterAction::kMask);
  add_filter(scene, FilterAction::kReject);
  const auto matches = scene.decide().matches;
  ASSERT_EQ(matches.size(), 2U);
  EXPECT_EQ(matches[1].action, FilterAction::kReject);

  Scene banned(false);
  add_filter(banned, FilterAction::kReject);
  banned.state.policy.ban.emplace();
  EXPECT_TRUE(banned.decide().matches.empty()) << "no filter is asked about what was refused before";
}

struct MemberCase {
  const char* what;
  const char* payload;
  std::vector<const char*> stored;  ///< members; none: the group is not stored
  bool may_send;
};

TEST(ScreeningTest, WhoIsAMember) {
  const MemberCase cases[] = {
      {"of a stored group", "{}", {"a", "b"}, true},
      {"not of a stored group", "{}", {"b"}, false},
      {"of a group that nobody told of", "{}", {}, false},
      {"of one that comes with its members: the sender is added",
       R"({"group":{"members":{"b":1}}})",
       {},
       true},
      {"not by what he himself says of a stored group", R"({"group":{"members":{"a":1}}})", {"b"}, false},
      {"of one made by its channel type", R"({"channel_type":"group"})", {"a"}, true},
  };
  for (const MemberCase& c : cases) {
    for (const GroupSend rule : {GroupSend::kMembers, GroupSend::kAnyone}) {
      Scene scene(true);
      scene.payload = c.payload;
      scene.rules.policy.group_send = rule;
      if (!c.stored.empty()) {
        Group group{AppId{"tilechat"}, PartyId{"group-1"}, {}, "{}"};
        for (const char* member : c.stored) group.members.emplace_back(member);
        scene.state.group = std::make_shared<const Group>(std::move(group));
      }
      const bool accepted = std::holds_alternative<Accepted>(scene.decide().outcome);
      EXPECT_EQ(accepted, c.may_send || rule == GroupSend::kAnyone) << c.what;
    }
  }
}

struct HookCase {
  const char* what;
  const char* payload;
  HookVerdict verdict;
  const char*
      body;  ///< the beginning of what is stored; null: refused where nothing passes without a verdict
};

HookVerdict replacing(std::optional<std::string> text, std::optional<std::string> attributes) {
  return {HookVerdict::Kind::kAllow, "", "", std::move(text), std::move(attributes)};
}

const HookCase kHookCases[] = {
    {"the text alone", R"({"text":"hello","attributes":{"x":1}})", replacing(R"("hi")", {}),
     R"({"text":"hi","attributes":{"x":1},"message_id")"},
    {"attributes alone, as a whole", R"({"text":"hello","attributes":{"x":1}})", replacing({}, R"({"y":2})"),
     R"({"text":"hello","attributes":{"y":2},"message_id")"},
    {"a text where there was none", "{}", replacing(R"("hi")", {}), R"({"text":"hi","message_id")"},
    {"the tempUID stays", R"({"attributes":{"tempUID":"u1","x":1}})", replacing({}, R"({"y":2})"),
     R"({"attributes":{"tempUID":"u1","y":2},"message_id")"},
    {"also against the hook's", R"({"attributes":{"tempUID":"u1"}})", replacing({}, R"({"tempUID":"u2"})"),
     R"({"attributes":{"tempUID":"u1"},"message_id")"},
    {"what is no text", R"({"text":"hello"})", replacing("7", {}), nullptr},
    {"one that the sender did not give is another message's", R"({"text":"hello"})",
     replacing({}, R"({"tempUID":"u2","y":2})"), R"({"text":"hello","attributes":{"y":2},"message_id")"},
    {"whom it is hidden from, and whether it is told of",
     R"({"attributes":{"hiddenFor":"b","privateFor":["c"],"updateconversation":false,"sendnotification":false}})",
     replacing({}, R"({"hiddenFor":"z","sendnotification":true,"y":2})"),
     R"({"attributes":{"hiddenFor":"b","privateFor":["c"],"updateconversation":false,"sendnotification":false,"y":2},"message_id")"},
    {"unless he said nothing of it", R"({"text":"hello"})", replacing({}, R"({"hiddenFor":"z"})"),
     R"({"text":"hello","attributes":{"hiddenFor":"z"},"message_id")"},
    {"what are no attributes", R"({"text":"hello"})", replacing({}, "[]"), nullptr},
    {"more than a message may hold", R"({"text":"hello"})",
     replacing(json::quoted(std::string(1'000, 'x')), {}), nullptr},
};

TEST(ScreeningTest, WhatTheHookMakesOfAMessage) {
  for (const HookCase& c : kHookCases) {
    Scene scene(false);
    scene.payload = c.payload;
    scene.hook(c.verdict);
    scene.rules.policy.max_message_bytes = 500;
    scene.rules.policy.hook_fail_open = false;
    const Decision decision = scene.decide();
    if (c.body == nullptr) {
      ASSERT_TRUE(std::holds_alternative<Refusal>(decision.outcome)) << c.what;
      EXPECT_EQ(std::get<Refusal>(decision.outcome).reason, Reason::kHookUnavailable) << c.what;
      scene.rules.policy.hook_fail_open = true;
      EXPECT_EQ(scene.outcome(), "b a hello") << "it passes as it was: " << c.what;
      continue;
    }
    ASSERT_TRUE(std::holds_alternative<Accepted>(decision.outcome)) << c.what;
    const std::string& body = std::get<Accepted>(decision.outcome).message.json;
    EXPECT_TRUE(body.starts_with(c.body)) << c.what << ": " << body;
  }
}

TEST(ScreeningTest, WhereThereIsNoHookNoVerdictIsMissed) {
  Scene scene(false);
  scene.rules.policy.hook_fail_open = false;
  EXPECT_EQ(scene.outcome(), "b a hello");
}

// Nobody chooses his rules by a field: what calls itself a group's, to one who need not be a group, is judged
// as both.
TEST(ContentOfTest, SaysWhereAMessageGoes) {
  struct Case {
    const char* recipient;
    const char* message;
    bool direct;
    bool group;
  };
  const Case cases[] = {
      {"b", R"({"text":"x"})", true, false},
      {"b", R"({"text":"x","channel_type":"group"})", true, true},
      {"b", R"({"text":"x","channel_type":"group","group":{"members":{"c":1}}})", true, true},
      {"group-1", R"({"text":"x"})", false, true},
      {"group-1", R"({"text":"x","channel_type":"direct"})", false, true},
  };
  const AppId app{"tilechat"};
  const PartyId sender{"a"};
  for (const Case& one : cases) {
    const PartyId recipient{one.recipient};
    const auto draft = read_draft(one.message);
    const Content content = content_of(app, sender, recipient, *draft);
    EXPECT_EQ(content.direct, one.direct) << one.recipient << one.message;
    EXPECT_EQ(content.group, one.group) << one.recipient << one.message;
  }
}

TEST(ScreeningTest, WhoIsToldOfABlockIsToldWhateverHisMessageCallsItself) {
  Scene scene(false);
  scene.payload = R"({"text":"x","channel_type":"group"})";
  scene.blocked(BlockNotice::kTold);
  EXPECT_EQ(scene.outcome(), "blocked");
}

// A filter that flags writes `attributes` anew: the members whom the message is hidden from stay so.
TEST(ScreeningTest, WhatAFilterChangesRevealsNothing) {
  Scene scene(true);
  scene.payload =
      R"({"text":"hello","attributes":{"hiddenFor":"b"},"group":{"members":{"a":1,"b":1,"c":1}}})";
  add_filter(scene, FilterAction::kFlag);
  EXPECT_EQ(scene.outcome(), "group-1 a c hello flagged");
}

}  // namespace
}  // namespace inboxd
