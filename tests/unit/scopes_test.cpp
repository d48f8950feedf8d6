#include "core/scopes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace inboxd {
namespace {

using ::testing::ElementsAre;

Topics both() { return {AppId("tilechat"), ".apps.tilechat.users", true, true}; }
Topics path_only() { return {AppId("tilechat"), ".apps.tilechat.users", true, false}; }
Topics chat21_only() { return {AppId("tilechat"), ".apps.tilechat.users", false, true}; }

/// A model of how RabbitMQ 3.10's plugin reads scopes: split at slashes, then at stars, then percent-decoded
/// (and
/// `+` is a blank); each piece is looked for from where the last one ended, the first find counts.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      out.push_back(static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16)));
      i += 2;
    } else {
      out.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back().push_back(c);
    }
  }
  return parts;
}

bool wildcard_match(const std::string& subject, std::string_view pattern) {
  std::vector<std::string> pieces = split(pattern, '*');
  for (std::string& piece : pieces) piece = decoded(piece);
  if (!subject.starts_with(pieces[0])) return false;
  std::size_t at = pieces[0].size();
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    if (pieces[i].empty() && i + 1 == pieces.size()) return true;
    const std::size_t found = subject.find(pieces[i], at);
    if (found == std::string::npos) return false;
    at = found + pieces[i].size();
  }
  return at == subject.size();
}

/// `key` empty: the right to the resource itself, for which the plugin ignores a scope's routing key.
bool allows(const std::vector<std::string>& scopes, const std::string& right, const std::string& vhost,
            const std::string& resource, const std::string& key = {}) {
  const std::string prefix = "rabbitmq." + right + ":";
  return std::any_of(scopes.begin(), scopes.end(), [&](const std::string& scope) {
    if (!scope.starts_with(prefix)) return false;
    const auto parts = split(std::string_view(scope).substr(prefix.size()), '/');
    if (parts.size() < 2 || parts.size() > 3) return false;
    if (!wildcard_match(vhost, parts[0]) || !wildcard_match(resource, parts[1])) return false;
    return key.empty() || (parts.size() == 3 && wildcard_match(key, parts[2]));
  });
}

TEST(StrictScopes, AreTheContractsForBothLayouts) {
  EXPECT_THAT(
      strict_client_scopes("/", both(), PartyId("alice")),
      ElementsAre("rabbitmq.configure:%2F/mqtt-subscription-*", "rabbitmq.write:%2F/mqtt-subscription-*",
                  "rabbitmq.read:%2F/mqtt-subscription-*",
                  "rabbitmq.read:%2F/amq.topic/apps.tilechat.users.alice.*",
                  "rabbitmq.write:%2F/amq.topic/apps.tilechat.outgoing.users.alice.messages.*.outgoing",
                  "rabbitmq.write:%2F/amq.topic/apps.tilechat.users.alice.messages.*.update",
                  "rabbitmq.write:%2F/amq.topic/apps.tilechat.users.alice.conversations.*.update",
                  "rabbitmq.write:%2F/amq.topic/apps.tilechat.users.alice.conversations.*.archive",
                  "rabbitmq.write:%2F/amq.topic/apps.tilechat.users.alice.presence.*",
                  "rabbitmq.write:%2F/amq.topic/apps.tilechat.users.alice.blocks.*.update",
                  "rabbitmq.read:%2F/amq.topic/.apps.tilechat.users.alice.*",
                  "rabbitmq.write:%2F/amq.topic/.apps.tilechat.users.alice.*.messages.outgoing",
                  "rabbitmq.write:%2F/amq.topic/.apps.tilechat.users.alice.*.messages.*.update",
                  "rabbitmq.write:%2F/amq.topic/.apps.tilechat.users.alice.blocks.*.update"));
}

TEST(StrictScopes, NameEnabledLayoutsOnly) {
  for (const std::string& scope : strict_client_scopes("/", path_only(), PartyId("alice"))) {
    EXPECT_EQ(scope.find("/amq.topic/apps."), std::string::npos) << scope;
  }
  for (const std::string& scope : strict_client_scopes("/", chat21_only(), PartyId("alice"))) {
    EXPECT_EQ(scope.find("/amq.topic/."), std::string::npos) << scope;
  }
}

struct Access {
  const char* right;
  const char* resource;
  const char* key;
  bool granted;
};

class StrictMatrix : public ::testing::TestWithParam<Access> {};

