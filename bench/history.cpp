/// REST history on a store of a million messages: one client on one connection asks for random pages. The
/// store, the server and the client are in this process; the HTTP is real. Prints its figures as JSON.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "auth/jwt.hpp"
#include "auth/key.hpp"
#include "http/api.hpp"
#include "http/server.hpp"
#include "store/rocksdb_store.hpp"

namespace {

using namespace inboxd;
namespace wire = boost::beast::http;
using boost::asio::ip::tcp;

const AppId kApp("tilechat");
const std::string kSecret(32, 's');

struct Options {
  std::string directory;
  std::uint64_t messages = 1'000'000;
  std::uint64_t conversations = 1'000;
  double seconds = 4;
};

class SystemClock final : public Clock {
 public:
  Millis now() const override {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
  SteadyClock::time_point steady() const override { return SteadyClock::now(); }
};

class Counter final : public Entropy {
 public:
  std::uint64_t next() override { return ++value_; }

 private:
  std::uint64_t value_ = 0;
};

class NoSubmitter final : public Submitter {
 public:
  void submit(std::vector<Publication>, Await, std::chrono::milliseconds, Done done) override {
    done({.message = {}, .refusal = {}, .failure = "nothing is written here"});
  }
};

PartyId peer(std::uint64_t conversation) { return PartyId("peer-" + std::to_string(conversation)); }

/// `owner` has every conversation; messages go round among them, as they come in over time.
void fill(Store& store, const Options& options, const PartyId& owner) {
  constexpr std::uint64_t kBatch = 1'000;
  const std::string text(200, 'x');
  for (std::uint64_t first = 0; first < options.messages; first += kBatch) {
    Commit commit;
    for (std::uint64_t i = first; i < std::min(first + kBatch, options.messages); ++i) {
      const MessageId id(fmt::format("{:036}", i));
      const PartyId other = peer(i % options.conversations);
      const auto timestamp = static_cast<Millis>(1'700'000'000'000 + i);
      commit.messages.push_back(
          {.id = id,
           .app = kApp,
           .sender = other,
           .recipient = owner,
           .timestamp = timestamp,
           .json = fmt::format(
               R"({{"text":"{}","message_id":"{}","sender":"{}","recipient":"{}","timestamp":{}}})", text,
               id.view(), other.view(), owner.view(), timestamp)});
      commit.rows.push_back({.timeline = {kApp, owner, other},
                             .timestamp = timestamp,
                             .message = id,
                             .status = Status::kDelivered});
      commit.rows.push_back(
          {.timeline = {kApp, other, owner}, .timestamp = timestamp, .message = id, .status = Status::kSent});
    }
    store.commit(commit);
  }
}

/// Asks for pages of `limit` messages of random conversations, from random times on, for the time given.
std::string measure(std::uint16_t port, const std::string& token, const Options& options, std::size_t limit) {
  boost::asio::io_context context;
  tcp::socket socket(context);
  socket.connect(tcp::endpoint(boost::asio::ip::address_v4::loopback(), port));
  socket.set_option(tcp::no_delay(true));
  boost::beast::flat_buffer buffer;
  std::mt19937_64 random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same pages in every run
  std::vector<double> took;
  std::uint64_t bytes = 0;
  const auto end = SteadyClock::now() + std::chrono::duration<double>(options.seconds);
  while (SteadyClock::now() < end) {
    const auto before = 1'700'000'000'000 + options.messages / 10 + random() % (options.messages * 9 / 10);
    wire::request<wire::empty_body> request(
        wire::verb::get,
        fmt::format("/api/tilechat/owner/conversations/peer-{}/messages?limit={}&before={}",
                    random() % options.conversations, limit, before),
        11);
    request.set(wire::field::host, "localhost");
    request.set(wire::field::authorization, token);
    const auto begin = SteadyClock::now();
    wire::write(socket, request);
    wire::response<wire::string_body> response;
    wire::read(socket, buffer, response);
    took.push_back(std::chrono::duration<double, std::micro>(SteadyClock::now() - begin).count());
    if (response.result_int() != 200) throw std::runtime_error("the server answered " + response.body());
    bytes += response.body().size();
  }
  std::sort(took.begin(), took.end());
  double total = 0;
  for (const double one : took) total += one;
  const double rate = static_cast<double>(took.size()) / (total / 1e6);
  return fmt::format(
      R"({{"limit":{},"requests_per_s":{:.0f},"msg_per_s":{:.0f},"p50_us":{:.0f},"p99_us":{:.0f},"bytes":{}}})",
      limit, rate, rate * static_cast<double>(limit), took[took.size() / 2], took[took.size() * 99 / 100],
      bytes / took.size());
}

int run(const Options& options) {
  SystemClock clock;
  Counter entropy;
  store::RocksDbOptions store_options;
  store_options.directory = options.directory;
  store_options.sync = store::Sync::kNone;
  auto store = store::RocksDbStore::open(store_options, clock);
  if (!store) throw std::runtime_error(store.error().what());
  const PartyId owner("owner");
  fill(**store, options, owner);

  const Topics topics{kApp, ".apps.tilechat.users", true, true};
  const auth::Verifier verifier({auth::Key::hs256(kSecret).value()});
  http::Backend backend;
  http::ReplyWaiters replies;
  http::NoContacts contacts;
  NoSubmitter submitter;
  http::ApiSettings settings;
  settings.sync_retention = std::chrono::hours(1);
  http::Api api{.backend = backend,
                .topics = topics,
                .clock = clock,
                .entropy = entropy,
                .verifier = verifier,
                .settings = settings,
                .replies = replies};
  http::Router router;
  http::add_api(router, api);
  const auto server = http::Server::start({{"127.0.0.1", 0, &router, {}}}, {});
  if (!server) throw std::runtime_error(server.error());
  backend.open({**store, submitter, contacts, (*server)->loop()});
  const auto token = auth::mint({.user = "owner",
                                 .app = "tilechat",
                                 .scope = {},
                                 .now_seconds = clock.now() / 1000,
                                 .ttl_seconds = 3600},
                                kSecret);
  std::string pages;
  for (const std::size_t limit : {20U, 200U}) {
    if (!pages.empty()) pages += ",";
    pages += measure((*server)->port(0), token.value(), options, limit);
  }
  std::cout << fmt::format(R"({{"messages":{},"conversations":{},"pages":[{}]}})", options.messages,
                           options.conversations, pages)
            << std::endl;
  backend.close();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    CLI::App app("REST history reads on a large store");
    Options options;
    app.add_option("directory", options.directory, "where the store is made")->required();
    app.add_option("--messages", options.messages);
    app.add_option("--conversations", options.conversations);
    app.add_option("--seconds", options.seconds, "for each page size");
    CLI11_PARSE(app, argc, argv);
    return run(options);
  } catch (const std::exception& error) {
    std::cerr << "bench_history: " << error.what() << '\n';
    return 1;
  }
}
