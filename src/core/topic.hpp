#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/id.hpp"
#include "core/refusal.hpp"
#include "core/result.hpp"

/// The topic tree of PROTOCOL 1 in its AMQP form: words separated by dots.
namespace inboxd {

/// AMQP's limit on a routing key.
inline constexpr std::size_t kMaxKeyBytes = 255;

/// Which topics mean what. `path_key` is PATH_PREFIX with `/` turned into `.`: a leading slash becomes an
/// empty first word.
struct Topics {
  AppId app;
  std::string path_key;
  bool path = true;    ///< the seed's layout is spoken
  bool chat21 = true;  ///< the Chat21 layout is spoken
};

/// Why a PATH_PREFIX cannot be used with these layouts, in words for the operator; empty if it can.
std::string path_prefix_problem(std::string_view prefix, const AppId& app, bool path, bool chat21);

/// PATH_PREFIX as the first words of a routing key.
std::string path_key_of(std::string_view prefix);

/// The binding keys of the two queues on amq.topic, wide enough that malformed topics are heard too.
std::vector<std::string> messages_bindings(const Topics& topics);
std::vector<std::string> persist_bindings(const Topics& topics);

enum class Operation {
  kSend,                 ///< client: a message to `peer`
  kMessageUpdate,        ///< client: a receipt
  kConversationUpdate,   ///< client: a patch of his conversation
  kConversationArchive,  ///< client
  kPresence,             ///< client
  kBlockUpdate,          ///< client: blocks or unblocks `peer`
  kDeliver,              ///< back end: a message into one inbox
  kPersist,              ///< back end: a message to store only
  kGroupUpdate,          ///< back end: a group's new state
  kBanUpdate,            ///< back end: bans or unbans `peer`
};

/// What a routing key says. `owner` is whose path it is: the sender of a client's message, the inbox of a
/// back end's. Ids are validated; `owner` and `peer` are empty for kGroupUpdate, `owner` for kBanUpdate,
/// `peer` for kPresence.
struct Address {
  Operation operation = Operation::kSend;
  PartyId owner;
  PartyId peer;
  std::string item;  ///< message id of a receipt, client id of presence
};

/// Reads a routing key of either enabled layout. Refuses with kBadTopic, kBadId or kWrongApp.
Result<Address, Refusal> parse_routing_key(std::string_view key, const Topics& topics);

/// Whether every key that a message between the two can ever lead to, in any enabled layout and either
/// direction, stays within kMaxKeyBytes, message ids counted as 36 bytes.
bool keys_fit(const Topics& topics, std::string_view owner, std::string_view peer);

/// The key of each enabled layout for an event in `inbox`; callers publish the same payload to all of them.
std::vector<std::string> message_added_keys(const Topics& topics, const PartyId& inbox, const PartyId& peer);
std::vector<std::string> message_updated_keys(const Topics& topics, const PartyId& inbox, const PartyId& peer,
                                              std::string_view message_id);
std::vector<std::string> block_updated_keys(const Topics& topics, const PartyId& inbox, const PartyId& user);
/// Those that follow exist in the Chat21 layout only, and are empty where it is switched off.
std::vector<std::string> conversation_updated_keys(const Topics& topics, const PartyId& inbox,
                                                   const PartyId& peer);
std::vector<std::string> conversation_deleted_keys(const Topics& topics, const PartyId& inbox,
                                                   const PartyId& peer);
std::vector<std::string> archived_conversation_added_keys(const Topics& topics, const PartyId& inbox,
                                                          const PartyId& peer);
std::vector<std::string> typing_keys(const Topics& topics, const PartyId& inbox, const PartyId& peer);
std::vector<std::string> group_updated_keys(const Topics& topics, const PartyId& inbox, const PartyId& group);

/// The client's own key for archiving a conversation, as events name it.
std::string archive_key(const Topics& topics, const PartyId& owner, const PartyId& peer);

/// The keys on which the engine hears, whatever layouts are on, what a neighbour of the broker has to say.
std::string outgoing_key(const Topics& topics, const PartyId& sender, const PartyId& recipient);
std::string observer_archive_key(const Topics& topics, const PartyId& owner, const PartyId& peer);
std::string observer_delivered_key(const Topics& topics, const PartyId& inbox, const PartyId& peer);
std::string observer_group_update_key(const Topics& topics);
std::string observer_ban_update_key(const Topics& topics, const PartyId& user);
std::string presence_key(const Topics& topics, const PartyId& user, std::string_view client);
std::string block_update_key(const Topics& topics, const PartyId& owner, const PartyId& user);

}  // namespace inboxd
