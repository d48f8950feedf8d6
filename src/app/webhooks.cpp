#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <charconv>
#include <iostream>
#include <memory>
#include <optional>
#include <vector>

#include "app/engine_request.hpp"
#include "app/invocation.hpp"
#include "app/listing.hpp"
#include "app/terminal.hpp"
#include "webhook/settings.hpp"

namespace inboxd::app {
namespace {

struct EventOptions {
  std::size_t limit = 100;
  std::string endpoint;
  std::vector<std::string> ids;
  bool all = false;
  bool body = false;
};

int list(const Store& store, const EventOptions& options) {
  std::size_t shown = 0;
  for (const UndeliveredEvent& event : store.undelivered(SIZE_MAX)) {
    const std::string label = webhook::label_of(event.row.endpoint);
    if (!options.endpoint.empty() && label != options.endpoint) continue;
    if (shown++ == options.limit) {
      std::cerr << "inboxd: there are more; see --limit\n";
      break;
    }
    std::cout << fmt::format("{} {} {} {:>3} {}\n", event.row.sequence, time_of(event.at), printable(label),
                             event.attempts, printable(event.reason));
  }
  return kDone;
}

void print(const UndeliveredEvent& event) {
  // The query of an endpoint may hold its password.
  std::cout << fmt::format(
      "id           {}\nevent id     {}\ncreated at   {}\ngiven up at  {}\nreason       {}\nattempts     {}\n"
      "endpoint     {}\norder        {}\nbody\n{}\n",
      event.row.sequence, printable(event.row.event_id), time_of(event.row.created_at), time_of(event.at),
      printable(event.reason), event.attempts, printable(webhook::label_of(event.row.endpoint)),
      printable(event.row.ordering_key), printable(event.row.body));
}

std::optional<UndeliveredEvent> find(const Store& store, const std::string& id) {
  std::uint64_t sequence = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), sequence);
  if (error != std::errc() || end != id.data() + id.size()) return std::nullopt;
  return store.undelivered_event(sequence);
}

int show(const Store& store, const EventOptions& options) {
  for (const std::string& id : options.ids) {
    const auto event = find(store, id);
    if (!event) {
      std::cerr << "inboxd: no undelivered event " << printable(id) << '\n';
      return kFailed;
    }
    if (options.body) {
      std::cout << event->row.body;
    } else {
      print(*event);
    }
  }
  return kDone;
}

std::string replay_request(const EventOptions& options) {
  if (options.all) return R"({"all":true})";
  std::string ids;
  for (const std::string& id : options.ids) {
    if (!ids.empty()) ids += ',';
    ids += '"' + id + '"';
  }
  return R"({"ids":[)" + ids + "]}";
}

bool is_number(const std::string& text) {
  return !text.empty() && text.size() <= 20 && text.find_first_not_of("0123456789") == std::string::npos;
}

int replay(const config::Settings& settings, const EventOptions& options) {
  if (options.all == !options.ids.empty()) {
    std::cerr << "inboxd: name the events to replay, or say --all\n";
    return kUsage;
  }
  for (const std::string& id : options.ids) {
    if (is_number(id)) continue;
    std::cerr << "inboxd: not the id of an undelivered event: " << printable(id) << '\n';
    return kUsage;
  }
  const auto answer = ask_engine(settings, "webhooks/replay", replay_request(options));
  if (!answer) {
    std::cerr << "inboxd: " << answer.error() << '\n';
    return kFailed;
  }
  std::cout << printable(*answer) << '\n';
  return kDone;
}

}  // namespace

void add_webhooks(CLI::App& root, Invocation& invocation) {
  CLI::App* const group =
      root.add_subcommand("webhooks", "Read and replay events that could not be delivered");
  group->require_subcommand(1);
  const auto options = std::make_shared<EventOptions>();
  CLI::App* const listing =
      group->add_subcommand("list", "List them, newest first: id, time, endpoint's host, attempts, reason");
  add_settings(*listing, invocation);
  listing->add_option("--limit", options->limit, "At most so many")->capture_default_str();
  listing->add_option("--endpoint", options->endpoint, "Only those for this host, as it is listed");
  on_chosen_to_read(*listing, invocation, [options](const Store& store) { return list(store, *options); });
  CLI::App* const showing = group->add_subcommand("show", "Show one with its body");
  add_settings(*showing, invocation);
  showing->add_option("id", options->ids, "Its id")->required();
  showing->add_flag("--body", options->body, "Nothing but the body, byte for byte");
  on_chosen_to_read(*showing, invocation, [options](const Store& store) { return show(store, *options); });
  CLI::App* const replaying = group->add_subcommand("replay", "Have the running engine send them again");
  add_settings(*replaying, invocation);
  replaying->add_option("id", options->ids, "Their ids");
  replaying->add_flag("--all", options->all, "All of them");
  on_chosen(*replaying, invocation, Needs::kSecret,
            [options](const config::Settings& settings) { return replay(settings, *options); });
}

}  // namespace inboxd::app
