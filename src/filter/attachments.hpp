#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/json.hpp"

namespace inboxd::filter {

/// One entry of `attachments`.
struct AttachmentKind {
  enum class By { kType, kTypes, kEnding };
  By by = By::kType;
  std::string text;  ///< as compatible() gives it: `image/png`, `image/` of kTypes, `.exe`
};

/// What an entry says, or nothing where it is neither a type nor an ending.
std::optional<AttachmentKind> parse_attachment(std::string_view entry);

/// Whether `metadata`, the text of a JSON value, describes a file of any of these kinds, or has one that does
/// in a list or an object.
bool is_attachment(std::string_view metadata, std::span<const AttachmentKind> kinds);

}  // namespace inboxd::filter
