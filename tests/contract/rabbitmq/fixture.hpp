#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contract/rabbitmq/client.hpp"
#include "contract/rabbitmq/node.hpp"
#include "rabbitmq/broker.hpp"

namespace inboxd::test {

/// The node of this program: started with the first test, stopped after the last.
Node& node();

inline constexpr std::size_t kMuchRoom = std::size_t{64} * 1024 * 1024;

/// A key to which `messages` is bound, and one for `persist`.
inline constexpr const char* kOutgoing = ".apps.tilechat.users.a.b.messages.outgoing";
inline constexpr const char* kPersist = "apps.observer.tilechat.users.a.messages.b.persist";
/// A key that the queues are not bound to.
inline constexpr const char* kInbox = "apps.tilechat.users.b.messages.a.clientadded";

/// Settings for the node with its right user.
rabbitmq::Settings good_settings();

Result<std::unique_ptr<BrokerSession>, BrokerError> connect(
    const rabbitmq::Settings& settings = good_settings());

/// Polls until `done`, for ten seconds at most; false at the deadline. An error of the session is a failure.
bool poll_until(BrokerSession& session, std::size_t room, std::vector<Delivery>& into,
                const std::function<bool()>& done);

/// Takes so many deliveries.
std::vector<Delivery> take(BrokerSession& session, std::size_t count);

/// Polls until the session reports an error; none at the deadline.
std::optional<BrokerError> poll_until_lost(BrokerSession& session, std::size_t room = kMuchRoom);

Publication publication(const std::string& key, const std::string& payload);

/// Each test begins without the queues.
class BrokerSessionTest : public testing::Test {
 protected:
  void SetUp() override;

  /// A session that must come about.
  std::unique_ptr<BrokerSession> session();
  Client client() { return Client(node().port()); }
};

}  // namespace inboxd::test
