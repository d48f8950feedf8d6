#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace inboxd::bench {

/// CLOCK_MONOTONIC in nanoseconds.
std::int64_t now_ns();

/// The topics of one layout, as MQTT clients see them.
struct TopicLayout {
  bool path = false;  ///< the path layout; else Chat21's
  std::string app = "tilechat";
  std::string prefix = "/apps/tilechat/users";

  std::string outgoing(std::string_view sender, std::string_view recipient) const;
  /// What a client subscribes to, to get all that is his.
  std::string inbox(std::string_view user) const;
};

struct User {
  std::string name;
  std::string token;
};

/// The first `count` of a file of lines USER TOKEN. Throws std::runtime_error where there are fewer.
std::vector<User> read_users(const std::string& path, std::size_t count);

/// What a message says of itself.
struct Stamp {
  std::uint64_t sequence = 0;
  std::int64_t sent_ns = 0;
};

/// Writes messages as the web app does: JSON with a text of 200 bytes and a fresh tempUID. The text carries
/// the stamp.
class Composer {
 public:
  Composer();

  /// Valid until the next call.
  std::string_view compose(const Stamp& stamp);

 private:
  std::string payload_;
  std::size_t text_at_;
  std::size_t uid_at_;
  std::mt19937_64 random_;
};

/// The stamp of a message that came in, wherever its text stands in the payload; none if it is not one of
/// ours.
std::optional<Stamp> stamp_of(std::string_view payload);

}  // namespace inboxd::bench
