#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "mqtt/subscribers.hpp"

namespace inboxd::mqtt {

/// Lets maps with text for keys be asked with a view, without a copy.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};

template <class Value>
using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

/// The sessions among which a shared subscription's messages are dealt out.
struct SharedGroup {
  std::string name;
  Subscribers members;
  std::size_t turn = 0;  ///< whose it is next; may lie past the end after members have left
};

/// Who subscribed to one filter.
struct Audience {
  Subscribers subscribers;
  std::vector<SharedGroup> groups;  ///< none is without members

  bool empty() const noexcept { return subscribers.empty() && groups.empty(); }

  /// As Subscribers'; `group` is empty for a subscription that is not shared.
  bool put(std::string_view group, SessionId session, SubscriptionOptions options);
  bool erase(std::string_view group, SessionId session);
};

/// Audiences by filter, as a tree of levels. Holds no node that leads to no audience. Adding and removing,
/// and the destructor, recurse as deep as the filter has levels; match() does not recurse.
class SubscriptionTree {
 public:
  /// `filter` is the inner one where a group is named.
  bool subscribe(std::string_view filter, std::string_view group, SessionId session,
                 SubscriptionOptions options);
  bool unsubscribe(std::string_view filter, std::string_view group, SessionId session);

  /// Appends every audience that the topic has. Each node is visited once at most, so that the work is
  /// bounded by the tree, whatever the topic. The pointers hold until the tree changes.
  void match(std::string_view topic, std::vector<Audience*>& into);

  bool empty() const noexcept { return root_.empty(); }

 private:
  struct Node {
    TextMap<std::unique_ptr<Node>> children;
    std::unique_ptr<Node> any;   ///< `+`
    std::unique_ptr<Node> rest;  ///< `#`
    Audience audience;

    bool empty() const noexcept { return children.empty() && !any && !rest && audience.empty(); }
    Node& make(std::string_view level);
    Node* find(std::string_view level) const;
    void drop(std::string_view level);
  };

  static bool remove(Node& node, std::string_view filter, std::string_view group, SessionId session);
  void descend(std::string_view level, bool wildcards, std::vector<Audience*>& into);

  Node root_;
  /// The nodes that the topic has led to so far; kept for their memory.
  std::vector<Node*> reached_;
  std::vector<Node*> next_;
};

}  // namespace inboxd::mqtt
