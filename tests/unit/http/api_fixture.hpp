#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "http/api.hpp"
#include "store/memory_store.hpp"
#include "support/fakes.hpp"
#include "unit/http/answer.hpp"

/// The API over a store in memory and a broker that only remembers.
namespace inboxd::http::testing {

inline const std::string kSecret = "a secret of more than thirty-two bytes";

class FakeSubmitter final : public Submitter {
 public:
  struct Sent {
    std::string key;
    std::string payload;
    friend bool operator==(const Sent&, const Sent&) = default;
  };

  void submit(std::vector<Publication> parts, Await await, std::chrono::milliseconds, Done done) override {
    for (const Publication& part : parts) sent.push_back({part.routing_key, *part.payload});
    last_await = await;
    last_from_admin = !parts.empty() && parts.back().from_admin;
    if (holds) {
      held.push_back(std::move(done));
    } else {
      done(verdict);
    }
  }

  std::vector<Sent> sent;
  Await last_await = Await::kCommit;
  bool last_from_admin = false;
  Verdict verdict{MessageId{"m-new"}, {}, {}};
  bool holds = false;
  std::deque<Done> held;
};

class FakeLoop final : public Loop {
 public:
  void post(Task task) override { posted.push_back(std::move(task)); }
  void after(std::chrono::milliseconds, Task task) override { timers.push_back(std::move(task)); }
  void run() {
    while (!posted.empty()) {
      const Task task = std::move(posted.front());
      posted.pop_front();
      task();
    }
  }

  std::deque<Task> posted;
  std::vector<Task> timers;
};

/// Of one who is called `ann`, she is Ann Example.
class FakeContacts final : public Contacts {
 public:
  void lookup(const std::vector<PartyId>& ids, Done done) override {
    std::vector<Contact> contacts;
    for (const PartyId& id : ids) {
      contacts.push_back(id.view() == "ann" ? Contact{"Ann Example", "Ann", "Example"} : unknown_contact(id));
    }
    done(contacts);
  }
};

/// Finds wrong with every document what it is told to.
class FakeFilterAdmin final : public FilterAdmin {
 public:
  Status status() const override { return now; }
  void replace(std::string document, Replaced done) override {
    documents.push_back(std::move(document));
    if (holds) {
      held.push_back(std::move(done));
    } else {
      done(problems);
    }
  }

  Status now;
  std::vector<std::string> problems;
  std::vector<std::string> documents;
  bool holds = false;
  std::deque<Replaced> held;
};

/// Where a text or an attribute holds one of some words, the action of that word.
class FakeFilterSource final : public FilterSource, public ContentFilter {
 public:
  std::shared_ptr<const ContentFilter> current() const override {
    return words.empty() ? nullptr : std::shared_ptr<const ContentFilter>(std::shared_ptr<void>(), this);
  }
  Judgement judge(const Content& content) const override {
    Judgement judgement;
    std::string text;
    for (const auto& member : content.fields.members()) text += std::string(member.raw);
    for (const auto& [word, action] : words) {
      if (text.find(word) == std::string::npos) continue;
      judgement.matches.push_back({.rule = "no " + word, .action = action});
      if (action != FilterAction::kReject) continue;
      judgement.rejection = Rejection{.code = "rude", .message = "No"};
      break;
    }
    return judgement;
  }

  std::vector<std::pair<std::string, FilterAction>> words;
};

/// Has one connection, of ann's.
class FakeConnectionAdmin final : public ConnectionAdmin {
 public:
  void list(Query query, Listed done) override {
    queries.push_back(query);
    done({connection});
  }
  void disconnect(std::uint64_t id, Ended done) override { done(id == connection.id); }

  Connection connection{.id = 7,
                        .client_id = "c-\x01\xFF",
                        .user = "ann",
                        .address = "127.0.0.1",
                        .version = "5.0",
                        .persistent = true,
                        .connected_at = 1'700'000'000'000,
                        .subscriptions = 2,
                        .in_flight = 3,
                        .queued = 4};
  std::vector<Query> queries;
};

class ApiTest : public ::testing::Test {
 protected:
  ApiTest() {
    api.settings.sync_retention = std::chrono::hours(24);
    api.settings.endpoints = {"http://e/"};
    backend.open({store, submitter, contacts, loop, &filters, &content, &connections});
    add_api(router, api);
  }

  std::string token(const std::string& user, bool admin = false, const std::string& app = "tilechat",
                    Millis at_millis = 1'700'000'000'000) const {
    auth::MintRequest request;
    request.user = user;
    request.app = app;
    request.admin = admin;
    request.now_seconds = at_millis / 1000;
    request.ttl_seconds = 3600;
    return auth::mint(request, kSecret).value();
  }

