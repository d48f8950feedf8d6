// Any text is refused as a URL, or is one that a request line can carry.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/http_client.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);  // NOLINT: bytes to text
  const auto url = inboxd::net::parse_url(text);
  if (!url) return 0;
  if (url->host.empty() || url->port == 0 || !url->target.starts_with('/')) std::abort();
  if (url->target.find_first_of(" \r\n") != std::string::npos) std::abort();
  return 0;
}
