#include "mqtt/commands.hpp"

namespace inboxd::mqtt {

std::size_t bytes_of(const Command& command) noexcept {
  const auto* const publication = std::get_if<Publication>(&command.what);
  return sizeof command + (publication == nullptr ? 0 : publication->message->bytes());
}

}  // namespace inboxd::mqtt
