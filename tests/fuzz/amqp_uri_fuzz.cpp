#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "rabbitmq/uri.hpp"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

/// What a connection can be opened to.
void require_usable(const inboxd::rabbitmq::Address& address) {
  require(!address.host.empty() && address.port != 0);
  require(address.host.find('\0') == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The parsers take text; a byte of either is a byte of the other.
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  if (const auto uri = inboxd::rabbitmq::parse_amqp_uri(text)) {
    require_usable(uri->address);
    require(!uri->vhost.empty() && uri->vhost.size() <= 256);
    require((uri->user + uri->password).find('\0') == std::string::npos);
  } else {
    require(!uri.error().empty());
  }
  if (const auto uris = inboxd::rabbitmq::parse_amqp_uris(text)) require(!uris->addresses.empty());
  if (const auto hosts = inboxd::rabbitmq::parse_hosts(text, 5672)) {
    require(!hosts->empty());
    for (const auto& address : *hosts) require_usable(address);
  }
  return 0;
}
