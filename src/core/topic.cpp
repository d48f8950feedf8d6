#include "core/topic.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

namespace inboxd {
namespace {

/// More words than any topic of ours has; a longer key is malformed whatever it says.
constexpr std::size_t kMaxWords = 12;
constexpr std::size_t kUuidBytes = 36;

class Words {
 public:
  explicit Words(std::string_view key) {
    std::size_t start = 0;
    while (count_ < kMaxWords) {
      const std::size_t dot = key.find('.', start);
      words_[count_++] = key.substr(start, dot - start);
      if (dot == std::string_view::npos) return;
      start = dot + 1;
    }
    overflow_ = true;
  }

  bool overflow() const noexcept { return overflow_; }
  std::span<const std::string_view> all() const noexcept { return {words_.data(), count_}; }

 private:
  std::array<std::string_view, kMaxWords> words_{};
  std::size_t count_ = 0;
  bool overflow_ = false;
};

using Parsed = Result<Address, Refusal>;
using Level = std::string_view;

Failure<Refusal> bad_topic() { return refuse(Reason::kBadTopic, "no topic of this service has this form"); }

/// Fills in owner and, where the operation has one, peer.
Parsed with_ids(Operation operation, Level owner, std::optional<Level> peer, std::string item = {}) {
  std::optional<PartyId> owner_id = parse_party(owner);
  if (!owner_id) return refuse(Reason::kBadId, "the topic's user id is malformed or reserved");
  Address address{operation, *std::move(owner_id), {}, std::move(item)};
  if (peer) {
    std::optional<PartyId> peer_id = parse_party(*peer);
    if (!peer_id) return refuse(Reason::kBadId, "the topic's recipient id is malformed or reserved");
    address.peer = *std::move(peer_id);
  }
  return address;
}

Parsed receipt(Level owner, Level peer, Level message) {
  if (!is_valid_id(message)) return refuse(Reason::kBadId, "the topic's message id is malformed");
  return with_ids(Operation::kMessageUpdate, owner, peer, std::string(message));
}

Parsed ban(Level user) {
  std::optional<PartyId> id = parse_party(user);
  if (!id) return refuse(Reason::kBadId, "the topic's user id is malformed or reserved");
  return Address{Operation::kBanUpdate, {}, *std::move(id), {}};
}

/// What follows `{P}.`
Parsed parse_path(std::span<const Level> w) {
  if (w.size() == 4 && w[2] == "messages" && w[3] == "outgoing") {
    return with_ids(Operation::kSend, w[0], w[1]);
  }
  if (w.size() == 5 && w[2] == "messages" && w[4] == "update") return receipt(w[0], w[1], w[3]);
  if (w.size() == 4 && w[1] == "blocks" && w[3] == "update") {
    return with_ids(Operation::kBlockUpdate, w[0], w[2]);
  }
  return bad_topic();
}

/// What follows `apps.{app}.users.`
Parsed parse_chat21_user(std::span<const Level> w) {
  if (w.size() == 5 && w[1] == "messages" && w[4] == "update") return receipt(w[0], w[2], w[3]);
  if (w.size() == 4 && w[1] == "conversations" && w[3] == "update") {
    return with_ids(Operation::kConversationUpdate, w[0], w[2]);
  }
  if (w.size() == 4 && w[1] == "conversations" && w[3] == "archive") {
    return with_ids(Operation::kConversationArchive, w[0], w[2]);
  }
  if (w.size() == 4 && w[1] == "blocks" && w[3] == "update") {
    return with_ids(Operation::kBlockUpdate, w[0], w[2]);
  }
  if (w.size() == 3 && w[1] == "presence") {
    if (!is_valid_id(w[2])) return refuse(Reason::kBadId, "the topic's client id is malformed");
    return with_ids(Operation::kPresence, w[0], std::nullopt, std::string(w[2]));
  }
  return bad_topic();
}

/// What follows `apps.observer.{app}.`
Parsed parse_observer(std::span<const Level> w) {
  if (w.size() == 2 && w[0] == "groups" && w[1] == "update")
    return Address{Operation::kGroupUpdate, {}, {}, {}};
  if (w.size() == 3 && w[0] == "bans" && w[2] == "update") return ban(w[1]);
  if (w.size() == 5 && w[0] == "users" && w[2] == "messages") {
    if (w[4] == "delivered") return with_ids(Operation::kDeliver, w[1], w[3]);
    if (w[4] == "persist") return with_ids(Operation::kPersist, w[1], w[3]);
  }
  if (w.size() == 5 && w[0] == "users" && w[2] == "conversations" && w[4] == "archive") {
    return with_ids(Operation::kConversationArchive, w[1], w[3]);
  }
  return bad_topic();
}

Failure<Refusal> wrong_app() { return refuse(Reason::kWrongApp, "this engine serves another app"); }

/// What follows `apps.`
Parsed parse_apps(std::span<const Level> w, const Topics& topics) {
  if (w.size() > 2 && w[0] == "observer") {
    if (w[1] != topics.app.view()) return wrong_app();
    return parse_observer(w.subspan(2));
  }
  if (!topics.chat21 || w.size() < 3) return bad_topic();
  if (w[0] != topics.app.view()) return wrong_app();
  if (w[1] == "users") return parse_chat21_user(w.subspan(2));
  const bool outgoing =
      w.size() == 7 && w[1] == "outgoing" && w[2] == "users" && w[4] == "messages" && w[6] == "outgoing";
  if (outgoing) return with_ids(Operation::kSend, w[3], w[5]);
  return bad_topic();
}

std::optional<Level> after_prefix(Level key, const std::string& prefix) {
  if (key.size() <= prefix.size() || !key.starts_with(prefix) || key[prefix.size()] != '.')
    return std::nullopt;
  return key.substr(prefix.size() + 1);
}

std::string join(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const auto part : parts) size += part.size();
  std::string key;
  key.reserve(size);
  for (const auto part : parts) key.append(part);
  return key;
}

/// The longest keys of each layout for an inbox: the receipt with a message's id in it, and the archive's.
std::size_t longest_key(const Topics& topics, std::size_t owner, std::size_t peer) {
  std::size_t longest = 0;
  const std::size_t app = topics.app.view().size();
  if (topics.path) {
    longest = topics.path_key.size() + owner + peer + kUuidBytes +
              std::string_view("...messages..clientupdated").size();
  }
  if (topics.chat21) {
    const std::size_t ids = app + owner + peer;
    longest = std::max({longest,
                        ids + kUuidBytes + std::string_view("apps..users..messages...clientupdated").size(),
                        ids + std::string_view("apps..users..archived_conversations..clientadded").size(),
                        ids + std::string_view("apps..outgoing.users..messages..outgoing").size(),
                        ids + std::string_view("apps.observer..users..messages..delivered").size()});
  }
  return longest;
}

}  // namespace

