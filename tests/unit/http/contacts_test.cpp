#include <gtest/gtest.h>

#include <deque>

#include "http/http_contacts.hpp"
#include "support/fakes.hpp"

namespace inboxd::http::testing {
namespace {

struct Answered {
  const char* body;
  std::optional<Contact> contact;
};

TEST(Contacts, ReadsWhatServicesAnswer) {
  const PartyId id{"x"};
  const Answered cases[] = {
      {R"({"fullname":"A B","firstname":"A","lastname":"B"})", Contact{"A B", "A", "B"}},
      {R"({"success":true,"result":{"fullname":"A"}})", Contact{"A", "", ""}},
      {R"({"firstname":"A","lastname":"B"})", Contact{"A B", "A", "B"}},
      {R"({"firstname":"A"})", Contact{"A", "A", ""}},
      {R"({"fullname":5,"lastname":null})", Contact{"x", "", ""}},
      {"{}", Contact{"x", "", ""}},
      {"[]", std::nullopt},
      {"", std::nullopt},
  };
  for (const Answered& one : cases) EXPECT_EQ(read_contact(one.body, id), one.contact) << one.body;
}

class ContactsTest : public ::testing::Test {
 protected:
  ContactsTest() {
    contacts = HttpContacts::make({.endpoint = "http://contacts/v1/?key=1"}, clock,
                                  [this](net::Request request, auto, net::HttpClient::Done done) {
                                    targets.push_back(request.url.target);
                                    pending.push_back(std::move(done));
                                  })
                   .value();
  }
  void lookup(const std::vector<std::string>& ids) {
    std::vector<PartyId> parties;
    for (const std::string& id : ids) parties.emplace_back(id);
    got.clear();
    contacts->lookup(parties, [this](const std::vector<Contact>& answer) { got = answer; });
  }
  void reply(unsigned status, const std::string& body) {
    const auto done = std::move(pending.front());
    pending.pop_front();
    done(net::Answer{status, body});
  }

  ::inboxd::testing::FakeClock clock;
  std::vector<std::string> targets;
  std::deque<net::HttpClient::Done> pending;
  std::unique_ptr<HttpContacts> contacts;
  std::vector<Contact> got;
};

TEST_F(ContactsTest, AsksOnceAndRemembers) {
  lookup({"a", "b:c"});
  EXPECT_EQ(targets, (std::vector<std::string>{"/v1/a?key=1", "/v1/b%3Ac?key=1"}));
  reply(200, R"({"fullname":"A"})");
  EXPECT_TRUE(got.empty());
  reply(404, "{}");
  EXPECT_EQ(got, (std::vector<Contact>{{"A", "", ""}, {"b:c", "", ""}}));
  clock.advance(std::chrono::seconds(6));
  lookup({"a"});
  EXPECT_EQ(got, (std::vector<Contact>{{"A", "", ""}}));
  lookup({"b:c"});
  EXPECT_EQ(targets.size(), 3U);
  clock.advance(std::chrono::seconds(120));
  lookup({"a"});
  EXPECT_EQ(targets.size(), 4U);
}

TEST_F(ContactsTest, AsksAFewAtATimeAndNotForEver) {
  std::vector<std::string> ids;
  for (int i = 0; i < 20; ++i) ids.push_back("u" + std::to_string(i));
  lookup(ids);
  EXPECT_EQ(pending.size(), 8U);
  clock.advance(std::chrono::seconds(6));
  while (!pending.empty()) reply(200, R"({"fullname":"A"})");
  ASSERT_EQ(got.size(), 20U);
  EXPECT_EQ(targets.size(), 8U);
  EXPECT_EQ(got[19].fullname, "u19");
}

TEST_F(ContactsTest, AnswersForNobodyAtOnce) {
  bool answered = false;
  contacts->lookup({}, [&answered](const std::vector<Contact>&) { answered = true; });
  EXPECT_TRUE(answered);
}

TEST(Contacts, WantsAUrl) {
  ::inboxd::testing::FakeClock clock;
  EXPECT_FALSE(HttpContacts::make({.endpoint = "nonsense"}, clock, {}));
}

}  // namespace
}  // namespace inboxd::http::testing
