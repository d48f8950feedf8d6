#include "mqtt/websocket_upgrade.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <new>

namespace inboxd::mqtt {
namespace {

namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

using Request = http::request<http::empty_body>;

constexpr std::array<std::string_view, 3> kPaths{"/ws", "/mqtt", "/mqws/ws"};
constexpr std::string_view kSubprotocol = "mqtt";
constexpr std::string_view kVersion = "13";

UpgradeAnswer refuse(std::string_view status, std::string_view headers = {}) {
  std::string response = "HTTP/1.1 ";
  response.append(status).append("\r\n").append(headers);
  response.append("Content-Length: 0\r\nConnection: close\r\n\r\n");
  return {std::move(response), false};
}

std::string base64(const unsigned char* bytes, std::size_t size) {
  std::string text(4 * ((size + 2) / 3) + 1, '\0');
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): OpenSSL takes text as unsigned char
  auto* const out = reinterpret_cast<unsigned char*>(text.data());
  text.resize(static_cast<std::size_t>(EVP_EncodeBlock(out, bytes, static_cast<int>(size))));
  return text;
}

/// Proof that the key was understood as one of this protocol.
std::string accept_of(std::string_view key) {
  std::string text(key);
  text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1) {
    throw std::bad_alloc();
  }
  return base64(digest.data(), size);
}

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

bool known_path(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  return std::find(kPaths.begin(), kPaths.end(), path) != kPaths.end();
}

/// Sixteen bytes in base64.
bool valid_key(std::string_view key) {
  constexpr std::size_t kKeyChars = 24;
  return key.size() == kKeyChars && key.ends_with("==");
}

std::string all_of(const Request& request, http::field name) {
  std::string values;
  const auto range = request.equal_range(name);
  for (auto field = range.first; field != range.second; ++field) {
    if (!values.empty()) values += ',';
    values.append(view(field->value()));
  }
  return values;
}

UpgradeAnswer accept(std::string_view key, bool with_subprotocol) {
  UpgradeAnswer answer{"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
                       true};
  answer.response.append("Sec-WebSocket-Accept: ").append(accept_of(key)).append("\r\n");
  if (with_subprotocol)
    answer.response.append("Sec-WebSocket-Protocol: ").append(kSubprotocol).append("\r\n");
  answer.response.append("\r\n");
  return answer;
}

UpgradeAnswer answer(const Request& request) {
  if (!known_path(view(request.target()))) return refuse("404 Not Found");
  if (!websocket::is_upgrade(request)) {
    return refuse("426 Upgrade Required", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
  }
  if (view(request[http::field::sec_websocket_version]) != kVersion) {
    return refuse("426 Upgrade Required", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
  }
  const std::string_view key = view(request[http::field::sec_websocket_key]);
  if (!valid_key(key) || request.count(http::field::host) == 0) return refuse("400 Bad Request");
  const std::string offered = all_of(request, http::field::sec_websocket_protocol);
  if (offered.empty()) return accept(key, false);
  if (!http::token_list(offered).exists(kSubprotocol)) return refuse("400 Bad Request");
  return accept(key, true);
}

}  // namespace

UpgradeAnswer answer_upgrade(std::string_view head) {
  if (head.size() > kUpgradeHeaderBytes) return refuse("431 Request Header Fields Too Large");
  http::request_parser<http::empty_body> parser;
  boost::system::error_code error;
  parser.put(boost::asio::buffer(head.data(), head.size()), error);
  if (error || !parser.is_header_done()) return refuse("400 Bad Request");
  return answer(parser.get());
}

}  // namespace inboxd::mqtt