TEST_P(StrictMatrix, GrantsWhatIsHisAndNothingElse) {
  const auto scopes = strict_client_scopes("/", both(), PartyId("al"));
  const Access& access = GetParam();
  EXPECT_EQ(allows(scopes, access.right, "/", access.resource, access.key), access.granted)
      << access.right << ' ' << access.resource << ' ' << access.key;
}

INSTANTIATE_TEST_SUITE_P(
    Table, StrictMatrix,
    ::testing::Values(
        // his inbox, whole and in part, in both layouts
        Access{"read", "amq.topic", "apps.tilechat.users.al.#", true},
        Access{"read", "amq.topic", ".apps.tilechat.users.al.#", true},
        Access{"read", "amq.topic", "apps.tilechat.users.al.messages.bob.clientadded", true},
        // what a client says
        Access{"write", "amq.topic", "apps.tilechat.outgoing.users.al.messages.bob.outgoing", true},
        Access{"write", "amq.topic", ".apps.tilechat.users.al.bob.messages.outgoing", true},
        Access{"write", "amq.topic", ".apps.tilechat.users.al.blocks.bob.update", true},
        Access{"write", "amq.topic", ".apps.tilechat.users.bob.blocks.al.update", false},
        Access{"write", "amq.topic", "apps.tilechat.users.al.messages.bob.m1.update", true},
        Access{"write", "amq.topic", ".apps.tilechat.users.al.bob.messages.m1.update", true},
        Access{"write", "amq.topic", "apps.tilechat.users.al.conversations.bob.update", true},
        Access{"write", "amq.topic", "apps.tilechat.users.al.conversations.bob.archive", true},
        Access{"write", "amq.topic", "apps.tilechat.users.al.presence.c1", true},
        // another's inbox, wildcards over it, and one whose id begins with his
        Access{"read", "amq.topic", "apps.tilechat.users.bob.#", false},
        Access{"read", "amq.topic", "apps.tilechat.users.#", false},
        Access{"read", "amq.topic", "apps.tilechat.users.*.#", false},
        Access{"read", "amq.topic", "#", false},
        Access{"read", "amq.topic", "apps.tilechat.users.alice.#", false},
        Access{"read", "amq.topic", "apps.tilechat.users.al", false},
        Access{"read", "amq.topic", "apps.tilechat.outgoing.#", false},
        Access{"read", "amq.topic", ".apps.tilechat.users.alice.#", false},
        // as another, to another, or as the engine
        Access{"write", "amq.topic", "apps.tilechat.outgoing.users.bob.messages.al.outgoing", false},
        Access{"write", "amq.topic", ".apps.tilechat.users.bob.al.messages.outgoing", false},
        Access{"write", "amq.topic", "apps.tilechat.users.bob.messages.al.clientadded", false},
        Access{"write", "amq.topic", "apps.tilechat.users.al.messages.bob.clientadded", false},
        Access{"write", "amq.topic", ".apps.tilechat.users.al.bob.messages.clientadded", false},
        Access{"write", "amq.topic", "apps.observer.tilechat.users.al.messages.bob.delivered", false},
        Access{"write", "amq.topic", "apps.observer.tilechat.groups.update", false},
        // the plugin's wildcard takes the first match and does not back-track: a message id may not begin
        // with `update`; peers may, and with the other words too
        Access{"write", "amq.topic", "apps.tilechat.users.al.messages.bob.update1.update", false},
        Access{"write", "amq.topic", ".apps.tilechat.users.al.bob.messages.update1.update", true},
        Access{"write", "amq.topic", "apps.tilechat.outgoing.users.al.messages.outgoing1.outgoing", true},
        Access{"write", "amq.topic", "apps.tilechat.users.al.messages.update1.m1.update", true},
        Access{"write", "amq.topic", "apps.tilechat.users.al.conversations.archive1.archive", true},
        // the engine's queues, other exchanges, other tenants
        Access{"read", "messages", "", false}, Access{"read", "persist", "", false},
        Access{"read", "webhooks", "", false}, Access{"write", "messages", "", false},
        Access{"configure", "messages", "", false}, Access{"configure", "amq.topic", "", false},
        Access{"write", "amq.direct", "", false}, Access{"write", "amq.default", "", false},
        Access{"read", "amq.topic", "apps.other.users.al.#", false},
        // what an MQTT client needs for itself
        Access{"configure", "mqtt-subscription-c1qos1", "", true},
        Access{"read", "mqtt-subscription-c1qos1", "", true},
        Access{"write", "mqtt-subscription-c1qos1", "", true}));

