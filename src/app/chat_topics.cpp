#include "app/chat_topics.hpp"

#include <algorithm>

namespace inboxd::app {
namespace {

std::string path_prefix(const Topics& topics) {
  std::string prefix = topics.path_key;
  std::replace(prefix.begin(), prefix.end(), '.', '/');
  return prefix;
}

std::string inbox(const Topics& topics, std::string_view user) {
  std::string topic = topics.chat21 ? "apps/" + topics.app.str() + "/users" : path_prefix(topics);
  return topic.append("/").append(user).append("/");
}

}  // namespace

std::string inbox_filter(const Topics& topics, std::string_view user) { return inbox(topics, user) + "#"; }

std::string outgoing_topic(const Topics& topics, std::string_view user, std::string_view peer) {
  std::string topic;
  if (!topics.chat21) return topic.append(inbox(topics, user)).append(peer).append("/messages/outgoing");
  topic.append("apps/").append(topics.app.view()).append("/outgoing/users/").append(user);
  return topic.append("/messages/").append(peer).append("/outgoing");
}

std::string_view below_inbox(const Topics& topics, std::string_view user, std::string_view topic) {
  const std::string prefix = inbox(topics, user);
  return topic.starts_with(prefix) ? topic.substr(prefix.size()) : topic;
}

}  // namespace inboxd::app