  /// `who`: a user's id, `admin` for an administrator, or nothing for no token.
  Request request(Method method, const std::string& path, const std::string& who,
                  std::string body = {}) const {
    Request made;
    made.method = method;
    const auto mark = path.find('?');
    made.path = path.substr(0, mark);
    if (mark != std::string::npos) made.query = path.substr(mark + 1);
    made.body = std::move(body);
    if (who == "root") {
      made.headers.emplace_back("Authorization", token("root", true));
    } else if (!who.empty()) {
      made.headers.emplace_back("Authorization", token(who));
    }
    return made;
  }

  Response ask(Method method, const std::string& path, const std::string& who, std::string body = {}) const {
    return answer(router, request(method, path, who, std::move(body)));
  }

  /// A direct or group message with its copies, as the engine would have committed it.
  void put_message(const std::string& id, const std::string& sender, const std::string& recipient,
                   Millis timestamp, const std::vector<std::pair<std::string, std::string>>& owners_and_peers,
                   const std::string& more = {}) {
    Commit commit;
    const std::string json = R"({"text":"t-)" + id + R"(","message_id":")" + id + R"(","sender":")" + sender +
                             R"(","recipient":")" + recipient + R"(","app_id":"tilechat","timestamp":)" +
                             std::to_string(timestamp) + more + "}";
    commit.messages.push_back({.id = MessageId{id},
                               .app = topics.app,
                               .sender = PartyId{sender},
                               .recipient = PartyId{recipient},
                               .timestamp = timestamp,
                               .json = json});
    for (const auto& [owner, peer] : owners_and_peers) {
      const TimelineKey key{topics.app, PartyId{owner}, PartyId{peer}};
      const Status status = owner == sender ? Status::kSent : Status::kDelivered;
      commit.rows.push_back(
          {.timeline = key, .timestamp = timestamp, .message = MessageId{id}, .status = status});
      commit.arrivals.push_back({next_arrival++, key, timestamp, MessageId{id}});
    }
    store.commit(commit);
    last_commit = commit;
  }

  void put_conversation(const std::string& owner, const std::string& peer, const std::string& message,
                        Millis timestamp, bool archived = false, std::uint64_t unread = 0) {
    Commit commit;
    commit.conversations.push_back({.key = {topics.app, PartyId{owner}, PartyId{peer}},
                                    .last_message = MessageId{message},
                                    .timestamp = timestamp,
                                    .archived = archived,
                                    .unread = unread});
    store.commit(commit);
  }

  void put_group(const std::string& id, const std::string& owner, const std::vector<std::string>& members) {
    Group group{topics.app, PartyId{id}, {}, {}};
    std::string list;
    for (const std::string& member : members) {
      group.members.emplace_back(member);
      list += (list.empty() ? "\"" : ",\"") + member + "\":1";
    }
    group.json = R"({"uid":")" + id + R"(","appId":"tilechat","name":"Team","owner":")" + owner +
                 R"(","members":{)" + list + R"(},"createdOn":1,"updatedOn":1,"extra":1.50})";
    Commit commit;
    commit.groups.push_back(group);
    store.commit(commit);
  }

  void put_block(const std::string& owner, const std::string& user, Millis at = 1) {
    Commit commit;
    commit.blocks.push_back({topics.app, PartyId{owner}, PartyId{user}, at});
    store.commit(commit);
  }

  void put_ban(const std::string& user, const std::string& reason = {}, std::optional<Millis> until = {}) {
    Commit commit;
    commit.bans.push_back({topics.app, PartyId{user}, reason, 1, until});
    store.commit(commit);
  }

  ::inboxd::testing::FakeClock clock;
  ::inboxd::testing::FakeEntropy entropy;
  store::MemoryStore store;
  FakeSubmitter submitter;
  FakeLoop loop;
  FakeContacts contacts;
  FakeFilterAdmin filters;
  FakeFilterSource content;
  FakeConnectionAdmin connections;
  Topics topics{AppId{"tilechat"}, ".apps.tilechat.users", true, true};
  auth::Verifier verifier{{auth::Key::hs256(kSecret).value()}};
  Backend backend;
  ReplyWaiters replies;
  Api api{backend, topics, clock, entropy, verifier, {}, replies};
  Router router;
  std::uint64_t next_arrival = 1'700'000'000'000'000;
  Commit last_commit;
};

}  // namespace inboxd::http::testing
