/// The yardstick: the least that an engine can do on RabbitMQ without losing a message. For each delivery it
/// publishes the same payload to the keys that an engine would publish to, persistent, and acknowledges the
/// delivery once the broker has confirmed them all.
///
/// What it does not do: it reads no payload, checks no id, gives no message id, timestamp or status, stores
/// nothing, knows no groups, conversations, receipts or resends, refuses nothing, counts nothing, and does
/// not reconnect. It binds its queue to the topics of sent messages alone.
///
/// It is meant to be hard to beat: one thread, no copy but the one out of the frames, publishes and confirms
/// pipelined, one acknowledgement for all that is confirmed, and what it writes goes out in as few segments
/// as the deliveries came in.
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "unique_fd.hpp"

namespace {

using inboxd::bench::UniqueFd;

constexpr amqp_channel_t kChannel = 1;
constexpr std::string_view kExchange = "amq.topic";
/// Deliveries taken before what was published goes out and what is confirmed is acknowledged.
constexpr int kMaxBatch = 256;

struct Options {
  std::string host = "127.0.0.1";
  int port = 5672;
  std::string queue = "bench.forwarder";
  std::string app = "tilechat";
  std::string path_key = ".apps.tilechat.users";
  bool both_layouts = false;
  int prefetch = 1000;
  std::vector<std::string> delete_first;
};

amqp_bytes_t bytes(std::string_view text) { return {text.size(), const_cast<char*>(text.data())}; }
std::string_view view(amqp_bytes_t raw) { return {static_cast<const char*>(raw.bytes), raw.len}; }

void require(int status, const char* what) {
  if (status < 0) throw std::runtime_error(std::string(what) + ": " + amqp_error_string2(status));
}

void require(const amqp_rpc_reply_t& reply, const char* what) {
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) return;
  if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) require(reply.library_error, what);
  throw std::runtime_error(std::string(what) + ": refused by the broker");
}

/// An open connection with one open channel; closed in good order when dropped.
class Link {
 public:
  Link(const Options& options, const std::string& password) : connection_(amqp_new_connection()) {
    amqp_socket_t* socket = amqp_tcp_socket_new(get());
    if (!socket) throw std::bad_alloc();
    require(amqp_socket_open(socket, options.host.c_str(), options.port), "connect");
    require(amqp_login(get(), "/", 1, AMQP_DEFAULT_FRAME_SIZE, 0, AMQP_SASL_METHOD_PLAIN, "bench",
                       password.c_str()),
            "log in");
    amqp_channel_open(get(), kChannel);
    check("open a channel");
    set(TCP_NODELAY, 1);
  }

  amqp_connection_state_t get() const { return connection_.get(); }
  int fd() const { return amqp_get_sockfd(get()); }
  void check(const char* what) const { require(amqp_get_rpc_reply(get()), what); }
  void set(int tcp_option, int value) const {
    if (setsockopt(fd(), IPPROTO_TCP, tcp_option, &value, sizeof value) != 0)
      throw std::system_error(errno, std::generic_category(), "setsockopt");
  }

 private:
  struct Close {
    void operator()(amqp_connection_state_t state) const {
      amqp_connection_close(state, AMQP_REPLY_SUCCESS);
      amqp_destroy_connection(state);
    }
  };
  std::unique_ptr<std::remove_pointer_t<amqp_connection_state_t>, Close> connection_;
};

/// Keeps what is written until the end of the scope, so that it leaves in full segments.
class Corked {
 public:
  explicit Corked(const Link& link) : link_(link) { link_.set(TCP_CORK, 1); }
  ~Corked() {
    const int off = 0;
    setsockopt(link_.fd(), IPPROTO_TCP, TCP_CORK, &off, sizeof off);
  }
  Corked(const Corked&) = delete;
  Corked(Corked&&) = delete;
  Corked& operator=(const Corked&) = delete;
  Corked& operator=(Corked&&) = delete;

 private:
  const Link& link_;
};

/// How many publications, from the first on, the broker has confirmed without a gap.
class ConfirmedPrefix {
 public:
  void published() { outstanding_.push_back(false); }

