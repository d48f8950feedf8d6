#pragma once

#include <re2/re2.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/content_filter.hpp"
#include "filter/attachments.hpp"
#include "filter/limits.hpp"

/// Rules as they were written, checked one by one.
namespace inboxd::filter {

/// What is wrong, one line for each, with file and line.
using Problems = std::vector<std::string>;

/// The words of one entry, folded (folding.hpp). Never empty.
using Phrase = std::vector<std::string>;

/// The keys that lead to a value, outermost first. Never empty.
using FieldPath = std::vector<std::string>;

struct LinkRule {
  bool any = false;
  std::vector<std::string> hosts;  ///< these, and what is below them
  std::optional<std::vector<std::string>> allowed;

  bool empty() const noexcept { return !any && hosts.empty() && !allowed; }
};

struct Rule {
  std::string name;
  std::string where;  ///< file and line of it, for complaints
  FilterAction action = FilterAction::kFlag;

  std::vector<Phrase> phrases;
  std::vector<std::shared_ptr<const re2::RE2>> patterns;
  LinkRule links;
  std::vector<AttachmentKind> attachments;
  std::optional<std::size_t> longer_than;  ///< code points

  std::vector<FieldPath> fields{{"text"}};
  bool direct = true;  ///< holds for direct messages
  bool group = true;   ///< holds for messages to groups
  // Empty: any.
  std::vector<std::string> types;
  std::vector<std::string> apps;

  Rejection rejection;

  bool matches_everything() const noexcept {
    return phrases.empty() && patterns.empty() && links.empty() && attachments.empty() && !longer_than;
  }
};

/// Shared: rules outlive the set that they were first compiled into.
using Rules = std::vector<std::shared_ptr<const Rule>>;

}  // namespace inboxd::filter
