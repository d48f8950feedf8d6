#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace inboxd::mqtt {

/// Beyond: 431.
inline constexpr std::size_t kUpgradeHeaderBytes = 8 * 1024;

struct UpgradeAnswer {
  std::string response;  ///< complete, with its last empty line
  bool accepted = false;
};

/// What to answer to an HTTP request that should ask for a WebSocket (RFC 6455, section 4.2): `head` is the
/// request up to its first empty line, or longer than it may be. Paths are /ws, /mqtt and /mqws/ws; the
/// subprotocol is `mqtt`, or none where none is offered. The Origin is not looked at: what protects an inbox
/// is a token, which pages of other origins do not have.
UpgradeAnswer answer_upgrade(std::string_view head);

}  // namespace inboxd::mqtt
