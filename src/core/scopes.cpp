#include "core/scopes.hpp"

#include <array>

namespace inboxd {
namespace {

bool is_unreserved(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

/// What a client may publish below `apps.{app}.users.{me}.`
constexpr std::array<std::string_view, 5> kChat21Writes = {"messages.*.update", "conversations.*.update",
                                                           "conversations.*.archive", "presence.*",
                                                           "blocks.*.update"};

/// What a client may publish below `{P as key}.{me}.`
constexpr std::array<std::string_view, 3> kPathWrites = {"*.messages.outgoing", "*.messages.*.update",
                                                         "blocks.*.update"};

/// What comes before a user's id in the keys of his; each ends in a dot.
struct Heads {
  explicit Heads(const Topics& topics)
      : chat21_inbox("apps." + topics.app.str() + ".users."),
        chat21_outgoing("apps." + topics.app.str() + ".outgoing.users."),
        path_inbox(topics.path_key + ".") {}

  std::string chat21_inbox;
  std::string chat21_outgoing;
  std::string path_inbox;
};

/// The beginning of the user's keys as part of a scope.
std::string own(const std::string& head, const PartyId& user) {
  return scope_literal(head) + scope_literal(user.view()) + ".";
}

}  // namespace

std::string scope_literal(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string literal;
  literal.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      literal.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    literal.push_back('%');
    literal.push_back(kHex[byte >> 4U]);
    literal.push_back(kHex[byte & 0xFU]);
  }
  return literal;
}

std::vector<ClientKeys> client_keys(const Topics& topics) {
  const Heads heads(topics);
  std::vector<ClientKeys> keys;
  if (topics.chat21) {
    keys.push_back({Right::kRead, heads.chat21_inbox, "*"});
    keys.push_back({Right::kWrite, heads.chat21_outgoing, "messages.*.outgoing"});
    for (const std::string_view tail : kChat21Writes)
      keys.push_back({Right::kWrite, heads.chat21_inbox, tail});
  }
  if (topics.path) {
    keys.push_back({Right::kRead, heads.path_inbox, "*"});
    for (const std::string_view tail : kPathWrites) keys.push_back({Right::kWrite, heads.path_inbox, tail});
  }
  return keys;
}

std::vector<std::string> strict_client_scopes(std::string_view vhost, const Topics& topics,
                                              const PartyId& user) {
  const std::string host = scope_literal(vhost);
  std::vector<std::string> scopes;
  for (const std::string_view right : {"configure", "write", "read"}) {
    scopes.push_back("rabbitmq." + std::string(right) + ":" + host + "/mqtt-subscription-*");
  }
  for (const ClientKeys& keys : client_keys(topics)) {
    const std::string right = keys.right == Right::kRead ? "read" : "write";
    scopes.push_back("rabbitmq." + right + ":" + host + "/amq.topic/" + own(keys.head, user) +
                     std::string(keys.tail));
  }
  return scopes;
}

std::vector<std::string> legacy_client_scopes(const Topics& topics, const PartyId& user) {
  const Heads heads(topics);
  std::vector<std::string> scopes;
  if (topics.chat21) {
    scopes.push_back("rabbitmq.read:*/*/" + own(heads.chat21_inbox, user) + "*");
    scopes.push_back("rabbitmq.write:*/*/" + own(heads.chat21_inbox, user) + "*");
    scopes.push_back("rabbitmq.write:*/*/" + own(heads.chat21_outgoing, user) + "*");
  }
  if (topics.path) {
    scopes.push_back("rabbitmq.read:*/*/" + own(heads.path_inbox, user) + "*");
    scopes.push_back("rabbitmq.write:*/*/" + own(heads.path_inbox, user) + "*");
  }
  scopes.emplace_back("rabbitmq.configure:*/*/*");
  return scopes;
}

std::vector<std::string> service_scopes(std::string_view vhost) {
  const std::string everything = ":" + scope_literal(vhost) + "/*/*";
  return {"rabbitmq.read" + everything, "rabbitmq.write" + everything, "rabbitmq.configure" + everything};
}

}  // namespace inboxd
