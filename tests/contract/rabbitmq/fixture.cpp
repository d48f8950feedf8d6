#include "contract/rabbitmq/fixture.hpp"

#include <utility>

namespace inboxd::test {
namespace {

constexpr std::chrono::seconds kPatience{20};
constexpr std::chrono::milliseconds kTurn{200};

class NodeEnvironment : public testing::Environment {
 public:
  void TearDown() override { node_.reset(); }
  Node& node() {
    if (!node_) node_ = std::make_unique<Node>();
    return *node_;
  }

 private:
  std::unique_ptr<Node> node_;
};

NodeEnvironment& environment() {
  // The test program owns it, from here on.
  static auto& instance = static_cast<NodeEnvironment&>(
      *testing::AddGlobalTestEnvironment(std::make_unique<NodeEnvironment>().release()));
  return instance;
}

// Environments must be known before the first test runs.
[[maybe_unused]] const NodeEnvironment& registered = environment();

}  // namespace

Node& node() { return environment().node(); }

rabbitmq::Settings good_settings() {
  rabbitmq::Settings settings;
  settings.addresses = {{"127.0.0.1", node().port()}};
  settings.topics.app = AppId("tilechat");
  settings.topics.path_key = ".apps.tilechat.users";
  settings.credentials = [] { return rabbitmq::Credentials{kUser, kPassword, {}}; };
  return settings;
}

Result<std::unique_ptr<BrokerSession>, BrokerError> connect(const rabbitmq::Settings& settings) {
  return rabbitmq::RabbitBroker(settings).connect();
}

bool poll_until(BrokerSession& session, std::size_t room, std::vector<Delivery>& into,
                const std::function<bool()>& done) {
  const auto deadline = SteadyClock::now() + kPatience;
  while (!done()) {
    if (SteadyClock::now() > deadline) return false;
    const auto polled = session.poll(kTurn, room, into);
    if (!polled) {
      ADD_FAILURE() << polled.error().message;
      return false;
    }
  }
  return true;
}

std::vector<Delivery> take(BrokerSession& session, std::size_t count) {
  std::vector<Delivery> deliveries;
  EXPECT_TRUE(poll_until(session, kMuchRoom, deliveries, [&] { return deliveries.size() >= count; }));
  EXPECT_EQ(deliveries.size(), count);
  return deliveries;
}

std::optional<BrokerError> poll_until_lost(BrokerSession& session, std::size_t room) {
  const auto deadline = SteadyClock::now() + kPatience;
  std::vector<Delivery> ignored;
  while (SteadyClock::now() < deadline) {
    if (auto polled = session.poll(kTurn, room, ignored); !polled) return polled.error();
  }
  return std::nullopt;
}

Publication publication(const std::string& key, const std::string& payload) {
  return {key, std::make_shared<const std::string>(payload)};
}

void BrokerSessionTest::SetUp() {
  Client cleaner(node().port());
  cleaner.delete_queue("messages");
  cleaner.delete_queue("persist");
}

std::unique_ptr<BrokerSession> BrokerSessionTest::session() {
  auto connected = connect();
  if (!connected) throw std::runtime_error(connected.error().message);
  return *std::move(connected);
}

}  // namespace inboxd::test
