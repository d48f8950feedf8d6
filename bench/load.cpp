/// The MQTT load: pairs of a sender and a receiver that chat in one direction through whatever forwards
/// between them.
///
///   closed   a fixed number of messages is always on its way; the rate is what comes out
///   open     a fixed rate, whatever becomes of the messages; the time from publish to delivery is what comes
///   out
///
/// Everything is QoS 0, as the web apps do it, unless told otherwise; a sender hears his own inbox too, as
/// they do. Prints one line of JSON. One thread, as it shares the machine with what it measures.
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdint>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "mqtt_client.hpp"
#include "traffic.hpp"
#include "unique_fd.hpp"
#include "watched_process.hpp"

namespace inboxd::bench {
namespace {

constexpr double kNs = 1e9;
constexpr double kDrainSeconds = 5;

struct Options {
  std::string mode;
  std::string host = "127.0.0.1";
  int port = 1883;
  std::string tokens;
  std::string layout = "chat21";
  TopicLayout topics;
  std::size_t pairs = 1;
  std::size_t window = 200;
  std::uint64_t messages = 0;
  double rate = 500;
  double warmup = 1;
  double seconds = 5;
  int qos = 0;
  bool echo = true;
  bool direct = false;
  std::vector<std::string> watch;
};

struct Pair {
  MqttClient sender;
  MqttClient receiver;
  std::string topic;
  std::uint64_t sent = 0;
  std::uint64_t expected = 0;  ///< the sequence number due next
};

MqttClient connect(const Options& options, const User& user) {
  return MqttClient(
      {options.host, options.port, fmt::format("bench-{}-{}", getpid(), user.name), "JWT", user.token});
}

Pair make_pair(const Options& options, const User& sender, const User& receiver) {
  Pair pair{connect(options, sender), connect(options, receiver),
            options.topics.outgoing(sender.name, receiver.name)};
  // With nobody in between, what is sent is what is heard.
  pair.receiver.subscribe(options.direct ? pair.topic : options.topics.inbox(receiver.name), options.qos);
  if (options.echo && !options.direct) pair.sender.subscribe(options.topics.inbox(sender.name), options.qos);
  return pair;
}

/// What is told of the interval that counts.
struct Measured {
  double seconds = 0;
  std::uint64_t received = 0;
  std::vector<std::int64_t> latencies_ns;  ///< of what was sent in it
  std::vector<std::int64_t> cpu_us;        ///< of each watched process, in the order of the options
  std::int64_t own_cpu_us = 0;
  std::int64_t late_ns = 0;  ///< by how much the clock's ticks were missed at worst
};

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options),
        epoll_(epoll_create1(EPOLL_CLOEXEC), "epoll"),
        timer_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC), "timerfd") {
    for (const std::string& spec : options.watch) watched_.emplace_back(spec);
    const std::vector<User> users = read_users(options.tokens, 2 * options.pairs);
    for (std::size_t i = 0; i < options.pairs; ++i)
      pairs_.push_back(make_pair(options, users[2 * i], users[2 * i + 1]));
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      watch_fd(pairs_[i].sender.fd(), 2 * i);
      watch_fd(pairs_[i].receiver.fd(), 2 * i + 1);
    }
    watch_fd(timer_.get(), kTimer);
  }

  void run() {
    start();
    run_until(now_ns() + to_ns(options_.warmup), 0);
    measure();
    stop();
  }

  std::string report() const;

 private:
  static constexpr std::uint64_t kTimer = ~std::uint64_t{0};
  static std::int64_t to_ns(double seconds) { return static_cast<std::int64_t>(seconds * kNs); }
  bool closed() const { return options_.mode == "closed"; }

  void watch_fd(int fd, std::uint64_t key) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = key;
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) throw std::runtime_error("epoll_ctl");
  }

  void start() {
    sending_ = true;
    if (closed()) {
      for (std::size_t i = 0; i < options_.window; ++i) send(pairs_[i % pairs_.size()]);
    } else {
      start_ns_ = now_ns();
      const auto every = static_cast<long>(kNs / options_.rate);
      const itimerspec interval{{0, every}, {0, every}};
      timerfd_settime(timer_.get(), 0, &interval, nullptr);
    }
  }

  void measure() {
    const std::int64_t begin = now_ns();
    const std::uint64_t received = received_;
    const std::vector<std::int64_t> cpu = all_cpu_us();
    const std::int64_t own = own_cpu_us();
    measured_.late_ns = 0;
    from_ns_ = begin;
    to_ns_ = begin + to_ns(options_.seconds);
    run_until(to_ns_, options_.messages == 0 ? 0 : received + options_.messages);
    to_ns_ = now_ns();
    measured_.cpu_us = all_cpu_us();
    for (std::size_t i = 0; i < cpu.size(); ++i) measured_.cpu_us[i] -= cpu[i];
    measured_.own_cpu_us = own_cpu_us() - own;
    measured_.seconds = static_cast<double>(to_ns_ - begin) / kNs;
    measured_.received = received_ - received;
  }

  /// Sends no more and takes what is still on its way.
  void stop() {
    sending_ = false;
    const itimerspec off{};
    timerfd_settime(timer_.get(), 0, &off, nullptr);
    run_until(now_ns() + to_ns(kDrainSeconds), sent_);
  }

  /// Until this time, or until as many messages have come (0: any number).
  void run_until(std::int64_t deadline_ns, std::uint64_t received) {
    while (now_ns() < deadline_ns && (received == 0 || received_ < received)) step();
  }

  void step() {
    std::array<epoll_event, 64> events;
    const int patience_ms = unwritten_ ? 1 : 20;
    const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), patience_ms);
    for (int i = 0; i < count; ++i) {
      const std::uint64_t key = events[static_cast<std::size_t>(i)].data.u64;
      if (key == kTimer) {
        tick();
      } else if (key % 2 == 0) {
        take_own(pairs_[key / 2]);
      } else {
        take_delivered(pairs_[key / 2]);
      }
    }
    unwritten_ = false;
    for (Pair& pair : pairs_) {
      const bool sent = pair.sender.flush();
      const bool received = pair.receiver.flush();
      unwritten_ = unwritten_ || !sent || !received;
    }
  }

  void tick() {
    std::uint64_t ticks = 0;
    if (::read(timer_.get(), &ticks, sizeof ticks) != sizeof ticks) return;
    for (; ticks > 0; --ticks) {
      const std::int64_t due =
          start_ns_ + static_cast<std::int64_t>(static_cast<double>(sent_ + 1) * kNs / options_.rate);
      measured_.late_ns = std::max(measured_.late_ns, now_ns() - due);
      send(pairs_[sent_ % pairs_.size()]);
    }
  }

  void send(Pair& pair) {
    pair.sender.publish(pair.topic, composer_.compose({pair.sent++, now_ns()}), options_.qos);
    ++sent_;
  }

  /// A sender's inbox: his own messages come back; anything of status -100 is a refusal.
  void take_own(Pair& pair) {
    pair.sender.read();
    while (const auto message = pair.sender.next()) {
      if (!message->topic.ends_with("clientupdated")) continue;
      if (refused_++ == 0) std::cerr << "bench_load: refused: " << message->payload << '\n';
    }
  }

  void take_delivered(Pair& pair) {
    pair.receiver.read();
    const std::int64_t now = now_ns();
    while (const auto message = pair.receiver.next()) {
      const bool arrived = options_.direct || message->topic.ends_with("clientadded");
      const auto stamp = arrived ? stamp_of(message->payload) : std::nullopt;
      if (!stamp) continue;
      if (stamp->sequence != pair.expected) ++out_of_sequence_;
      pair.expected = std::max(pair.expected, stamp->sequence + 1);
      if (stamp->sent_ns >= from_ns_ && stamp->sent_ns < to_ns_)
        measured_.latencies_ns.push_back(now - stamp->sent_ns);
      ++received_;
      if (sending_ && closed()) send(pair);
    }
  }

  std::vector<std::int64_t> all_cpu_us() const {
    std::vector<std::int64_t> all;
    for (const WatchedProcess& process : watched_) all.push_back(process.cpu_us());
    return all;
  }

  static std::int64_t own_cpu_us() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1'000'000 + usage.ru_utime.tv_usec +
           usage.ru_stime.tv_usec;
  }

  Options options_;
  std::vector<WatchedProcess> watched_;
  std::vector<Pair> pairs_;
  UniqueFd epoll_;
  UniqueFd timer_;
  Composer composer_;
  bool sending_ = false;
  bool unwritten_ = false;
  std::int64_t start_ns_ = 0;
  std::int64_t from_ns_ = 0;  ///< the interval that counts; empty until it begins
  std::int64_t to_ns_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t out_of_sequence_ = 0;
  Measured measured_;
};

