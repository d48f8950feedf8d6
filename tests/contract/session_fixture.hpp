#pragma once

#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "contract/store_fixture.hpp"
#include "engine/session_store.hpp"

namespace inboxd {

// Payloads are compared by what they hold. Found by argument-dependent look-up, so not in `test`.
bool operator==(const QueuedMessage& left, const QueuedMessage& right);
bool operator==(const RetainedMessage& left, const RetainedMessage& right);
std::ostream& operator<<(std::ostream& out, const QueuedMessage& message);
std::ostream& operator<<(std::ostream& out, const RetainedMessage& message);

}  // namespace inboxd

namespace inboxd::test {

/// A fresh store of sessions of one adapter for each test.
class SessionContract : public testing::TestWithParam<Adapter> {
 protected:
  SessionContract();

  SessionStore& sessions() { return *sessions_; }

  /// Whatever waits for a client.
  std::vector<QueuedMessage> queue_of(const std::string& client_id);

 private:
  ManualClock clock_;
  TemporaryDirectory directory_;
  std::unique_ptr<store::RocksDbStore> database_;
  std::unique_ptr<SessionStore> memory_;
  SessionStore* sessions_;  // of one of the two
};

SessionRow session_of(const std::string& client_id);
QueuedMessage queued_of(const std::string& client_id, std::uint64_t sequence,
                        const std::string& payload = "{}");
RetainedMessage retained_of(const std::string& topic, const std::string& payload = "{}");

inline constexpr auto kAwaitsRelease = SessionPacket::State::kReceived;
inline constexpr auto kReleased = SessionPacket::State::kReleased;

/// All that a store holds of these clients.
struct SessionContents {
  std::vector<SessionRow> sessions;
  std::vector<QueuedMessage> queued;
  std::vector<QueueSize> sizes;
  std::vector<SessionPacket> packets;
  std::vector<RetainedMessage> retained;
  std::uint64_t last_sequence = 0;

  friend bool operator==(const SessionContents&, const SessionContents&) = default;
};
SessionContents contents_of(const SessionStore& store, const std::vector<std::string>& client_ids);

}  // namespace inboxd::test
