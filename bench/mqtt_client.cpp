#include "mqtt_client.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace inboxd::bench {
namespace {

constexpr std::uint8_t kConnect = 0x10;
constexpr std::uint8_t kConnAck = 0x20;
constexpr std::uint8_t kPublish = 0x30;
constexpr std::uint8_t kPubAck = 0x40;
constexpr std::uint8_t kSubscribe = 0x82;
constexpr std::uint8_t kSubAck = 0x90;
constexpr std::uint8_t kTypeMask = 0xf0;
constexpr std::chrono::seconds kHandshakeLimit{10};

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

void put16(std::string& out, std::size_t value) {
  out.push_back(static_cast<char>(value >> 8 & 0xff));
  out.push_back(static_cast<char>(value & 0xff));
}

void put_text(std::string& out, std::string_view text) {
  put16(out, text.size());
  out.append(text);
}

void put_header(std::string& out, std::uint8_t type, std::size_t length) {
  out.push_back(static_cast<char>(type));
  do {
    const std::size_t rest = length >> 7;
    out.push_back(static_cast<char>((length & 0x7f) | (rest > 0 ? 0x80 : 0)));
    length = rest;
  } while (length > 0);
}

std::size_t get16(std::string_view bytes) {
  if (bytes.size() < 2) throw std::runtime_error("the broker sent a short packet");
  return static_cast<std::size_t>(static_cast<unsigned char>(bytes[0])) << 8 |
         static_cast<unsigned char>(bytes[1]);
}

/// The kernel chooses the port, when the other end is known.
void bind_to(int fd, const std::string& address) {
  sockaddr_in local{};
  local.sin_family = AF_INET;
  const int on = 1;
  if (inet_pton(AF_INET, address.c_str(), &local.sin_addr) != 1)
    throw std::runtime_error(address + " is no IPv4 address");
  if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) != 0) fail("setsockopt");
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): as the interface of sockets has it
  if (bind(fd, reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0) fail("bind");
}

UniqueFd connected_socket(const std::string& host, int port, const std::string& from) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); error != 0)
    throw std::runtime_error(host + ": " + gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, &freeaddrinfo);
  UniqueFd fd(socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  const int on = 1;
  if (setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) fail("setsockopt");
  if (!from.empty()) bind_to(fd.get(), from);
  if (connect(fd.get(), found->ai_addr, found->ai_addrlen) != 0) fail("connect");
  return fd;
}

}  // namespace

MqttClient::MqttClient(const MqttLogin& login, std::size_t buffer_bytes)
    : fd_(connected_socket(login.host, login.port, login.from)), in_(buffer_bytes) {
  std::string body;
  put_text(body, "MQTT");
  body.append(
      {4, static_cast<char>(0xc2), 0, 0});  // level; user name, password, clean session; no keep-alive
  put_text(body, login.client_id);
  put_text(body, login.user);
  put_text(body, login.password);
  put_header(out_, kConnect, body.size());
  out_.append(body);
  if (await(kConnAck) != std::string_view("\0\0", 2))
    throw std::runtime_error("the broker refused the login of " + login.client_id);
}

void MqttClient::subscribe(std::string_view filter, int qos) {
  put_header(out_, kSubscribe, 2 + 2 + filter.size() + 1);
  put16(out_, ++last_id_);
  put_text(out_, filter);
  out_.push_back(static_cast<char>(qos));
  const std::string_view granted = await(kSubAck);
  if (granted.size() != 3 || granted[2] != static_cast<char>(qos))
    throw std::runtime_error("the broker refused the subscription to " + std::string(filter));
}

void MqttClient::publish(std::string_view topic, std::string_view payload, int qos) {
  put_header(out_, static_cast<std::uint8_t>(kPublish | qos << 1),
             2 + topic.size() + (qos > 0 ? 2 : 0) + payload.size());
  put_text(out_, topic);
  if (qos > 0) {
    if (++last_id_ == 0) last_id_ = 1;
    put16(out_, last_id_);
  }
  out_.append(payload);
}

bool MqttClient::flush() {
  while (written_ < out_.size()) {
    const ssize_t count =
        send(fd_.get(), out_.data() + written_, out_.size() - written_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count >= 0) {
      written_ += static_cast<std::size_t>(count);
    } else if (errno == EAGAIN) {
      return false;
    } else if (errno != EINTR) {
      fail("send");
    }
  }
  out_.clear();
  written_ = 0;
  return true;
}

void MqttClient::read() {
  std::memmove(in_.data(), in_.data() + begin_, end_ - begin_);
  end_ -= std::exchange(begin_, 0);
  if (end_ == in_.size()) throw std::runtime_error("the broker sent too large a packet");
  const ssize_t count = recv(fd_.get(), in_.data() + end_, in_.size() - end_, MSG_DONTWAIT);
  if (count == 0) throw std::runtime_error("the broker closed a client's connection");
  if (count > 0) end_ += static_cast<std::size_t>(count);
  if (count < 0 && errno != EAGAIN && errno != EINTR) fail("recv");
}

std::optional<MqttClient::Packet> MqttClient::next_packet() {
  const std::string_view rest(in_.data() + begin_, end_ - begin_);
  std::size_t length = 0;
  for (std::size_t at = 1; at < rest.size() && at <= 4; ++at) {
    const auto digit = static_cast<unsigned char>(rest[at]);
    length |= static_cast<std::size_t>(digit & 0x7f) << (7 * (at - 1));
    if ((digit & 0x80) != 0) continue;
    if (rest.size() < at + 1 + length) return std::nullopt;
    begin_ += at + 1 + length;
    return Packet{static_cast<std::uint8_t>(rest[0]), rest.substr(at + 1, length)};
  }
  return std::nullopt;
}

std::optional<MqttMessage> MqttClient::next() {
  while (const auto packet = next_packet())
    if ((packet->type & kTypeMask) == kPublish) return opened(*packet);
  return std::nullopt;
}

MqttMessage MqttClient::opened(const Packet& packet) {
  const std::size_t topic_size = get16(packet.body);
  const int qos = packet.type >> 1 & 3;
  std::string_view rest = packet.body.substr(2);
  MqttMessage message{rest.substr(0, topic_size), {}};
  rest.remove_prefix(message.topic.size());
  if (qos > 0) {
    put_header(out_, kPubAck, 2);
    put16(out_, get16(rest));
    rest.remove_prefix(2);
  }
  message.payload = rest;
  return message;
}

/// The body of the next packet, which must be of this type.
std::string_view MqttClient::await(std::uint8_t type) {
  const auto deadline = std::chrono::steady_clock::now() + kHandshakeLimit;
  while (std::chrono::steady_clock::now() < deadline) {
    flush();
    if (const auto packet = next_packet()) {
      if (packet->type != type) throw std::runtime_error("the broker sent another packet than was due");
      return packet->body;
    }
    pollfd wait{fd_.get(), POLLIN, 0};
    poll(&wait, 1, 100);
    read();
  }
  throw std::runtime_error("the broker does not answer");
}

}  // namespace inboxd::bench