TEST(StrictScopes, HoldInOneVirtualHostOnly) {
  const auto scopes = strict_client_scopes("/", both(), PartyId("al"));
  EXPECT_TRUE(allows(scopes, "read", "/", "amq.topic", "apps.tilechat.users.al.#"));
  EXPECT_FALSE(allows(scopes, "read", "other", "amq.topic", "apps.tilechat.users.al.#"));
  EXPECT_FALSE(allows(scopes, "read", "/other", "amq.topic", "apps.tilechat.users.al.#"));
}

TEST(StrictScopes, AnIdMeansItself) {
  // All of these are valid ids; a raw one could be decoded, split or matched as something else.
  for (const std::string id :
       {"a:b@c", "J\xC3\xBCrgen", "\xE6\x9D\x8E", "a|b;c,d", "a=b&c", "~", "a\"b\\c", "rabbitmq"}) {
    ASSERT_TRUE(is_valid_id(id)) << id;
    const auto scopes = strict_client_scopes("/", both(), PartyId(id));
    EXPECT_TRUE(allows(scopes, "read", "/", "amq.topic", "apps.tilechat.users." + id + ".#")) << id;
    EXPECT_FALSE(allows(scopes, "read", "/", "amq.topic", "apps.tilechat.users.bob.#")) << id;
    for (const std::string& scope : scopes) {
      EXPECT_TRUE(std::all_of(scope.begin(), scope.end(), [](char c) { return c > ' ' && c < 0x7F; }))
          << scope;
    }
  }
}

TEST(StrictScopes, EvenAnUncheckedStarGrantsNothing) {
  const auto scopes = strict_client_scopes("/", both(), PartyId("*"));
  EXPECT_FALSE(allows(scopes, "read", "/", "amq.topic", "apps.tilechat.users.bob.#"));
}

TEST(StrictScopes, AVirtualHostNeverSplitsAScope) {
  for (const std::string vhost : {"a b", "a/b", "a*b", "a%2Fb", "a+b", "/", "a,b", "*"}) {
    const auto scopes = strict_client_scopes(vhost, both(), PartyId("al"));
    EXPECT_TRUE(allows(scopes, "read", vhost, "amq.topic", "apps.tilechat.users.al.#")) << vhost;
    EXPECT_FALSE(allows(scopes, "read", "aXb", "amq.topic", "apps.tilechat.users.al.#")) << vhost;
    for (const std::string& scope : scopes) EXPECT_EQ(scope.find(' '), std::string::npos) << scope;
  }
}

TEST(LegacyScopes, AreTheEcosystems) {
  EXPECT_THAT(
      legacy_client_scopes(chat21_only(), PartyId("alice")),
      ElementsAre("rabbitmq.read:*/*/apps.tilechat.users.alice.*",
                  "rabbitmq.write:*/*/apps.tilechat.users.alice.*",
                  "rabbitmq.write:*/*/apps.tilechat.outgoing.users.alice.*", "rabbitmq.configure:*/*/*"));
}

TEST(LegacyScopes, AddThePathLayout) {
  EXPECT_THAT(legacy_client_scopes(path_only(), PartyId("alice")),
              ElementsAre("rabbitmq.read:*/*/.apps.tilechat.users.alice.*",
                          "rabbitmq.write:*/*/.apps.tilechat.users.alice.*", "rabbitmq.configure:*/*/*"));
  EXPECT_EQ(legacy_client_scopes(both(), PartyId("alice")).size(), 6U);
}

TEST(LegacyScopes, OpenTheEnginesQueues) {
  // Documented, not wished for: this is why they are not the default.
  EXPECT_TRUE(allows(legacy_client_scopes(chat21_only(), PartyId("alice")), "read", "/", "messages"));
}

TEST(ServiceScopes, AreEverythingInOneVirtualHost) {
  EXPECT_THAT(service_scopes("/"),
              ElementsAre("rabbitmq.read:%2F/*/*", "rabbitmq.write:%2F/*/*", "rabbitmq.configure:%2F/*/*"));
  EXPECT_FALSE(allows(service_scopes("chat"), "read", "/", "messages"));
}

}  // namespace
}  // namespace inboxd