/// The value below which this share of the sorted values lies, in microseconds.
double percentile_us(const std::vector<std::int64_t>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
  return static_cast<double>(sorted[at]) / 1000;
}

std::string Load::report() const {
  std::vector<std::int64_t> sorted = measured_.latencies_ns;
  std::sort(sorted.begin(), sorted.end());
  const auto count = static_cast<double>(std::max<std::uint64_t>(measured_.received, 1));
  std::string processes;
  for (std::size_t i = 0; i < watched_.size(); ++i)
    processes += fmt::format(R"({}"{}":{{"cpu_us_per_msg":{:.2f},"peak_rss_kib":{}}})", i == 0 ? "" : ",",
                             watched_[i].name(), static_cast<double>(measured_.cpu_us[i]) / count,
                             watched_[i].peak_rss_kib());
  return fmt::format(
      R"({{"mode":"{}","layout":"{}","pairs":{},"qos":{},"seconds":{:.3f},"received":{},"msg_per_s":{:.1f},)"
      R"("p50_us":{:.1f},"p90_us":{:.1f},"p99_us":{:.1f},"max_us":{:.1f},"sender_late_max_us":{:.1f},)"
      R"("lost":{},"out_of_sequence":{},"refused":{},"load_cpu_us_per_msg":{:.2f},"processes":{{{}}}}})",
      options_.mode, options_.layout, options_.pairs, options_.qos, measured_.seconds, measured_.received,
      static_cast<double>(measured_.received) / measured_.seconds, percentile_us(sorted, 0.5),
      percentile_us(sorted, 0.9), percentile_us(sorted, 0.99), percentile_us(sorted, 1),
      static_cast<double>(measured_.late_ns) / 1000, sent_ - std::min(sent_, received_), out_of_sequence_,
      refused_, static_cast<double>(measured_.own_cpu_us) / count, processes);
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("MQTT load from senders to receivers; prints one line of JSON.");
  app.add_option("mode", options.mode, "closed or open")
      ->required()
      ->check(CLI::IsMember({"closed", "open"}));
  app.add_option("--tokens", options.tokens, "file of lines USER TOKEN: sender, receiver, sender, ...")
      ->required();
  app.add_option("--host", options.host, "the broker's address");
  app.add_option("--port", options.port, "the broker's MQTT port");
  app.add_option("--layout", options.layout, "path or chat21")->check(CLI::IsMember({"path", "chat21"}));
  app.add_option("--pairs", options.pairs, "senders with a receiver each")->check(CLI::PositiveNumber);
  app.add_option("--window", options.window, "closed: messages on their way, over all pairs");
  app.add_option("--messages", options.messages, "closed: stop after so many (0: when the time is up)");
  app.add_option("--rate", options.rate, "open: messages a second, over all pairs")
      ->check(CLI::Range(1.1, 1e5));
  app.add_option("--warmup", options.warmup, "seconds before the interval that counts");
  app.add_option("--seconds", options.seconds, "the interval that counts");
  app.add_option("--qos", options.qos, "of publishes and subscriptions")->check(CLI::Range(0, 1));
  app.add_flag("--direct", options.direct,
               "receivers listen to what senders publish: a broker alone is measured");
  app.add_flag("!--no-echo", options.echo, "senders do not hear their own inbox");
  app.add_option("--watch", options.watch, "NAME=PID: tell this process's CPU and memory");
  CLI11_PARSE(app, argc, argv);
  options.topics.path = options.layout == "path";
  Load load(options);
  load.run();
  std::cout << load.report() << std::endl;
  return 0;
}

}  // namespace
}  // namespace inboxd::bench

int main(int argc, char** argv) {
  try {
    return inboxd::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "bench_load: " << error.what() << '\n';
    return 1;
  }
}