  void confirm(std::uint64_t sequence, bool multiple) {
    if (sequence <= count_ || sequence > count_ + outstanding_.size()) return;
    const auto end = outstanding_.begin() + static_cast<std::ptrdiff_t>(sequence - count_);
    std::fill(multiple ? outstanding_.begin() : end - 1, end, true);
    while (!outstanding_.empty() && outstanding_.front()) {
      outstanding_.pop_front();
      ++count_;
    }
  }

  std::uint64_t count() const { return count_; }

 private:
  std::deque<bool> outstanding_;
  std::uint64_t count_ = 0;
};

struct Parties {
  std::string_view sender;
  std::string_view recipient;
};

/// The two of `{head}A{between}B{tail}`, or throws: nothing else is bound to the queue.
Parties parties(std::string_view key, std::string_view head, std::string_view between,
                std::string_view tail) {
  if (key.starts_with(head) && key.ends_with(tail)) {
    key.remove_prefix(head.size());
    key.remove_suffix(std::min(tail.size(), key.size()));
    if (const auto at = key.find(between); at != key.npos)
      return {key.substr(0, at), key.substr(at + between.size())};
  }
  throw std::runtime_error("not a sent message's routing key");
}

class Forwarder {
 public:
  Forwarder(const Options& options, const std::string& password)
      : options_(options),
        link_(options, password),
        outgoing_head_("apps." + options.app + ".outgoing.users."),
        inbox_head_("apps." + options.app + ".users."),
        path_head_(options.path_key + ".") {
    persistent_._flags = AMQP_BASIC_DELIVERY_MODE_FLAG;
    persistent_.delivery_mode = AMQP_DELIVERY_PERSISTENT;
    declare();
  }

  /// Forwards until `stop` is readable, then deletes the queue, whatever is in it.
  void run(int stop) {
    pollfd waits[] = {{link_.fd(), POLLIN, 0}, {stop, POLLIN, 0}};
    while ((waits[1].revents & POLLIN) == 0) {
      for (bool more = true; more;) more = forward_available();
      if (poll(waits, 2, -1) < 0 && errno != EINTR)
        throw std::system_error(errno, std::generic_category(), "poll");
    }
    amqp_queue_delete(link_.get(), kChannel, bytes(options_.queue), 0, 0);
  }

 private:
  void declare() {
    for (const std::string& queue : options_.delete_first) {
      amqp_queue_delete(link_.get(), kChannel, bytes(queue), 0, 0);
      link_.check("delete a queue");
    }
    amqp_queue_declare(link_.get(), kChannel, bytes(options_.queue), 0, 1, 0, 0, amqp_empty_table);
    link_.check("declare the queue");
    bind("apps." + options_.app + ".outgoing.#");
    if (options_.both_layouts) bind(options_.path_key + ".#.outgoing");
    amqp_confirm_select(link_.get(), kChannel);
    link_.check("ask for confirms");
    amqp_basic_qos(link_.get(), kChannel, 0, static_cast<std::uint16_t>(options_.prefetch), 0);
    link_.check("set the prefetch");
    amqp_basic_consume(link_.get(), kChannel, bytes(options_.queue), amqp_empty_bytes, 0, 0, 1,
                       amqp_empty_table);
    link_.check("consume");
  }

  void bind(const std::string& key) {
    amqp_queue_bind(link_.get(), kChannel, bytes(options_.queue), bytes(kExchange), bytes(key),
                    amqp_empty_table);
    link_.check("bind");
  }

  /// One batch; whether there may be more to take at once.
  bool forward_available() {
    const std::uint64_t end = deliveries_ + kMaxBatch;
    {
      const Corked corked(link_);
      while (deliveries_ < end && take_frame()) continue;
      acknowledge();
    }
    amqp_maybe_release_buffers_on_channel(link_.get(), kChannel);
    return deliveries_ == end;
  }

  bool take_frame() {
    amqp_frame_t frame;
    timeval now{0, 0};
    const int status = amqp_simple_wait_frame_noblock(link_.get(), &frame, &now);
    if (status == AMQP_STATUS_TIMEOUT) return false;
    require(status, "read");
    switch (frame.frame_type) {
      case AMQP_FRAME_METHOD:
        on_method(frame.payload.method);
        break;
      case AMQP_FRAME_HEADER:
        on_header(frame.payload.properties.body_size);
        break;
      case AMQP_FRAME_BODY:
        on_body(view(frame.payload.body_fragment));
        break;
      default:
        break;
    }
    return true;
  }

