#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/load.hpp"

/// A settings file is written by hand: whatever is in it, there are settings within their bounds, or
/// complaints.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace inboxd::config;
  const auto entries = parse_file({reinterpret_cast<const char*>(data), size}, "fuzz.toml");
  if (!entries) {
    if (entries.error().empty()) std::abort();
    return 0;
  }
  // A path in the file could name any device of this machine.
  for (const FileEntry& entry : *entries) {
    if (entry.key.ends_with("_file")) return 0;
  }
  const auto loaded = merge({}, *entries, "fuzz.toml");
  if (!loaded && loaded.error().empty()) std::abort();
  if (!loaded) return 0;
  const Settings& settings = loaded->settings;
  if (settings.http_port == 0 || settings.prefetch_messages == 0 || settings.max_message_bytes < 1024)
    std::abort();
  if (!settings.layout_path && !settings.layout_chat21) std::abort();
  return 0;
}
