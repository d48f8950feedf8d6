#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "engine_fixture.hpp"
#include "policy_fixture.hpp"

/// Whatever is blocked, banned, filtered and sent, by whichever way: no row, no publication and no event
/// exists that a rule forbids at its time, and every one that none forbids is there.
namespace inboxd {
namespace {

using std::chrono::milliseconds;
using FilterRules = std::vector<testing::WordFilter::Rule>;
using Names = std::set<std::string>;

const AppId kApp{"tilechat"};
const std::string kSystem = "system";
const std::vector<std::string> kUsers = {"a", "b", "c", "d", "e", "f"};
/// Stored at the beginning. group-2 is large, and served by jobs; of group-3 nobody told the engine.
const std::map<std::string, std::vector<std::string>> kGroups = {{"group-1", {"a", "b", "c"}},
                                                                 {"group-2", kUsers}};

bool is_group(const std::string& id) { return id.starts_with("group-"); }

bool contains(const std::vector<std::string>& ids, const std::string& id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

/// A message, as its sender wrote it.
struct Said {
  std::string from;
  std::string to;
  std::string text;                                        ///< begins with a word of its own
  std::string uid;                                         ///< tempUID, or empty
  std::optional<std::vector<std::string>> inline_members;  ///< brought along
};

/// What a back end puts into an inbox.
struct Put {
  std::string inbox;
  std::string peer;
  std::string id;
  std::string from;  ///< as the payload says
  std::string text;  ///< likewise
  bool delivers = true;
};

/// What is stored of a message.
struct Stored {
  std::string from;
  std::string text;
  bool shadowed = false;
};

/// docs/policies.md once more, as simply as possible, over names: what must exist, and what may.
class Model {
 public:
  bool told = false;          ///< BLOCK_NOTICE
  bool members_only = false;  ///< GROUP_SEND
  bool hook = false;          ///< there is one; it rejects what speaks of spam
  Millis now = 0;
  FilterRules filters;

  void block(const std::string& owner, const std::string& user, bool on) {
    if (owner == user || user == kSystem) return;
    if (!on) {
      blocks_.erase({owner, user});
      return;
    }
    blocks_.insert({owner, user});
    // What a job has yet to write is withheld from now on; how far the job has come, nobody knows.
    for (const auto& [member, copy] : on_their_way_) {
      if (member == owner && copy.first == user) make_uncertain(copy.second);
    }
  }

  void ban(const std::string& user, bool on, std::optional<Millis> until) {
    if (user == kSystem) return;
    bans_.erase(user);
    if (on) bans_[user] = until;
  }

  /// Everything that was said is carried out.
  void round_ends() { on_their_way_.clear(); }

  void say(const Said& said) {
    const auto name = std::tuple(said.from, said.to, said.uid);
    if (!said.uid.empty() && named_.contains(name)) return;
    if (may_not_send(said)) return;
    if (hook && said.from != kSystem && said.text.find("spam") != std::string::npos) return;
    const auto stored = judge(said.from, said.text);
    if (!stored) return;
    if (!said.uid.empty()) named_.insert(name);
    if (stored->shadowed) shadowed_.insert(stored->text);
    is_group(said.to) ? to_group(said, *stored) : to_user(said, *stored);
  }

  /// `known`: the sender and text under this id, where a client's message got it from the engine.
  void put(const Put& put, const std::optional<std::pair<std::string, std::string>>& known) {
    if (known) by_id_[put.id] = {known->first, known->second, shadowed_.contains(known->second)};
    const auto found = by_id_.find(put.id);
    const bool is_stored = found != by_id_.end();
    const std::string from = is_stored ? found->second.from : put.from;
    if (blocked(put.inbox, from) || (!is_stored && banned(from))) return;
    const auto stored = is_stored ? std::optional(found->second) : judge(from, put.text);
    if (!stored || (stored->shadowed && put.inbox != from)) return;
    by_id_[put.id] = *stored;
    const std::string row = row_name(put.inbox, put.peer, *stored);
    const bool is_new = rows.insert(row).second;
    if (!put.delivers) return;
    published.insert(row);
    if (is_new && !stored->shadowed) events.insert("message-delivered " + row);
  }

  Names rows;       ///< "owner<peer text" of each that must exist
  Names published;  ///< likewise
  Names events;     ///< "type owner<peer text"
  Names maybe;      ///< of all three, those that may exist

 private:
  bool blocked(const std::string& owner, const std::string& user) const {
    return blocks_.contains({owner, user});
  }

  bool banned(const std::string& user) const {
    const auto ban = bans_.find(user);
    return ban != bans_.end() && (!ban->second || now < *ban->second);
  }

  bool may_not_send(const Said& said) const {
    if (banned(said.from)) return true;
    if (!is_group(said.to)) return told && blocked(said.to, said.from);
    if (!members_only || said.from == kSystem) return false;
    const auto group = kGroups.find(said.to);
    return group == kGroups.end() ? !said.inline_members : !contains(group->second, said.from);
  }

  /// Nothing where a filter rejects it.
  std::optional<Stored> judge(const std::string& from, std::string text) const {
    if (from == kSystem) return Stored{from, text};
    for (const auto& [word, action] : filters) {
      const auto at = text.find(word);
      if (at == std::string::npos) continue;
      if (action == FilterAction::kReject) return std::nullopt;
      if (action == FilterAction::kShadow) return Stored{from, text, true};
      if (action == FilterAction::kMask) text.replace(at, word.size(), std::string(word.size(), '*'));
    }
    return Stored{from, text};
  }

  static std::string row_name(const std::string& owner, const std::string& peer, const Stored& message) {
    return owner + "<" + peer + " " + message.text;
  }

  void copy(const std::string& owner, const std::string& peer, const Stored& message,
            const std::string& event) {
    const std::string row = row_name(owner, peer, message);
    rows.insert(row);
    published.insert(row);
    if (!message.shadowed) events.insert(event + " " + row);
  }

  void to_user(const Said& said, const Stored& message) {
    copy(said.from, said.to, message, "message-sent");
    const bool withheld = message.shadowed || said.to == said.from || blocked(said.to, said.from);
    if (!withheld) copy(said.to, said.from, message, "message-delivered");
  }

  static std::vector<std::string> members_for(const Said& said) {
    const auto group = kGroups.find(said.to);
    if (!said.inline_members && group != kGroups.end()) return group->second;
    auto members = said.inline_members.value_or(std::vector<std::string>());
    if (!contains(members, said.from)) members.push_back(said.from);
    return members;
  }

  void to_group(const Said& said, const Stored& message) {
    if (!message.shadowed) copy(said.to, said.to, message, "message-sent");
    for (const std::string& member : members_for(said)) {
      const bool own = member == said.from;
      if (!own && (message.shadowed || blocked(member, said.from))) continue;
      copy(member, said.to, message, "message-delivered");
      if (!own) on_their_way_.emplace_back(member, std::pair(said.from, row_name(member, said.to, message)));
    }
  }

  void make_uncertain(const std::string& row) {
    rows.erase(row);
    published.erase(row);
    events.erase("message-delivered " + row);
    maybe.insert({row, "message-delivered " + row});
  }

  std::set<std::pair<std::string, std::string>> blocks_;  ///< owner, user
  std::map<std::string, std::optional<Millis>> bans_;
  std::set<std::tuple<std::string, std::string, std::string>> named_;  ///< accepted under a tempUID
  std::map<std::string, Stored> by_id_;                                ///< those that back ends named
  Names shadowed_;                                                     ///< texts
  /// Copies for members of groups, of this round: member, sender and row.
  std::vector<std::pair<std::string, std::pair<std::string, std::string>>> on_their_way_;
};

/// One engine, some rounds of a few deliveries each, and the model beside it.
class PolicyRun : public testing::EngineHarness {
 public:
  explicit PolicyRun(unsigned seed) : random_(seed) {
    settings.events.endpoints = {"http://hook"};
    settings.events.wanted.fill(true);
    settings.fanout_slice = 3;
    if (one_in(2)) settings.overlap_from = 1;
    model_.told = one_in(3);
    model_.members_only = one_in(3);
    model_.hook = one_in(2);
    settings.policy.block_notice = model_.told ? BlockNotice::kTold : BlockNotice::kSilent;
    settings.policy.group_send = model_.members_only ? GroupSend::kMembers : GroupSend::kAnyone;
    // The fake broker is idle once it has nothing left: what waits for the hook must not keep it from that.
    broker.prefetch = model_.hook ? 100 : 1 + pick(12);
    filters = &swapped_;
    if (model_.hook) hook = &held_;
    broker.holds_up = [this] { return !held_.open.empty(); };
  }

  void play() {
    for (const auto& [id, members] : kGroups) {
      broker.send("apps.observer.tilechat.groups.update",
                  R"({"group":{"uid":")" + id + R"(","members":)" + members_json(members) + "}}");
    }
    Engine engine(settings, ports());
    int rounds = 7;
    broker.on_idle = [&, this] {
      if (!held_.open.empty()) return answer_one();
      // That a job is done is noted after a while.
      if (!store.jobs().empty()) return clock.advance(milliseconds(100));
      model_.round_ends();
      if (rounds-- <= 0) return stop_when_done(engine);
      next_round(engine);
    };
    engine.run();
    compare();
  }

 private:
  std::size_t pick(std::size_t count) {
    return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_);
  }
  bool one_in(std::size_t count) { return pick(count) == 0; }
  const std::string& anyone() { return kUsers[pick(kUsers.size())]; }

  static std::string members_json(const std::vector<std::string>& members) {
    json::ObjectWriter writer;
    for (const std::string& member : members) writer.integer(member, 1);
    return writer.finish();
  }

  void answer_one() {
    const std::size_t index = pick(held_.open.size());
    const bool spam = held_.open[index].text().find("spam") != std::string::npos;
    const auto kind = spam ? HookVerdict::Kind::kReject : HookVerdict::Kind::kAllow;
    held_.answer(index, {kind, "spam", "no", {}, {}});
  }

  void next_round(Engine& engine) {
    clock.advance(milliseconds(pick(400)));
    if (one_in(5)) write_elsewhere();
    if (one_in(3)) swap_filters();
    model_.now = clock.now();
    note_ids();
    if (one_in(4)) return submit(engine);
    for (std::size_t i = 0, count = 1 + pick(8); i < count; ++i) one_delivery();
  }

  /// As another instance on the same store; in force within a second.
  void write_elsewhere() {
    const std::string owner = anyone();
    const std::string user = anyone();
    if (owner == user) return;
    const bool on = one_in(2);
    const BlockRow row{kApp, PartyId{owner}, PartyId{user}, clock.now()};
    Commit commit;
    (on ? commit.blocks : commit.removed_blocks).push_back(row);
    store.commit(commit);
    model_.block(owner, user, on);
    clock.advance(std::chrono::seconds(1));
  }

  void swap_filters() {
    constexpr std::array kActions = {FilterAction::kReject, FilterAction::kMask, FilterAction::kFlag,
                                     FilterAction::kShadow};
    model_.filters.clear();
    for (const char* word : {"one", "two", "three"}) {
      if (one_in(2)) model_.filters.push_back({word, kActions[pick(kActions.size())]});
    }
    swapped_.use(model_.filters);
  }

  void one_delivery() {
    switch (pick(8)) {
      case 0:
        return block();
      case 1:
        return one_in(2) ? ban() : block();
      case 2:
      case 3:
        return put();
      default:
        return say();
    }
  }

  void block() {
    const std::string owner = anyone();
    const std::string user = one_in(12) ? kSystem : anyone();
    const bool on = !one_in(3);
    const std::string layout = one_in(2) ? "." : "";
    broker.send(layout + "apps.tilechat.users." + owner + ".blocks." + user + ".update",
                on ? R"({"blocked":true})" : R"({"blocked":false})");
    model_.block(owner, user, on);
  }

  void ban() {
    const std::string user = one_in(12) ? kSystem : anyone();
    const bool on = one_in(2);
    std::optional<Millis> until;
    if (on && one_in(2)) until = clock.now() + static_cast<Millis>(pick(1'000));
    json::ObjectWriter payload;
    payload.boolean("banned", on);
    if (until) payload.integer("until", *until);
    broker.send("apps.observer.tilechat.bans." + user + ".update", payload.finish());
    model_.ban(user, on, until);
  }

  void say() {
    const Said said = !named_.empty() && one_in(5) ? named_[pick(named_.size())] : new_said();
    broker.send(key_of(said), payload_of(said));
    model_.say(said);
  }

  std::string new_text() {
    std::string text = "t" + std::to_string(++texts_);
    for (const char* word : {" one", " two", " three", " spam"}) {
      if (one_in(4)) text += word;
    }
    return text;
  }

  Said new_said() {
    Said said{one_in(10) ? kSystem : anyone(), anyone(), new_text(), "", {}};
    if (one_in(3)) said.to = "group-" + std::to_string(1 + pick(3));
    if (is_group(said.to) && one_in(3)) {
      said.inline_members.emplace();
      for (const std::string& user : kUsers) {
        if (one_in(2)) said.inline_members->push_back(user);
      }
    }
    if (one_in(2)) {
      said.uid = "u" + std::to_string(texts_);
      named_.push_back(said);
    }
    return said;
  }

  std::string key_of(const Said& said) {
    if (one_in(2)) return ".apps.tilechat.users." + said.from + "." + said.to + ".messages.outgoing";
    return "apps.tilechat.outgoing.users." + said.from + ".messages." + said.to + ".outgoing";
  }

  static std::string payload_of(const Said& said) {
    json::ObjectWriter writer;
    writer.string("text", said.text);
    if (!said.uid.empty()) {
      writer.raw("attributes", json::ObjectWriter().string("tempUID", said.uid).finish());
    }
    if (said.inline_members) {
      writer.raw("group", json::ObjectWriter().raw("members", members_json(*said.inline_members)).finish());
    }
    return writer.finish();
  }

  /// By REST: through the submitter, some parts at a time.
  void submit(Engine& engine) {
    std::vector<Publication> parts;
    for (std::size_t i = 0, count = 1 + pick(3); i < count; ++i) {
      const Said said = new_said();
      parts.push_back({.routing_key = key_of(said),
                       .payload = std::make_shared<const std::string>(payload_of(said)),
                       .from_admin = one_in(2)});
      model_.say(said);
    }
    engine.submitter().submit(std::move(parts), Submitter::Await::kCommit, std::chrono::seconds(60),
                              [](const Verdict&) {});
  }

  /// A message that is new, that back ends named before, or that a client sent.
  void put() {
    Put put{anyone(), one_in(3) ? "group-1" : anyone(), "", anyone(), new_text(), one_in(2)};
    std::optional<std::pair<std::string, std::string>> known;
    if (!ids_.empty() && one_in(3)) {
      const auto& [id, sender_and_text] =
          *std::next(ids_.begin(), static_cast<std::ptrdiff_t>(pick(ids_.size())));
      put.id = id;
      known = sender_and_text;
    } else {
      put.id = "m" + std::to_string(texts_ - (one_in(3) ? pick(std::min<std::size_t>(texts_, 4)) : 0));
    }
    const std::string operation = put.delivers ? "delivered" : "persist";
    broker.waiting.push_back({.routing_key = "apps.observer.tilechat.users." + put.inbox + ".messages." +
                                             put.peer + "." + operation,
                              .payload = json::ObjectWriter()
                                             .string("message_id", put.id)
                                             .string("sender", put.from)
                                             .string("recipient", put.peer)
                                             .integer("timestamp", 5)
                                             .integer("status", 150)
                                             .string("text", put.text)
                                             .finish(),
                              .queue = put.delivers ? Queue::kMessages : Queue::kPersist});
    model_.put(put, known);
  }

  static std::string field(std::string_view object, std::string_view name) {
    const auto parsed = json::parse_object(object);
    const auto raw = parsed ? parsed->find(name) : std::nullopt;
    return raw ? json::string_value(*raw).value_or("") : "";
  }
  static std::string_view member(const json::Object& object, std::string_view name) {
    return object.find(name).value_or("{}");
  }

  /// Learns the ids that the engine gave, with sender and text of each.
  void note_ids() {
    for (; seen_ < broker.published.size(); ++seen_) {
      const auto& [key, payload] = broker.published[seen_];
      if (!key.starts_with("apps.") || !key.ends_with(".clientadded")) continue;
      const std::string id = field(payload, "message_id");
      if (!id.starts_with("m")) ids_[id] = {field(payload, "sender"), field(payload, "text")};
    }
  }

  Names stored_rows() const {
    std::vector<std::string> ids = kUsers;
    for (const char* other : {"system", "group-1", "group-2", "group-3"}) ids.emplace_back(other);
    Names found;
    for (const std::string& owner : ids) {
      for (const std::string& peer : ids) {
        for (const TimelineEntry& entry : timeline(owner, peer)) {
          const std::string name = owner + "<" + peer + " " + field(entry.message.json, "text");
          EXPECT_TRUE(found.insert(name).second) << "twice: row " << name;
        }
      }
    }
    return found;
  }

  /// "owner<peer" of a topic of either layout that ends in `clientadded`.
  static std::string place_of(std::string_view key) {
    std::vector<std::string> ids;
    key.remove_prefix(key.find(".users.") + std::string_view(".users.").size());
    for (std::size_t begin = 0; begin < key.size();) {
      const std::size_t end = std::min(key.find('.', begin), key.size());
      std::string word(key.substr(begin, end - begin));
      if (word != "messages" && word != "clientadded") ids.push_back(std::move(word));
      begin = end + 1;
    }
    return ids.at(0) + "<" + ids.at(1);
  }

  /// Of each delivery in the layout whose keys begin so.
  Names deliveries(std::string_view prefix) const {
    Names found;
    for (const auto& [key, payload] : broker.published) {
      if (!key.starts_with(prefix) || !key.ends_with(".clientadded")) continue;
      found.insert(place_of(key) + " " + field(payload, "text"));
    }
    return found;
  }

  Names written_events() const {
    Names found;
    for (const OutboxRow& row : store.outbox("http://hook", 0, 100'000)) {
      const auto body = json::parse_object(row.body);
      const std::string name = field(row.body, "event_type") + " " +
                               place_of(field(member(*body, "extras"), "topic")) + " " +
                               field(member(*body, "data"), "text");
      EXPECT_TRUE(found.insert(name).second) << "twice: event " << name;
    }
    return found;
  }

  void expect_same(const char* what, const Names& found, const Names& expected) const {
    for (const std::string& name : found) {
      EXPECT_TRUE(expected.contains(name) || model_.maybe.contains(name)) << "forbidden: " << what << name;
    }
    for (const std::string& name : expected) {
      EXPECT_TRUE(found.contains(name) || model_.maybe.contains(name)) << "missing: " << what << name;
    }
  }

  void compare() const {
    EXPECT_TRUE(broker.waiting.empty());
    expect_same("row ", stored_rows(), model_.rows);
    expect_same("delivery in the Chat21 layout ", deliveries("apps.tilechat.users."), model_.published);
    expect_same("delivery in the path layout ", deliveries(".apps.tilechat.users."), model_.published);
    expect_same("event ", written_events(), model_.events);
  }

  std::mt19937 random_;
  Model model_;
  testing::SwappedFilters swapped_;
  testing::HeldHook held_;
  std::size_t texts_ = 0;
  std::vector<Said> named_;                                         ///< those that have a tempUID
  std::map<std::string, std::pair<std::string, std::string>> ids_;  ///< that the engine gave: sender, text
  std::size_t seen_ = 0;                                            ///< publications that note_ids() has read
};

TEST(PolicyPropertyTest, WhatIsForbiddenNeverExistsAndAllElseDoes) {
  for (unsigned seed = 1; seed <= 200 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    PolicyRun(seed).play();
  }
}

}  // namespace
}  // namespace inboxd