std::string path_key_of(std::string_view prefix) {
  std::string key(prefix);
  std::replace(key.begin(), key.end(), '/', '.');
  return key;
}

std::string path_prefix_problem(std::string_view prefix, const AppId& app, bool path, bool chat21) {
  if (!path) return {};
  if (prefix.empty()) return "PATH_PREFIX must not be empty while the path layout is on";
  if (prefix.find_first_of(".#+*%") != std::string_view::npos) {
    return "PATH_PREFIX must not hold any of . # + * %";
  }
  if (!is_valid_utf8(prefix)) return "PATH_PREFIX must be valid UTF-8";
  if (prefix.back() == '/') return "PATH_PREFIX must not end in a slash";
  // Without a leading slash, `apps` is where the Chat21 layout and the back ends' topics begin: under `apps`,
  // a user called like the app would be granted everybody's topics as his own.
  const std::string inboxes = join({"apps/", app.view(), "/users"});
  const bool inside = prefix == inboxes || prefix.starts_with(inboxes + "/");
  if (inside && chat21) {
    const std::string problem =
        join({"PATH_PREFIX '", prefix, "' lies inside the Chat21 layout's ", inboxes});
    return problem +
           ": clients of that layout would see every message twice. Give the prefix a leading slash, or "
           "choose "
           "one layout with TOPIC_LAYOUTS=path or TOPIC_LAYOUTS=chat21";
  }
  if (!inside && (prefix == "apps" || prefix.starts_with("apps/"))) {
    return "PATH_PREFIX must not cover topics of others under apps/: give it a leading slash, or another "
           "first level";
  }
  return {};
}

std::vector<std::string> messages_bindings(const Topics& topics) {
  const std::string_view app = topics.app.view();
  std::vector<std::string> keys = {
      join({"apps.observer.", app, ".users.#.delivered"}), join({"apps.observer.", app, ".users.#.archive"}),
      join({"apps.observer.", app, ".groups.update"}), join({"apps.observer.", app, ".bans.#.update"})};
  if (topics.chat21) {
    keys.push_back(join({"apps.", app, ".outgoing.#"}));
    keys.push_back(join({"apps.", app, ".users.#.update"}));
    keys.push_back(join({"apps.", app, ".users.#.archive"}));
    keys.push_back(join({"apps.", app, ".users.#.presence.#"}));
  }
  if (topics.path) {
    keys.push_back(join({topics.path_key, ".#.outgoing"}));
    keys.push_back(join({topics.path_key, ".#.update"}));
  }
  return keys;
}

std::vector<std::string> persist_bindings(const Topics& topics) {
  return {join({"apps.observer.", topics.app.view(), ".users.#.persist"})};
}

Result<Address, Refusal> parse_routing_key(std::string_view key, const Topics& topics) {
  if (topics.path) {
    if (const auto rest = after_prefix(key, topics.path_key)) {
      const Words words(*rest);
      return words.overflow() ? Parsed(bad_topic()) : parse_path(words.all());
    }
  }
  const Words words(key);
  if (words.overflow() || words.all().size() < 2 || words.all()[0] != "apps") return bad_topic();
  return parse_apps(words.all().subspan(1), topics);
}

bool keys_fit(const Topics& topics, std::string_view owner, std::string_view peer) {
  return longest_key(topics, owner.size(), peer.size()) <= kMaxKeyBytes;
}

