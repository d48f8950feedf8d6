#pragma once

#include <string>
#include <string_view>

#include "core/topic.hpp"

/// The topics of one terminal client, of the Chat21 layout where that is on, else of the path layout.
namespace inboxd::app {

/// The filter for everything in a user's inbox.
std::string inbox_filter(const Topics& topics, std::string_view user);

/// Where the user sends to the peer.
std::string outgoing_topic(const Topics& topics, std::string_view user, std::string_view peer);

/// What follows the inbox's own part of a topic, e.g. `messages/bob/clientadded`; the whole topic if it is
/// none of that inbox.
std::string_view below_inbox(const Topics& topics, std::string_view user, std::string_view topic);

}  // namespace inboxd::app
