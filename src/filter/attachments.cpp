#include "filter/attachments.hpp"

#include <algorithm>
#include <vector>

#include "filter/text.hpp"
#include "filter/unicode.hpp"

namespace inboxd::filter {
namespace {

/// How deep files are looked for: a list of files, in an object, in an object, and some more.
constexpr int kMaxDepth = 8;

/// A file, as far as kinds of attachments go.
struct File {
  std::vector<std::string> types;
  std::vector<std::string> names;  ///< also paths; their endings count
};

/// Without what no system tells from nothing at the end of a name: blanks, controls, dots. `also`: nor these.
void trim_name(std::string& name, std::string_view also) {
  while (!name.empty()) {
    std::size_t last = name.size() - 1;
    while (last > 0 && (static_cast<unsigned char>(name[last]) & 0xC0U) == 0x80U) --last;
    const Kind kind = kind_of(first_code_point(std::string_view(name).substr(last)).value);
    const bool idle = kind == Kind::kBlank || kind == Kind::kControl || kind == Kind::kFormat;
    if (!idle && name[last] != '.' && also.find(name[last]) == std::string_view::npos) return;
    name.resize(last);
  }
}

std::string name_in(std::string_view text) {
  std::string name = compatible(text);
  trim_name(name, {});
  return name;
}

/// A media type without its parameters.
std::string type_in(std::string_view text) {
  const std::string type = compatible(text.substr(0, text.find(';')));
  return std::string(trimmed(type));
}

/// Where the path of a URL begins; at 0 where the text is no URL. A host has no ending.
std::size_t path_begin(std::string_view url) {
  const std::size_t scheme = url.find("://");
  return scheme == std::string_view::npos ? 0 : std::min(url.find_first_of("/\\", scheme + 3), url.size());
}

/// A path that ends in `/` or in parameters (`;x=1`) may name the same file without them.
void add_path(std::string_view url, std::vector<std::string>& names) {
  const std::string_view path = url.substr(0, url.find_first_of("?#"));
  std::string name = compatible(percent_decoded(path.substr(path_begin(path))));
  std::string without_parameters = name.substr(0, name.find(';'));
  for (std::string* one : {&name, &without_parameters}) {
    trim_name(*one, "/\\");
    names.push_back(std::move(*one));
  }
}

void add_source(std::string url, File& file) {
  constexpr std::string_view kData = "data:";
  std::erase_if(url, [](char c) { return c == '\t' || c == '\n' || c == '\r'; });  // as browsers do
  const std::string_view source = trimmed(url);
  if (lowered(source.substr(0, kData.size())) != kData) return add_path(source, file.names);
  file.types.push_back(type_in(source.substr(kData.size(), source.find(',') - kData.size())));
}

File file_in(const json::Object& fields) {
  File file;
  file.types.push_back(type_in(text_of(fields.find("type").value_or(""))));
  file.names.push_back(name_in(text_of(fields.find("name").value_or(""))));
  add_source(text_of(fields.find("src").value_or("")), file);
  return file;
}

bool is_of(const File& file, const AttachmentKind& kind) {
  const auto any = [](const std::vector<std::string>& texts, const auto& fits) {
    return std::any_of(texts.begin(), texts.end(), fits);
  };
  switch (kind.by) {
    case AttachmentKind::By::kType:
      return any(file.types, [&](const std::string& type) { return type == kind.text; });
    case AttachmentKind::By::kTypes:
      return any(file.types, [&](const std::string& type) { return type.starts_with(kind.text); });
    case AttachmentKind::By::kEnding:
      return any(file.names, [&](const std::string& name) { return name.ends_with(kind.text); });
  }
  return false;
}

using Kinds = std::span<const AttachmentKind>;

bool has_file(std::string_view raw, Kinds kinds, int depth);

bool is_or_has_file(const json::Object& fields, Kinds kinds, int depth) {
  const File file = file_in(fields);
  if (std::any_of(kinds.begin(), kinds.end(), [&](const auto& kind) { return is_of(file, kind); }))
    return true;
  return std::any_of(fields.members().begin(), fields.members().end(),
                     [&](const json::Member& member) { return has_file(member.raw, kinds, depth + 1); });
}

bool has_file(std::string_view raw, Kinds kinds, int depth) {
  if (depth > kMaxDepth) return false;
  if (json::is_array(raw)) {
    const auto elements = elements_of(raw);
    return std::any_of(elements.begin(), elements.end(),
                       [&](std::string_view element) { return has_file(element, kinds, depth + 1); });
  }
  if (!json::is_object(raw)) return false;
  const auto fields = json::parse_object(raw);
  return fields && is_or_has_file(*fields, kinds, depth);
}

}  // namespace

std::optional<AttachmentKind> parse_attachment(std::string_view entry) {
  using By = AttachmentKind::By;
  std::string text = compatible(entry);
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
  return has_file(metadata, kinds, 0);
}

}  // namespace inboxd::filter
