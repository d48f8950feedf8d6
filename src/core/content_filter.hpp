#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/id.hpp"
#include "core/json.hpp"

/// What a message says, judged by the operator's rules. The rules themselves are compiled elsewhere; here is
/// what `decide` asks them.
namespace inboxd {

enum class FilterAction {
  kReject,  ///< the message is refused, and its sender told
  kMask,    ///< what matched is overwritten with asterisks
  kFlag,    ///< the message goes on, with the rule's name in `attributes.moderation`
  kShadow,  ///< the message is accepted, and nobody but its sender sees it
};

/// A message as its sender wrote it. Refers to its parts.
struct Content {
  const AppId& app;
  const PartyId& sender;
  const PartyId& recipient;
  /// Where it goes. Both, where it calls itself a group's and its recipient need not be one: nobody chooses
  /// his rules by a field.
  bool direct = true;
  bool group = false;
  const json::Object& fields;
};

/// One rule that matched.
struct FilterMatch {
  std::string rule;  ///< its name
  FilterAction action = FilterAction::kFlag;

  friend bool operator==(const FilterMatch&, const FilterMatch&) = default;
};

/// What the sender of a rejected message is told.
struct Rejection {
  std::string code;
  std::string message;

  friend bool operator==(const Rejection&, const Rejection&) = default;
};

struct Judgement {
  std::vector<FilterMatch> matches;  ///< in the order of the rules; a rejection or shadow is the last
  std::optional<Rejection> rejection;
  bool shadowed = false;
  /// The top-level fields that masks and flags change, each once. Empty where the message is rejected.
  std::vector<json::Change> changes;
};

/// Rules in their order. Immutable; safe for use from several threads.
class ContentFilter {
 public:
  virtual ~ContentFilter() = default;
  /// A pure function of `content`: the same message gets the same judgement.
  virtual Judgement judge(const Content& content) const = 0;
};

}  // namespace inboxd
