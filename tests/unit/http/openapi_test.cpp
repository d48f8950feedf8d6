#include "http/openapi.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "http/operations.hpp"
#include "unit/http/api_fixture.hpp"

namespace inboxd::http::testing {
namespace {

using Routes = std::set<std::string>;
using Codes = std::map<std::string, std::set<unsigned>>;

std::string name_of(Method method) {
  switch (method) {
    case Method::kGet:
      return "get";
    case Method::kPost:
      return "post";
    case Method::kPut:
      return "put";
    case Method::kDelete:
      return "delete";
    default:
      return "other";
  }
}

/// The document's own layout: paths are indented by two, their methods by four.
Routes documented() {
  std::istringstream text{std::string(openapi_document())};
  Routes routes;
  bool inside = false;
  std::string path;
  for (std::string line; std::getline(text, line);) {
    if (!line.starts_with(' ')) inside = line == "paths:";
    if (!inside || !line.ends_with(':')) continue;
    line.pop_back();
    if (line.starts_with("  /")) path = line.substr(2);
    const std::string word = line.starts_with("    ") ? line.substr(4) : "";
    for (const char* method : {"get", "post", "put", "delete"}) {
      if (word == method) routes.insert(word + " " + path);
    }
  }
  return routes;
}

/// The status codes of each route of the document.
Codes documented_codes() {
  std::istringstream text{std::string(openapi_document())};
  Codes codes;
  std::string path;
  std::string method;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("components:")) break;
    if (line.starts_with("  /")) path = line.substr(2, line.size() - 3);
    for (const char* word : {"get", "post", "put", "delete"}) {
      if (line == std::string("    ") + word + ":") method = word;
    }
    const auto quote = line.find_first_not_of(' ');
    if (quote == std::string::npos || line[quote] != '\'') continue;
    codes[method + " " + path].insert(static_cast<unsigned>(std::stoul(line.substr(quote + 1, 3))));
  }
  return codes;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

/// Asks every route for all that can go right and wrong above the connection, and notes what it answers.
class Explorer : public ApiTest {
 protected:
  Explorer() {
    put_message("m1", "alice", "bob", 1'000, {{"alice", "bob"}, {"bob", "alice"}});
    put_conversation("bob", "alice", "m1", 1'000);
    put_group("group-1", "bob", {"bob", "carol"});
  }

  void visit(Method method, const std::string& pattern) {
    const std::string route = name_of(method) + " " + pattern;
    for (const char* app : {"tilechat", "other"}) {
      for (const char* id : {"bob", "b%20b", "group-1", "group-none", "nobody"}) {
        for (const char* who : {"", "bob", "carol", "mallory", "root", "elsewhere"}) {
          for (const std::string& body : kBodies) try_one(route, method, filled(pattern, app, id), who, body);
          if (method == Method::kGet) try_one(route, method, filled(pattern, app, id) + "?limit=x", who, "");
        }
      }
    }
  }

  Codes seen;

 private:
  static std::string filled(std::string path, const std::string& app, const std::string& id) {
    path = replaced(std::move(path), "{app}", app);
    for (const char* name : {"{user}", "{gid}"}) path = replaced(std::move(path), name, id);
    for (const char* name : {"{member}", "{blocked}"}) path = replaced(std::move(path), name, "carol");
    for (const char* name : {"{peer}", "{recipient}"}) path = replaced(std::move(path), name, "alice");
    path = replaced(std::move(path), "{connection}", id == "bob" ? "7" : id == "nobody" ? "8" : id);
    for (const char* name : {"{instance}", "{token}"}) path = replaced(std::move(path), name, "x");
    return path;
  }

  void try_one(const std::string& route, Method method, const std::string& path, const std::string& who,
               const std::string& body) {
    submitter.sent.clear();
    filters = {};
    content.words = {{"never", FilterAction::kReject}};
    const auto all = verdicts(route);
    ask_once(route, asked(method, path, who, body), all.front());
    if (!filters.documents.empty()) {
      filters.problems = {"line 1: no"};
      ask_once(route, asked(method, path, who, body), all.front());
    }
    if (submitter.sent.empty()) return;
    for (const Verdict& verdict : all) ask_once(route, asked(method, path, who, body), verdict);
  }

  /// `elsewhere` is a user of another app.
  Request asked(Method method, const std::string& path, const std::string& who, const std::string& body) {
    Request made = request(method, path, who == "elsewhere" ? "" : who, body);
    if (who == "elsewhere") made.headers.emplace_back("Authorization", token("bob", true, "other"));
    return made;
  }

  void ask_once(const std::string& route, Request request, const Verdict& verdict) {
    submitter.verdict = verdict;
    std::optional<unsigned> status;
    router.handle(std::move(request), Responder([&](const Response& response) { status = response.status; }));
    loop.run();
    // Whoever waits for a reply waits in vain.
    while (!status && !loop.timers.empty()) {
      const auto timers = std::exchange(loop.timers, {});
      for (const Loop::Task& timer : timers) timer();
      loop.run();
    }
    ASSERT_TRUE(status) << route << " does not answer";
    seen[route].insert(*status);
  }

  /// What the engine may say to what a route submits.
  static std::vector<Reason> reasons(const std::string& route) {
    std::vector<Reason> all = {Reason::kTooLarge, Reason::kBadField, Reason::kNotAllowed, Reason::kNotFound};
    const auto add = [&all](std::initializer_list<Reason> more) {
      all.insert(all.end(), more.begin(), more.end());
    };
    if (route.starts_with("post /api/{app}/messages")) {
      add({Reason::kFanoutFull, Reason::kBanned, Reason::kBlocked, Reason::kRateLimited, Reason::kNotMember,
           Reason::kGroupTooLarge, Reason::kFiltered, Reason::kHookRejected, Reason::kHookUnavailable});
    }
    if (route.find("/groups") != std::string::npos) {
      add({Reason::kGroupTooLarge});
    }
    if (route == "put /api/{app}/{user}/blocks/{blocked}") add({Reason::kTooManyBlocks});
    return all;
  }

  static std::vector<Verdict> verdicts(const std::string& route) {
    std::vector<Verdict> all = {Verdict{MessageId{"m9"}, {}, {}}, Verdict{{}, {}, "no broker"}};
    for (const Reason reason : reasons(route)) all.push_back({{}, Refusal{reason, "no"}, {}});
    return all;
  }

  inline static const std::vector<std::string> kBodies = {
      "",
      "{",
      "{}",
      R"({"recipient_id":"bob","text":"x","group_name":"G","group_id":"group-1","group_members":{"dan":1},
          "member_id":"dan","members":{"dan":1},"attributes":{},"all":true,"filters":[],"seconds":60})",
      R"({"recipient_id":"bob","text":"x","group_name":"never","group_members":{"never":1},"member_id":"never",
          "members":{"never":1},"attributes":{"x":"never"}})",
      R"({"recipient_id":"bob","text":"x","sender_id":"zoe","writer_id":"zoe","user_id":"zoe"})",
      R"({"recipient_id":"a b","text":7,"group_name":7,"group_id":"a b","group_members":7,"member_id":"a b",
          "members":7,"attributes":7,"ids":7,"user_id":"a b","device_model":7,"seconds":0})"};
};

