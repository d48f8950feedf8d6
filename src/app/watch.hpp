#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

#include "app/mqtt_client.hpp"
#include "app/token.hpp"

namespace inboxd::app {

struct WatchOptions {
  TokenOptions token;  ///< token.user's inbox
  MqttAddress broker;
  std::optional<std::size_t> count;             ///< stop after so many lines
  std::optional<std::chrono::seconds> seconds;  ///< stop after so long, counted from the subscription
  bool json = false;                            ///< one object a line: `{"topic": …, "payload": …}`
  std::chrono::seconds connect_timeout{10};
};

/// One line, without its end, about one message of the inbox. Safe for a terminal, whatever others wrote.
std::string watch_line(const WatchOptions& options, std::string_view topic, std::string_view payload);

/// `inboxd watch`: says `watching the inbox of …` on `err` once it is subscribed, then prints a line for
/// every message until the count, the time or `stop` ends it. kFailed where the time was over before the
/// count, or the broker went away; kUsage for bad options.
int run_watch(const WatchOptions& options, std::ostream& out, std::ostream& err,
              const std::function<bool()>& stop);

/// The same, ended by SIGINT or SIGTERM. For the main thread.
int run_watch(const WatchOptions& options, std::ostream& out, std::ostream& err);

}  // namespace inboxd::app
