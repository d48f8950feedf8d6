#include "core/scopes.hpp"

#include <array>
#include <initializer_list>

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
constexpr std::array<std::string_view, 2> kPathWrites = {"*.messages.outgoing", "*.messages.*.update"};

/// The literal beginnings of a user's keys; each ends in a dot, so that no id is a prefix of another's.
struct OwnKeys {
  OwnKeys(const Topics& topics, const PartyId& user) {
    const std::string app = scope_literal(topics.app.view());
    const std::string me = scope_literal(user.view());
    chat21_inbox = "apps." + app + ".users." + me + ".";
    chat21_outgoing = "apps." + app + ".outgoing.users." + me + ".";
    path_inbox = scope_literal(topics.path_key) + "." + me + ".";
  }

  std::string chat21_inbox;
  std::string chat21_outgoing;
  std::string path_inbox;
};

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

std::vector<std::string> strict_client_scopes(std::string_view vhost, const Topics& topics,
                                              const PartyId& user) {
  const std::string host = scope_literal(vhost);
  const std::string read = "rabbitmq.read:" + host + "/amq.topic/";
  const std::string write = "rabbitmq.write:" + host + "/amq.topic/";
  const OwnKeys own(topics, user);

  std::vector<std::string> scopes;
  for (const std::string_view right : {"configure", "write", "read"}) {
    scopes.push_back("rabbitmq." + std::string(right) + ":" + host + "/mqtt-subscription-*");
  }
  if (topics.chat21) {
    scopes.push_back(read + own.chat21_inbox + "*");
    scopes.push_back(write + own.chat21_outgoing + "messages.*.outgoing");
    for (const std::string_view key : kChat21Writes)
      scopes.push_back(write + own.chat21_inbox + std::string(key));
  }
  if (topics.path) {
    scopes.push_back(read + own.path_inbox + "*");
    for (const std::string_view key : kPathWrites)
      scopes.push_back(write + own.path_inbox + std::string(key));
  }
  return scopes;
}

std::vector<std::string> legacy_client_scopes(const Topics& topics, const PartyId& user) {
  const OwnKeys own(topics, user);
  std::vector<std::string> scopes;
  if (topics.chat21) {
    scopes.push_back("rabbitmq.read:*/*/" + own.chat21_inbox + "*");
    scopes.push_back("rabbitmq.write:*/*/" + own.chat21_inbox + "*");
    scopes.push_back("rabbitmq.write:*/*/" + own.chat21_outgoing + "*");
  }
  if (topics.path) {
    scopes.push_back("rabbitmq.read:*/*/" + own.path_inbox + "*");
    scopes.push_back("rabbitmq.write:*/*/" + own.path_inbox + "*");
  }
  scopes.emplace_back("rabbitmq.configure:*/*/*");
  return scopes;
}

std::vector<std::string> service_scopes(std::string_view vhost) {
  const std::string everything = ":" + scope_literal(vhost) + "/*/*";
  return {"rabbitmq.read" + everything, "rabbitmq.write" + everything, "rabbitmq.configure" + everything};
}

}  // namespace inboxd