// What arises below the resources (a body beyond the limit, an exception) is tested with the server and the
// router.
TEST_F(Explorer, OpenApiNamesEveryCodeAndNoOther) {
  Codes expected = documented_codes();
  for (const auto& [method, pattern] : router.routes()) visit(method, pattern);
  for (const auto& [method, pattern] : router.routes()) {
    const std::string route = name_of(method) + " " + pattern;
    for (const unsigned code : seen[route]) {
      EXPECT_TRUE(expected[route].contains(code)) << route << " answers " << code << ", undocumented";
    }
  }
  backend.close();
  for (const auto& [method, pattern] : router.routes()) visit(method, pattern);
  backend.open({store, submitter, contacts, loop, &filters});
  for (const auto& [method, pattern] : router.routes()) {
    if (pattern.starts_with("/api/admin/")) visit(method, pattern);  // clients connect to another broker
  }
  for (const auto& [route, codes] : expected) {
    if (!seen.contains(route)) continue;  // health and the like: not the API's
    for (const unsigned code : codes) {
      if (code == 413 || code == 500) continue;
      const bool replied =
          code == 200 && route.ends_with("/sync");  // somebody must answer: message_sync's own test
      EXPECT_TRUE(seen[route].contains(code) || replied) << route << " never answers " << code;
    }
  }
}

TEST_F(ApiTest, OpenApiNamesEveryRouteAndNoOther) {
  Health health;
  Metrics metrics(health);
  add_health(router, health);
  add_metrics(router, metrics);
  add_openapi(router);
  Routes registered;
  for (const auto& [method, path] : router.routes()) registered.insert(name_of(method) + " " + path);
  EXPECT_GT(registered.size(), 30U);
  EXPECT_EQ(documented(), registered);
}

TEST_F(ApiTest, OpenApiIsServed) {
  add_openapi(router);
  const Response got = ask(Method::kGet, "/openapi.yaml", "");
  EXPECT_EQ(got.status, 200U);
  EXPECT_TRUE(got.body.starts_with("openapi: 3.1"));
}

}  // namespace
}  // namespace inboxd::http::testing
