#include "rabbitmq/link.hpp"

#include <amqp_tcp_socket.h>
#include <sys/time.h>

#include <array>
#include <utility>

#include "rabbitmq/errors.hpp"
#include "rabbitmq/tls.hpp"

namespace inboxd::rabbitmq {
namespace {

/// Never negative, which the library takes for a mistake; 0 lets it fail at once.
timeval until(SteadyClock::time_point deadline) {
  const auto left = std::max(SteadyClock::duration::zero(), deadline - SteadyClock::now());
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(left).count();
  return {.tv_sec = microseconds / 1'000'000, .tv_usec = microseconds % 1'000'000};
}

amqp_table_entry_t flag(const char* name) {
  amqp_table_entry_t entry{};
  entry.key = amqp_cstring_bytes(name);
  entry.value.kind = AMQP_FIELD_KIND_BOOLEAN;
  entry.value.value.boolean = 1;
  return entry;
}

amqp_table_entry_t text(const char* name, std::string_view value) {
  amqp_table_entry_t entry{};
  entry.key = amqp_cstring_bytes(name);
  entry.value.kind = AMQP_FIELD_KIND_UTF8;
  entry.value.value.bytes = to_bytes(value);
  return entry;
}

amqp_table_entry_t table(const char* name, amqp_table_t value) {
  amqp_table_entry_t entry{};
  entry.key = amqp_cstring_bytes(name);
  entry.value.kind = AMQP_FIELD_KIND_TABLE;
  entry.value.value.table = value;
  return entry;
}

/// amqp_login takes it as an int and then a C string list.
int heartbeat_of(const Settings& settings) {
  constexpr std::chrono::seconds::rep kMost = 65535;
  return static_cast<int>(std::clamp<std::chrono::seconds::rep>(settings.heartbeat.count(), 0, kMost));
}

}  // namespace

Result<Link, BrokerError> Link::open(const Settings& settings, const Address& address,
                                     const Credentials& credentials, std::string name,
                                     SteadyClock::time_point deadline) {
  ConnectionHandle handle(amqp_new_connection());
  if (!handle) throw std::bad_alloc();
  Link link(std::move(handle), std::move(name));
  return link.connect(settings, address, deadline)
      .and_then([&] { return link.login(settings, credentials, deadline); })
      .and_then([&] {
        link.bound_request(deadline);
        amqp_channel_open(link.state(), kChannel);
        return check_reply(amqp_get_rpc_reply(link.state()), "opening a channel");
      })
      .map([&] { return std::move(link); });
}

Result<void, BrokerError> Link::connect(const Settings& settings, const Address& address,
                                        SteadyClock::time_point deadline) {
  amqp_socket_t* socket = nullptr;
  if (address.tls) {
    auto opened = new_tls_socket(state(), address, settings.tls);
    if (!opened) return Failure<BrokerError>(std::move(opened.error()));
    socket = *opened;
  } else {
    socket = amqp_tcp_socket_new(state());
    if (socket == nullptr) throw std::bad_alloc();
  }
  const timeval left = until(deadline);
  const int status = amqp_socket_open_noblock(socket, address.host.c_str(), address.port, &left);
  if (status != AMQP_STATUS_OK) return Failure<BrokerError>(open_error(status, "connecting"));
  return {};
}

Result<void, BrokerError> Link::login(const Settings& settings, const Credentials& credentials,
                                      SteadyClock::time_point deadline) {
  // Without the first two, the broker would drop us, or our queue, and not say so.
  std::array<amqp_table_entry_t, 4> capabilities{flag("connection.blocked"), flag("consumer_cancel_notify"),
                                                 flag("publisher_confirms"), flag("basic.nack")};
  std::array<amqp_table_entry_t, 4> properties{
      table("capabilities", {static_cast<int>(capabilities.size()), capabilities.data()}),
      text("product", "inboxd"), text("version", INBOXD_VERSION), text("connection_name", name_)};
  const amqp_table_t client{static_cast<int>(properties.size()), properties.data()};

  const timeval left = until(deadline);
  amqp_set_handshake_timeout(state(), &left);
  return check_reply(amqp_login_with_properties(state(), settings.vhost.c_str(), AMQP_DEFAULT_MAX_CHANNELS,
                                                AMQP_DEFAULT_FRAME_SIZE, heartbeat_of(settings), &client,
                                                AMQP_SASL_METHOD_PLAIN, credentials.user.c_str(),
                                                credentials.password.c_str()),
                     "login");
}

void Link::bound_request(SteadyClock::time_point deadline) {
  const timeval left = until(deadline);
  amqp_set_rpc_timeout(state(), &left);
}

Result<bool, BrokerError> Link::read(amqp_frame_t& frame) {
  constexpr timeval kNow{};
  const int status = amqp_simple_wait_frame_noblock(state(), &frame, &kNow);
  if (status == AMQP_STATUS_OK) return true;
  if (status == AMQP_STATUS_TIMEOUT) return false;
  return Failure<BrokerError>(lost_error(status, name_));
}

Result<void, BrokerError> Link::written(int status) const {
  if (status == AMQP_STATUS_OK) return {};
  return Failure<BrokerError>(lost_error(status, name_));
}

Result<void, BrokerError> Link::send_heartbeat() {
  amqp_frame_t frame{};
  frame.frame_type = AMQP_FRAME_HEARTBEAT;
  return written(amqp_send_frame(state(), &frame));
}

BrokerError Link::unexpected(const amqp_method_t& method) {
  BrokerError error = lost_error(method, name_);
  if (method.id == AMQP_CONNECTION_CLOSE_METHOD) {
    amqp_connection_close_ok_t ok{};
    amqp_send_method(state(), 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &ok);
  }
  return error;
}

void Link::close(SteadyClock::time_point deadline) noexcept {
  constexpr int kReplySuccess = 200;
  if (fd() < 0 || !is_writable(fd())) return;
  amqp_connection_close_t request{};
  request.reply_code = kReplySuccess;
  request.reply_text = amqp_cstring_bytes("closing");
  if (amqp_send_method(state(), 0, AMQP_CONNECTION_CLOSE_METHOD, &request) != AMQP_STATUS_OK) return;
  amqp_frame_t frame{};
  do {
    release_all();
    const timeval left = until(deadline);
    if (amqp_simple_wait_frame_noblock(state(), &frame, &left) != AMQP_STATUS_OK) return;
  } while (frame.frame_type != AMQP_FRAME_METHOD ||
           frame.payload.method.id != AMQP_CONNECTION_CLOSE_OK_METHOD);
}

}  // namespace inboxd::rabbitmq
