#include "mqtt/subscription_tree.hpp"

#include <algorithm>
#include <utility>

#include "mqtt/levels.hpp"

namespace inboxd::mqtt {

bool Audience::put(std::string_view group, SessionId session, SubscriptionOptions options) {
  if (group.empty()) return subscribers.put(session, options);
  auto found = std::find_if(groups.begin(), groups.end(), [&](const auto& one) { return one.name == group; });
  if (found == groups.end()) found = groups.insert(found, SharedGroup{std::string(group), {}, 0});
  return found->members.put(session, options);
}

bool Audience::erase(std::string_view group, SessionId session) {
  if (group.empty()) return subscribers.erase(session);
  const auto found =
      std::find_if(groups.begin(), groups.end(), [&](const auto& one) { return one.name == group; });
  if (found == groups.end() || !found->members.erase(session)) return false;
  if (found->members.empty()) groups.erase(found);
  return true;
}

SubscriptionTree::Node& SubscriptionTree::Node::make(std::string_view level) {
  if (Node* const there = find(level)) return *there;
  auto made = std::make_unique<Node>();
  Node& node = *made;
  if (level == "+") {
    any = std::move(made);
  } else if (level == "#") {
    rest = std::move(made);
  } else {
    children.emplace(level, std::move(made));
  }
  return node;
}

SubscriptionTree::Node* SubscriptionTree::Node::find(std::string_view level) const {
  if (level == "+") return any.get();
  if (level == "#") return rest.get();
  const auto found = children.find(level);
  return found == children.end() ? nullptr : found->second.get();
}

void SubscriptionTree::Node::drop(std::string_view level) {
  if (level == "+") {
    any.reset();
  } else if (level == "#") {
    rest.reset();
  } else if (const auto found = children.find(level); found != children.end()) {
    children.erase(found);
  }
}

bool SubscriptionTree::subscribe(std::string_view filter, std::string_view group, SessionId session,
                                 SubscriptionOptions options) {
  Node* node = &root_;
  Levels levels(filter);
  while (!levels.done()) node = &node->make(levels.next());
  return node->audience.put(group, session, options);
}

bool SubscriptionTree::unsubscribe(std::string_view filter, std::string_view group, SessionId session) {
  return remove(root_, filter, group, session);
}

bool SubscriptionTree::remove(Node& node, std::string_view filter, std::string_view group,
                              SessionId session) {
  const std::size_t slash = filter.find('/');
  const std::string_view level = filter.substr(0, slash);
  Node* const child = node.find(level);
  if (child == nullptr) return false;
  const bool removed = slash == std::string_view::npos
                           ? child->audience.erase(group, session)
                           : remove(*child, filter.substr(slash + 1), group, session);
  if (child->empty()) node.drop(level);
  return removed;
}

void SubscriptionTree::match(std::string_view topic, std::vector<Audience*>& into) {
  reached_.assign(1, &root_);
  bool wildcards = !topic.starts_with('$');  // MQTT-4.7.2-1
  Levels levels(topic);
  while (!levels.done() && !reached_.empty()) {
    descend(levels.next(), wildcards, into);
    wildcards = true;
  }
  for (Node* const node : reached_) {
    if (!node->audience.empty()) into.push_back(&node->audience);
    // `a/#` takes `a` too (4.7.1.2).
    if (node->rest) into.push_back(&node->rest->audience);
  }
}

void SubscriptionTree::descend(std::string_view level, bool wildcards, std::vector<Audience*>& into) {
  next_.clear();
  for (Node* const node : reached_) {
    if (wildcards && node->rest) into.push_back(&node->rest->audience);
    if (wildcards && node->any) next_.push_back(node->any.get());
    const auto found = node->children.find(level);
    if (found != node->children.end()) next_.push_back(found->second.get());
  }
  reached_.swap(next_);
}

}  // namespace inboxd::mqtt