std::vector<std::string> message_added_keys(const Topics& topics, const PartyId& inbox, const PartyId& peer) {
  std::vector<std::string> keys;
  keys.reserve(2);
  if (topics.chat21) {
    keys.push_back(join(
        {"apps.", topics.app.view(), ".users.", inbox.view(), ".messages.", peer.view(), ".clientadded"}));
  }
  if (topics.path) {
    keys.push_back(join({topics.path_key, ".", inbox.view(), ".", peer.view(), ".messages.clientadded"}));
  }
  return keys;
}

std::vector<std::string> message_updated_keys(const Topics& topics, const PartyId& inbox, const PartyId& peer,
                                              std::string_view message_id) {
  std::vector<std::string> keys;
  keys.reserve(2);
  if (topics.chat21) {
    keys.push_back(join({"apps.", topics.app.view(), ".users.", inbox.view(), ".messages.", peer.view(), ".",
                         message_id, ".clientupdated"}));
  }
  if (topics.path) {
    keys.push_back(join(
        {topics.path_key, ".", inbox.view(), ".", peer.view(), ".messages.", message_id, ".clientupdated"}));
  }
  return keys;
}

std::vector<std::string> block_updated_keys(const Topics& topics, const PartyId& inbox, const PartyId& user) {
  std::vector<std::string> keys;
  if (topics.chat21) {
    keys.push_back(join(
        {"apps.", topics.app.view(), ".users.", inbox.view(), ".blocks.", user.view(), ".clientupdated"}));
  }
  if (topics.path) {
    keys.push_back(join({topics.path_key, ".", inbox.view(), ".blocks.", user.view(), ".clientupdated"}));
  }
  return keys;
}

namespace {

/// `apps.{app}.users.{inbox}.{collection}.{item}.{event}`
std::vector<std::string> chat21_keys(const Topics& topics, const PartyId& inbox, std::string_view collection,
                                     const PartyId& item, std::string_view event) {
  if (!topics.chat21) return {};
  return {join(
      {"apps.", topics.app.view(), ".users.", inbox.view(), ".", collection, ".", item.view(), ".", event})};
}

}  // namespace

std::vector<std::string> conversation_updated_keys(const Topics& topics, const PartyId& inbox,
                                                   const PartyId& peer) {
  return chat21_keys(topics, inbox, "conversations", peer, "clientupdated");
}

std::vector<std::string> conversation_deleted_keys(const Topics& topics, const PartyId& inbox,
                                                   const PartyId& peer) {
  return chat21_keys(topics, inbox, "conversations", peer, "clientdeleted");
}

std::vector<std::string> archived_conversation_added_keys(const Topics& topics, const PartyId& inbox,
                                                          const PartyId& peer) {
  return chat21_keys(topics, inbox, "archived_conversations", peer, "clientadded");
}

std::vector<std::string> typing_keys(const Topics& topics, const PartyId& inbox, const PartyId& peer) {
  return chat21_keys(topics, inbox, "typings", peer, "clienttyping");
}

std::vector<std::string> group_updated_keys(const Topics& topics, const PartyId& inbox,
                                            const PartyId& group) {
  return chat21_keys(topics, inbox, "groups", group, "clientupdated");
}

std::string outgoing_key(const Topics& topics, const PartyId& sender, const PartyId& recipient) {
  if (topics.chat21) {
    return join({"apps.", topics.app.view(), ".outgoing.users.", sender.view(), ".messages.",
                 recipient.view(), ".outgoing"});
  }
  return join({topics.path_key, ".", sender.view(), ".", recipient.view(), ".messages.outgoing"});
}

std::string archive_key(const Topics& topics, const PartyId& owner, const PartyId& peer) {
  return join(
      {"apps.", topics.app.view(), ".users.", owner.view(), ".conversations.", peer.view(), ".archive"});
}

std::string observer_archive_key(const Topics& topics, const PartyId& owner, const PartyId& peer) {
  return join({"apps.observer.", topics.app.view(), ".users.", owner.view(), ".conversations.", peer.view(),
               ".archive"});
}

std::string observer_delivered_key(const Topics& topics, const PartyId& inbox, const PartyId& peer) {
  return join({"apps.observer.", topics.app.view(), ".users.", inbox.view(), ".messages.", peer.view(),
               ".delivered"});
}

std::string observer_ban_update_key(const Topics& topics, const PartyId& user) {
  return join({"apps.observer.", topics.app.view(), ".bans.", user.view(), ".update"});
}

std::string presence_key(const Topics& topics, const PartyId& user, std::string_view client) {
  return join({"apps.", topics.app.view(), ".users.", user.view(), ".presence.", client});
}

std::string block_update_key(const Topics& topics, const PartyId& owner, const PartyId& user) {
  if (topics.chat21) {
    return join({"apps.", topics.app.view(), ".users.", owner.view(), ".blocks.", user.view(), ".update"});
  }
  return join({topics.path_key, ".", owner.view(), ".blocks.", user.view(), ".update"});
}

std::string observer_group_update_key(const Topics& topics) {
  return join({"apps.observer.", topics.app.view(), ".groups.update"});
}

}  // namespace inboxd