  void on_method(const amqp_method_t& method) {
    switch (method.id) {
      case AMQP_BASIC_DELIVER_METHOD:
        key_ = view(static_cast<const amqp_basic_deliver_t*>(method.decoded)->routing_key);
        break;
      case AMQP_BASIC_ACK_METHOD: {
        const auto* ack = static_cast<const amqp_basic_ack_t*>(method.decoded);
        confirmed_.confirm(ack->delivery_tag, ack->multiple != 0);
        break;
      }
      default:
        throw std::runtime_error(std::string("the broker sent ") + amqp_method_name(method.id));
    }
  }

  void on_header(std::uint64_t size) {
    body_.clear();
    body_size_ = size;
    if (size == 0) forward();
  }

  void on_body(std::string_view fragment) {
    body_.append(fragment);
    if (body_.size() == body_size_) forward();
  }

  void forward() {
    ++deliveries_;
    const Parties who = key_.starts_with(outgoing_head_)
                            ? parties(key_, outgoing_head_, ".messages.", ".outgoing")
                            : parties(key_, path_head_, ".", ".messages.outgoing");
    publish(inbox_head_, who.recipient, ".messages.", who.sender, ".clientadded");
    publish(inbox_head_, who.sender, ".messages.", who.recipient, ".clientadded");
    if (!options_.both_layouts) return;
    publish(path_head_, who.recipient, ".", who.sender, ".messages.clientadded");
    publish(path_head_, who.sender, ".", who.recipient, ".messages.clientadded");
  }

  void publish(std::string_view head, std::string_view inbox, std::string_view between, std::string_view peer,
               std::string_view tail) {
    out_key_.clear();
    out_key_.append(head).append(inbox).append(between).append(peer).append(tail);
    require(amqp_basic_publish(link_.get(), kChannel, bytes(kExchange), bytes(out_key_), 0, 0, &persistent_,
                               bytes(body_)),
            "publish");
    confirmed_.published();
  }

  /// The broker numbers the deliveries and the publications of a channel from 1, and each delivery leads to
  /// the same number of publications: so their numbers need no table.
  void acknowledge() {
    const std::uint64_t done = confirmed_.count() / (options_.both_layouts ? 4 : 2);
    if (done == acknowledged_) return;
    require(amqp_basic_ack(link_.get(), kChannel, done, 1), "acknowledge");
    acknowledged_ = done;
  }

  Options options_;
  Link link_;
  std::string outgoing_head_;
  std::string inbox_head_;
  std::string path_head_;
  amqp_basic_properties_t persistent_{};
  ConfirmedPrefix confirmed_;
  std::uint64_t deliveries_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::string key_;
  std::string body_;
  std::uint64_t body_size_ = 0;
  std::string out_key_;
};

/// A descriptor that becomes readable on SIGTERM or SIGINT.
UniqueFd stop_signal() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  return {signalfd(-1, &signals, SFD_CLOEXEC), "signalfd"};
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("The bare forwarder that the engine is measured against. Prints \"ready\" once it consumes.");
  app.add_option("--host", options.host, "RabbitMQ's address");
  app.add_option("--port", options.port, "RabbitMQ's AMQP port");
  app.add_option("--queue", options.queue, "its own queue, deleted at the end");
  app.add_option("--prefetch", options.prefetch, "deliveries without acknowledgement");
  app.add_flag("--both-layouts", options.both_layouts, "four keys a message instead of two");
  app.add_option("--delete-queue", options.delete_first, "a queue to delete first, so that it is alone");
  CLI11_PARSE(app, argc, argv);
  const char* password = std::getenv("BENCH_PASSWORD");
  if (!password) throw std::runtime_error("BENCH_PASSWORD holds no token");
  const UniqueFd stop = stop_signal();
  Forwarder forwarder(options, password);
  std::cout << "ready" << std::endl;
  forwarder.run(stop.get());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "bench_forwarder: " << error.what() << '\n';
    return 1;
  }
}
