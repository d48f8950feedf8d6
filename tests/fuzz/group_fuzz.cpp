// Any group update is either refused or stored with members that topics can reach.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/group.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view payload(reinterpret_cast<const char*>(data), size);  // NOLINT: bytes to text
  const inboxd::Topics topics{inboxd::AppId("tilechat"), inboxd::path_key_of("/apps/tilechat/users")};
  const auto update = inboxd::read_group_update(payload, topics);
  if (!update) return 0;
  for (const auto& member : update->group.members) {
    if (!inboxd::is_valid_id(member.view())) std::abort();
  }
  if (inboxd::members_of(update->group.json) != update->group.members) std::abort();
  return 0;
}
