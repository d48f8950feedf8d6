#include "filter/attachments.hpp"

#include <algorithm>

#include "filter/text.hpp"

namespace inboxd::filter {
namespace {

/// What a file is called, as far as its ending goes: no system tells `a.exe. ` from `a.exe`.
std::string name_in(std::string_view raw) {
  std::string name = lowered(text_of(raw));
  name.erase(name.find_last_not_of(" .\t\r\n") + 1);
  return name;
}

/// The last part of a URL's path, or a text that is no URL as it is.
std::string path_in(std::string_view raw) {
  const std::string url = text_of(raw);
  std::string path = lowered(percent_decoded(url.substr(0, url.find_first_of("?#"))));
  path.erase(path.find_last_not_of(" .\t\r\n") + 1);
  return path;
}

/// A media type without its parameters.
std::string type_in(std::string_view raw) {
  const std::string type = lowered(text_of(raw));
  return std::string(trimmed(std::string_view(type).substr(0, type.find(';'))));
}

}  // namespace

std::optional<AttachmentKind> parse_attachment(std::string_view entry) {
  using By = AttachmentKind::By;
  std::string text = lowered(entry);
  if (text.find_first_of(" \t\r\n;") != std::string::npos) return std::nullopt;
  const std::size_t slash = text.find('/');
  if (text.starts_with('.') && text.size() > 1 && slash == std::string::npos && text.back() != '.') {
    return AttachmentKind{By::kEnding, std::move(text)};
  }
  if (slash == std::string::npos || slash == 0 || slash + 1 == text.size()) return std::nullopt;
  if (!text.ends_with("/*")) return AttachmentKind{By::kType, std::move(text)};
  text.pop_back();
  return AttachmentKind{By::kTypes, std::move(text)};
}

bool is_attachment(std::string_view metadata, std::span<const AttachmentKind> kinds) {
  if (!json::is_object(metadata)) return false;
  const auto fields = json::parse_object(metadata);
  if (!fields) return false;
  const std::string type = type_in(fields->find("type").value_or(""));
  const std::string name = name_in(fields->find("name").value_or(""));
  const std::string path = path_in(fields->find("src").value_or(""));
  return std::any_of(kinds.begin(), kinds.end(), [&](const AttachmentKind& kind) {
    switch (kind.by) {
      case AttachmentKind::By::kType:
        return type == kind.text;
      case AttachmentKind::By::kTypes:
        return type.starts_with(kind.text);
      case AttachmentKind::By::kEnding:
        return name.ends_with(kind.text) || path.ends_with(kind.text);
    }
    return false;
  });
}

}  // namespace inboxd::filter
