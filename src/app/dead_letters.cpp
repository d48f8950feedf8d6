#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <vector>

#include "app/broker_settings.hpp"
#include "app/invocation.hpp"
#include "app/listing.hpp"
#include "app/mqtt_client.hpp"
#include "app/system.hpp"
#include "app/terminal.hpp"
#include "app/token.hpp"
#include "core/refusal.hpp"
#include "rabbitmq/replay.hpp"

namespace inboxd::app {
namespace {

using Letters = std::vector<DeadLetter>;

struct LetterOptions {
  std::size_t limit = 100;
  std::string reason;
  std::vector<std::string> ids;
  bool all = false;
  bool payload = false;
};

bool is_cut(const DeadLetter& letter) { return letter.payload.size() < letter.payload_bytes; }

/// Why a letter is not to be replayed, or nothing.
std::string why_not(const DeadLetter& letter) {
  const auto reason = reason_from_code(letter.reason);
  if (!reason || !may_be_replayed(*reason)) {
    return "refused as " + letter.reason +
           ": the broker did not check who sent it, and a replay would vouch for it";
  }
  if (is_cut(letter)) {
    return fmt::format("only {} of its {} bytes were kept", letter.payload.size(), letter.payload_bytes);
  }
  return {};
}

int list(const Store& store, const LetterOptions& options) {
  std::size_t shown = 0;
  for (const DeadLetter& letter : store.dead_letters(SIZE_MAX)) {
    if (!options.reason.empty() && letter.reason != options.reason) continue;
    if (shown++ == options.limit) {
      std::cerr << "inboxd: there are more; see --limit\n";
      break;
    }
    std::cout << fmt::format("{} {} {:<16} {:>8} {}\n", letter.id, time_of(letter.at), letter.reason,
                             letter.payload_bytes, printable(letter.routing_key));
  }
  if (shown == 0) std::cerr << "inboxd: no dead letters\n";
  return kDone;
}

void print(const DeadLetter& letter) {
  std::cout << fmt::format(
      "id           {}\nat           {}\nreason       {}\ndetail       {}\nexchange     {}\nrouting key  {}\n"
      "bytes        {}{}\nreplay       {}\npayload\n{}\n",
      letter.id, time_of(letter.at), letter.reason, printable(letter.detail), printable(letter.exchange),
      printable(letter.routing_key), letter.payload_bytes,
      is_cut(letter) ? fmt::format(", {} kept", letter.payload.size()) : "",
      why_not(letter).empty() ? "yes" : "no: " + why_not(letter), printable(letter.payload));
}

int show(const Store& store, const LetterOptions& options) {
  for (const std::string& id : options.ids) {
    const auto letter = store.dead_letter(id);
    if (!letter) {
      std::cerr << "inboxd: no dead letter " << printable(id) << '\n';
      return kFailed;
    }
    if (options.payload) {
      std::cout << letter->payload;
    } else {
      print(*letter);
    }
  }
  return kDone;
}

/// The letters that are meant, oldest first: so they go in the order in which they came.
std::optional<Letters> chosen(const Store& store, const LetterOptions& options) {
  Letters letters;
  if (options.all) {
    letters = store.dead_letters(SIZE_MAX);
    std::erase_if(letters,
                  [&](const DeadLetter& l) { return !options.reason.empty() && l.reason != options.reason; });
    std::reverse(letters.begin(), letters.end());
    return letters;
  }
  for (const std::string& id : options.ids) {
    auto letter = store.dead_letter(id);
    if (!letter) {
      std::cerr << "inboxd: no dead letter " << printable(id) << '\n';
      return std::nullopt;
    }
    letters.push_back(std::move(*letter));
  }
  return letters;
}

int publish(const Letters& letters, const rabbitmq::Settings& settings) {
  auto replayer = rabbitmq::Replayer::connect(settings);
  if (!replayer) {
    std::cerr << "inboxd: " << replayer.error().message << '\n';
    return kFailed;
  }
  for (const DeadLetter& letter : letters) {
    if (auto done = replayer->replay(letter); !done) {
      std::cerr << "inboxd: " << letter.id << ": " << done.error().message << '\n';
      return kFailed;
    }
    std::cout << "sent again " << letter.id << '\n';
  }
  replayer->close();
  return kDone;
}

/// To the embedded broker, which acknowledges what the engine has committed.
int publish(const Letters& letters, const config::Settings& settings) {
  constexpr std::chrono::seconds kPatience{10};
  const auto token = make_token({.user = "inboxd",
                                 .backend = true,
                                 .ttl_seconds = 60,
                                 .secret = settings.jwt_secret,
                                 .vhost = settings.rabbitmq_vhost,
                                 .topics = topics_of(settings)});
  MqttClient client([](std::string_view, std::string_view) {}, MqttVersion::k5);
  const auto deadline = [&] { return MqttClient::Clock::now() + kPatience; };
  const auto connected = token ? client.connect(mqtt_address(settings), *token, deadline())
                               : Result<void, MqttError>(Failure<MqttError>(MqttError{token.error()}));
  if (!connected) {
    std::cerr << "inboxd: " << connected.error().message << '\n';
    return kFailed;
  }
  for (const DeadLetter& letter : letters) {
    const UserProperty replays{.name = std::string(kReplayHeader), .value = letter.id};
    std::string topic = letter.routing_key;
    std::replace(topic.begin(), topic.end(), '.', '/');
    if (auto done = client.publish(topic, letter.payload, replays, deadline()); !done) {
      std::cerr << "inboxd: " << letter.id << ": " << done.error().message << '\n';
      return kFailed;
    }
    std::cout << "sent again " << letter.id << '\n';
  }
  return kDone;
}

template <class Broker>
int replay(const Store& store, const LetterOptions& options, const Broker& broker) {
  if (options.all == !options.ids.empty()) {
    std::cerr << "inboxd: name the dead letters to replay, or say --all\n";
    return kUsage;
  }
  auto letters = chosen(store, options);
  if (!letters) return kFailed;
  const auto refused = std::remove_if(letters->begin(), letters->end(), [](const DeadLetter& letter) {
    const std::string reason = why_not(letter);
    if (!reason.empty()) std::cerr << "inboxd: " << letter.id << " is not replayed: " << reason << '\n';
    return !reason.empty();
  });
  const bool any_refused = refused != letters->end();
  letters->erase(refused, letters->end());
  const int code = letters->empty() ? kDone : publish(*letters, broker);
  // --all means all that can be; who names one wants to know that it did not go.
  return code == kDone && any_refused && !options.all ? kFailed : code;
}

}  // namespace

void add_dead_letters(CLI::App& root, Invocation& invocation) {
  CLI::App* const group = root.add_subcommand("dead-letters", "Read and replay what the engine refused");
  group->require_subcommand(1);
  const auto options = std::make_shared<LetterOptions>();
  CLI::App* const listing =
      group->add_subcommand("list", "List them, newest first: id, time, reason, bytes, routing key");
  add_settings(*listing, invocation);
  listing->add_option("--limit", options->limit, "At most so many")->capture_default_str();
  listing->add_option("--reason", options->reason, "Only those refused for it");
  on_chosen_to_read(*listing, invocation, [options](const Store& store) { return list(store, *options); });
  CLI::App* const showing = group->add_subcommand("show", "Show one with its payload");
  add_settings(*showing, invocation);
  showing->add_option("id", options->ids, "Its id")->required();
  showing->add_flag("--payload", options->payload, "Nothing but the payload, byte for byte");
  on_chosen_to_read(*showing, invocation, [options](const Store& store) { return show(store, *options); });
  CLI::App* const replaying = group->add_subcommand(
      "replay",
      "Put them before the engine again, which removes them; what it refuses again is a new dead letter");
  add_settings(*replaying, invocation);
  replaying->add_option("id", options->ids, "Their ids");
  replaying->add_flag("--all", options->all, "All that can be, oldest first");
  replaying->add_option("--reason", options->reason, "With --all: only those refused for it");
  on_chosen(*replaying, invocation, Needs::kLogin, [options](const config::Settings& settings) {
    SystemClock clock;
    const auto store = open_to_read(settings, clock);
    return settings.embedded ? replay(*store, *options, settings)
                             : replay(*store, *options, broker_settings(settings, clock));
  });
}

}  // namespace inboxd::app
