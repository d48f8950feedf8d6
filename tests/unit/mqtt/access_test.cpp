#include "mqtt/access.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/scopes.hpp"

namespace inboxd::mqtt {
namespace {

Topics both() { return {AppId("tilechat"), ".apps.tilechat.users", true, true}; }
Topics path_only() { return {AppId("tilechat"), ".apps.tilechat.users", true, false}; }
Topics chat21_only() { return {AppId("tilechat"), ".apps.tilechat.users", false, true}; }

auth::Claims claims_of(std::string user, std::vector<std::string> scope, bool admin = false) {
  auth::Claims claims;
  claims.sub = user;
  claims.user_id = std::move(user);
  claims.app_id = "tilechat";
  claims.scope = std::move(scope);
  claims.admin = admin;
  return claims;
}

Access access_of(const auth::Claims& claims, const Topics& topics = both(), const std::string& vhost = "/") {
  return Access::of(claims, std::make_shared<const AccessContext>(vhost, topics)).value();
}

Access strict(const std::string& user, const Topics& topics = both()) {
  return access_of(claims_of(user, strict_client_scopes("/", topics, PartyId(user))), topics);
}

Access legacy(const std::string& user, const Topics& topics = both()) {
  return access_of(claims_of(user, legacy_client_scopes(topics, PartyId(user))), topics);
}

struct Case {
  const char* text;  ///< a topic or a filter
  bool granted;
};

/// `al` is a beginning of other users' ids, and `a` of his.
const std::vector<Case> kPublications = {
    // what a client says
    {"apps/tilechat/outgoing/users/al/messages/bob/outgoing", true},
    {"apps/tilechat/users/al/messages/bob/m1/update", true},
    {"apps/tilechat/users/al/conversations/bob/update", true},
    {"apps/tilechat/users/al/conversations/bob/archive", true},
    {"apps/tilechat/users/al/presence/c1", true},
    {"apps/tilechat/users/al/blocks/bob/update", true},
    {"/apps/tilechat/users/al/bob/messages/outgoing", true},
    {"/apps/tilechat/users/al/bob/messages/m1/update", true},
    {"/apps/tilechat/users/al/blocks/bob/update", true},
    // words of the topics in ids, over which RabbitMQ's wildcard stumbles
    {"apps/tilechat/users/al/messages/bob/update1/update", true},
    {"apps/tilechat/users/al/messages/update/update/update", true},
    {"apps/tilechat/outgoing/users/al/messages/outgoing/outgoing", true},
    {"/apps/tilechat/users/al/messages/messages/outgoing", true},
    // malformed, but his own: the engine refuses them and tells him
    {"apps/tilechat/outgoing/users/al/messages/a/b/outgoing", true},
    {"apps/tilechat/outgoing/users/al/messages//outgoing", true},
    {"apps/tilechat/users/al/messages/bob/update", true},
    {"apps/tilechat/users/al/messages/b*b/m 1/update", true},
    {"/apps/tilechat/users/al/a/b/c/messages/outgoing", true},
    // as another
    {"apps/tilechat/outgoing/users/bob/messages/al/outgoing", false},
    {"apps/tilechat/outgoing/users/alice/messages/bob/outgoing", false},
    {"apps/tilechat/outgoing/users/a/messages/bob/outgoing", false},
    {"apps/tilechat/outgoing/users/x/al/messages/bob/outgoing", false},
    {"apps/tilechat/users/bob/messages/al/m1/update", false},
    {"apps/tilechat/users/bob/conversations/al/archive", false},
    {"apps/tilechat/users/bob/blocks/al/update", false},
    {"apps/tilechat/users/bob/presence/c1", false},
    {"/apps/tilechat/users/bob/al/messages/outgoing", false},
    {"/apps/tilechat/users/bob/blocks/al/update", false},
    {"/apps/tilechat/users/alice/bob/messages/outgoing", false},
    // as the engine
    {"apps/tilechat/users/al/messages/bob/clientadded", false},
    {"apps/tilechat/users/al/messages/bob/m1/clientupdated", false},
    {"apps/tilechat/users/al/conversations/bob/clientdeleted", false},
    {"apps/tilechat/users/al/groups/group-a/clientupdated", false},
    {"apps/tilechat/users/al/typings/bob/clienttyping", false},
    {"apps/tilechat/users/al/blocks/bob/clientupdated", false},
    {"/apps/tilechat/users/al/bob/messages/clientadded", false},
    {"/apps/tilechat/users/bob/al/messages/clientadded", false},
    // as a back end
    {"apps/observer/tilechat/users/bob/messages/al/delivered", false},
    {"apps/observer/tilechat/users/al/messages/bob/persist", false},
    {"apps/observer/tilechat/groups/update", false},
    {"apps/observer/tilechat/bans/bob/update", false},
    {"observer/webhook/apps/tilechat/message_deliver", false},
    // elsewhere
    {"apps/other/outgoing/users/al/messages/bob/outgoing", false},
    {"apps/tilechat/users/al", false},
    {"apps/tilechat/users/al/", false},
    {"apps/tilechat/outgoing/users/al/messages/outgoing", false},
    {"/apps/tilechat/outgoing/users/al/messages/bob/outgoing", false},
    {"home/lamp", false},
    {"$SYS/broker", false},
    // levels that come apart, or together, as words of a routing key
    {"apps.tilechat.outgoing.users.al.messages.bob.outgoing", false},
    {"apps/tilechat/outgoing/users/al/messages/b.b/outgoing", false},
    {"apps/tilechat/users/al.messages/bob/m1/update", false},
};

const std::vector<Case> kSubscriptions = {
    {"apps/tilechat/users/al/#", true},
    {"/apps/tilechat/users/al/#", true},
    {"apps/tilechat/users/al/messages/bob/clientadded", true},
    {"apps/tilechat/users/al/+/+/clientadded", true},
    {"apps/tilechat/users/al/messages/#", true},
    {"/apps/tilechat/users/al/+/messages/clientadded", true},
    {"$share/g/apps/tilechat/users/al/#", true},
    {"$share/g//apps/tilechat/users/al/#", true},
    // another's
    {"apps/tilechat/users/bob/#", false},
    {"/apps/tilechat/users/bob/#", false},
    {"/apps/tilechat/users/bob/al/messages/clientadded", false},
    {"apps/tilechat/users/alice/#", false},
    {"apps/tilechat/users/a/#", false},
    {"/apps/tilechat/users/alice/#", false},
    {"$share/g/apps/tilechat/users/bob/#", false},
    {"$share/apps/tilechat/users/al/#", false},
    {"$share/g/$share/h/apps/tilechat/users/al/#", false},
    // wildcards that reach beyond
    {"#", false},
    {"+/#", false},
    {"apps/#", false},
    {"/#", false},
    {"/apps/#", false},
    {"apps/tilechat/#", false},
    {"apps/tilechat/users/#", false},
    {"apps/tilechat/users/+/#", false},
    {"apps/+/users/al/#", false},
    {"+/tilechat/users/al/#", false},
    {"+/apps/tilechat/users/al/#", false},
    {"/apps/+/users/al/#", false},
    {"/apps/tilechat/users/+/#", false},
    {"$share/g/#", false},
    // not an inbox
    {"apps/tilechat/users/al", false},
    {"apps/tilechat/users/+", false},
    {"apps/tilechat/outgoing/users/al/#", false},
    {"apps/observer/tilechat/#", false},
    {"apps/other/users/al/#", false},
    {"home/lamp", false},
    {"$SYS/#", false},
    // levels and words
    {"apps.tilechat.users.al.#", false},
    {"apps/tilechat/users/al.x/#", false},
    {"apps/tilechat/users/al/a.b/#", false},
    // RabbitMQ's wildcards mean nothing here
    {"apps/tilechat/users/*/#", false},
};

void expect_rights(const Access& access, const std::string& whose) {
  for (const Case& test : kPublications) {
    EXPECT_EQ(access.may_publish(test.text), test.granted) << whose << " publishes to " << test.text;
  }
  for (const Case& test : kSubscriptions) {
    EXPECT_EQ(access.may_subscribe(test.text), test.granted) << whose << " subscribes to " << test.text;
  }
}

TEST(Access, AStrictTokenOpensWhatIsHis) { expect_rights(strict("al"), "strict"); }

TEST(Access, ALegacyTokenOpensNoMore) { expect_rights(legacy("al"), "legacy"); }

TEST(Access, NorDoesOneThatMayEverything) {
  expect_rights(access_of(claims_of("al", service_scopes("/"))), "service");
  expect_rights(access_of(claims_of("al", {"rabbitmq.read:*/*/*", "rabbitmq.write:*/*/*"})), "stars");
}

TEST(Access, ScopesThatSayLessGrantLess) {
  const Access access = access_of(claims_of(
      "al", {"rabbitmq.read:%2F/amq.topic/apps.tilechat.users.al.messages.*",
             "rabbitmq.write:%2F/amq.topic/apps.tilechat.users.al.*.bob.update",
             "rabbitmq.write:%2F/amq.topic/apps.tilechat.outgoing.users.al.messages.bob.outgoing"}));
  EXPECT_TRUE(access.may_subscribe("apps/tilechat/users/al/messages/#"));
  EXPECT_TRUE(access.may_subscribe("apps/tilechat/users/al/messages/+/clientadded"));
  EXPECT_FALSE(access.may_subscribe("apps/tilechat/users/al/#"));
  EXPECT_FALSE(access.may_subscribe("apps/tilechat/users/al/+/bob/clientadded"));
  EXPECT_FALSE(access.may_subscribe("/apps/tilechat/users/al/#"));
  EXPECT_TRUE(access.may_publish("apps/tilechat/users/al/conversations/bob/update"));
  EXPECT_TRUE(access.may_publish("apps/tilechat/users/al/blocks/bob/update"));
  EXPECT_FALSE(access.may_publish("apps/tilechat/users/al/conversations/carol/update"));
  EXPECT_TRUE(access.may_publish("apps/tilechat/outgoing/users/al/messages/bob/outgoing"));
  EXPECT_FALSE(access.may_publish("apps/tilechat/outgoing/users/al/messages/carol/outgoing"));
  EXPECT_FALSE(access.may_publish("apps/tilechat/users/al/other/bob/update")) << "no client says that";
}

TEST(Access, AScopeOfAnotherIsOfNoUse) {
  const Access access = access_of(claims_of("al", strict_client_scopes("/", both(), PartyId("bob"))));
  EXPECT_FALSE(access.may_subscribe("apps/tilechat/users/bob/#"));
  EXPECT_FALSE(access.may_subscribe("apps/tilechat/users/al/#"));
  EXPECT_FALSE(access.may_publish("apps/tilechat/outgoing/users/bob/messages/al/outgoing"));
  EXPECT_FALSE(access.may_publish("apps/tilechat/outgoing/users/al/messages/bob/outgoing"));
}

TEST(Access, ATokenWithoutScopesGrantsNothing) {
  const Access access = access_of(claims_of("al", {}));
  for (const Case& test : kPublications) EXPECT_FALSE(access.may_publish(test.text)) << test.text;
  for (const Case& test : kSubscriptions) EXPECT_FALSE(access.may_subscribe(test.text)) << test.text;
  EXPECT_FALSE(access.is_unrestricted());
}

TEST(Access, HoldsInItsVirtualHost) {
  const auto claims = claims_of("al", strict_client_scopes("chat", both(), PartyId("al")));
  EXPECT_TRUE(access_of(claims, both(), "chat").may_subscribe("apps/tilechat/users/al/#"));
  EXPECT_FALSE(access_of(claims, both(), "/").may_subscribe("apps/tilechat/users/al/#"));
}

TEST(Access, SpeaksOfEnabledLayoutsOnly) {
  for (const char* filter : {"apps/tilechat/users/al/#", "apps/tilechat/users/al/x"}) {
    const auto everything = claims_of("al", service_scopes("/"));
    EXPECT_FALSE(access_of(everything, path_only()).may_subscribe(filter));
    EXPECT_TRUE(access_of(everything, path_only()).may_subscribe(std::string("/") + filter));
    EXPECT_TRUE(access_of(everything, chat21_only()).may_subscribe(filter));
    EXPECT_FALSE(access_of(everything, chat21_only()).may_subscribe(std::string("/") + filter));
  }
  EXPECT_FALSE(strict("al", path_only()).may_publish("apps/tilechat/users/al/presence/c1"));
  EXPECT_FALSE(strict("al", chat21_only()).may_publish("/apps/tilechat/users/al/bob/messages/outgoing"));
}

TEST(Access, APathPrefixMayDoWithoutALeadingSlash) {
  const Access access = strict("al", {AppId("tilechat"), path_key_of("chat/users"), true, false});
  EXPECT_TRUE(access.may_subscribe("chat/users/al/#"));
  EXPECT_TRUE(access.may_publish("chat/users/al/bob/messages/outgoing"));
  EXPECT_FALSE(access.may_subscribe("/chat/users/al/#"));
  EXPECT_FALSE(access.may_subscribe("chat/users/#"));
  EXPECT_FALSE(access.may_publish("chat/users/bob/al/messages/outgoing"));
}

TEST(Access, IdsMeanThemselves) {
  for (const std::string id :
       {"a:b@c", "J\xC3\xBCrgen", "\xE6\x9D\x8E", "a|b;c,d", "a=b&c", "~", "a\"b\\c"}) {
    const Access access = strict(id);
    EXPECT_TRUE(access.may_subscribe("apps/tilechat/users/" + id + "/#")) << id;
    EXPECT_TRUE(access.may_publish("/apps/tilechat/users/" + id + "/bob/messages/outgoing")) << id;
    EXPECT_FALSE(access.may_subscribe("apps/tilechat/users/bob/#")) << id;
  }
}

TEST(Access, AnAdminHasWhatHisScopesSay) {
  const Access access = access_of(claims_of("boss", service_scopes("/"), true));
  EXPECT_TRUE(access.admin());
  for (const char* topic : {"apps/observer/tilechat/groups/update", "home/lamp", "home/v1.2/lamp",
                            "apps/tilechat/users/bob/messages/al/clientadded"}) {
    EXPECT_TRUE(access.may_publish(topic)) << topic;
  }
  for (const char* filter :
       {"#", "apps/tilechat/#", "$share/g/apps/tilechat/users/+/#", "$SYS/#", "home/+"}) {
    EXPECT_TRUE(access.may_subscribe(filter)) << filter;
  }
  EXPECT_FALSE(access.may_publish("$SYS/broker"));
}

TEST(Access, AnAdminHasNoMoreThanThat) {
  const Access plain = access_of(claims_of("boss", strict_client_scopes("/", both(), PartyId("boss")), true));
  EXPECT_TRUE(plain.may_subscribe("apps/tilechat/users/boss/#"));
  EXPECT_FALSE(plain.may_subscribe("apps/tilechat/users/bob/#"));
  EXPECT_FALSE(plain.may_publish("apps/observer/tilechat/groups/update"));

  const Access app = access_of(claims_of(
      "boss",
      {"rabbitmq.read:%2F/amq.topic/apps.tilechat.*", "rabbitmq.write:%2F/*/apps.observer.tilechat.*"},
      true));
  EXPECT_TRUE(app.may_subscribe("apps/tilechat/#"));
  EXPECT_TRUE(app.may_subscribe("apps/tilechat/users/+/#"));
  EXPECT_TRUE(app.may_publish("apps/observer/tilechat/groups/update"));
  for (const char* filter : {"#", "+/tilechat/#", "apps/+/users", "apps/#", "apps/observer/tilechat/#",
                             "apps.tilechat/#", "$SYS/#"}) {
    EXPECT_FALSE(app.may_subscribe(filter)) << filter;
  }
  EXPECT_FALSE(app.may_publish("apps/observer/other/groups/update"));
  EXPECT_FALSE(app.may_publish("apps/observer.tilechat/groups/update"));
}

TEST(Access, WithoutAuthenticationAllIsOpenButTheServersTopics) {
  const Access access = Access::unrestricted();
  EXPECT_TRUE(access.is_unrestricted());
  EXPECT_TRUE(access.user().empty());
  EXPECT_TRUE(access.may_subscribe("#"));
  EXPECT_TRUE(access.may_publish("apps/observer/tilechat/groups/update"));
  EXPECT_FALSE(access.may_publish("$SYS/broker"));
}

TEST(Access, TheUserIsTheClaimUserIdElseTheSubject) {
  auto claims = claims_of("al", {});
  claims.sub = "bob";
  EXPECT_EQ(access_of(claims).user(), PartyId("al"));
  claims.user_id.clear();
  EXPECT_EQ(access_of(claims).user(), PartyId("bob"));
}

TEST(Access, ATokenMustNameAUserOfThisApp) {
  const auto context = std::make_shared<const AccessContext>("/", both());
  for (const char* user : {"", "*", "ali*", "#", "+", "a.b", "a/b", "a b", "%2A", "groups", "admin"}) {
    EXPECT_FALSE(Access::of(claims_of(user, service_scopes("/"), true), context)) << user;
  }
  auto other = claims_of("al", service_scopes("/"), true);
  for (const char* app : {"", "other", "tilechat2", "tile"}) {
    other.app_id = app;
    EXPECT_FALSE(Access::of(other, context)) << app;
  }
}

}  // namespace
}  // namespace inboxd::mqtt
