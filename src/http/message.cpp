#include "http/message.hpp"

#include <algorithm>

#include "core/id.hpp"
#include "core/json.hpp"

namespace inboxd::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::optional<std::string_view> Request::header(std::string_view name) const {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [&](const auto& h) { return same_name(h.first, name); });
  if (found == headers.end()) return std::nullopt;
  return found->second;
}

std::string json_string(std::string_view text) {
  if (is_valid_utf8(text)) return json::quoted(text);
  std::string repaired;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x80) {
      repaired += c;
    } else {
      repaired += "\xEF\xBF\xBD";
    }
  }
  return json::quoted(repaired);
}

Response error_response(unsigned status, std::string_view err) {
  return {status, "application/json", R"({"success":false,"err":)" + json_string(err) + "}"};
}

}  // namespace inboxd::http
