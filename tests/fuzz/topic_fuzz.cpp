// Any routing key is either refused or understood, and what is understood can be answered within the limits
// of AMQP.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/topic.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_keys(const inboxd::Topics& topics, const inboxd::Address& address) {
  if (!inboxd::keys_fit(topics, address.owner.view(), address.peer.view())) return;
  for (const auto& key : inboxd::message_added_keys(topics, address.peer, address.owner)) {
    require(key.size() <= inboxd::kMaxKeyBytes);
    // What the engine says must never read as something that a client says.
    const auto echo = inboxd::parse_routing_key(key, topics);
    require(!echo || echo->operation != inboxd::Operation::kSend);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view key(reinterpret_cast<const char*>(data), size);  // NOLINT: bytes to text
  const inboxd::Topics topics{inboxd::AppId("tilechat"), inboxd::path_key_of("/apps/tilechat/users")};
  const auto address = inboxd::parse_routing_key(key, topics);
  if (!address) return 0;
  if (!address->owner.empty()) require(inboxd::is_valid_id(address->owner.view()));
  if (!address->peer.empty()) require(inboxd::is_valid_id(address->peer.view()));
  if (address->operation == inboxd::Operation::kSend) check_keys(topics, *address);
  return 0;
}
