#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// An HTTP exchange without the wire: what resources see, and what tests give them.
namespace inboxd::http {

enum class Method { kGet, kHead, kPost, kPut, kDelete, kOptions, kOther };

struct Request {
  Method method = Method::kGet;
  std::string path;   ///< starts with `/`, as sent: not percent-decoded
  std::string query;  ///< what follows the `?`
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  /// What the `{name}` parts of the route matched, percent-decoded.
  std::map<std::string, std::string, std::less<>> parts;

  /// The first header of that name, in any case.
  std::optional<std::string_view> header(std::string_view name) const;

  /// The first parameter of that name in the query, decoded; nothing where there is none or its escapes are
  /// broken.
  std::optional<std::string> parameter(std::string_view name) const;

  /// What `{name}` of the route matched. The route must have such a part.
  const std::string& part(std::string_view name) const { return parts.find(name)->second; }
};

struct Response {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};
};

/// `{"success":false,"err":"…"}`, as clients of this protocol expect errors.
Response error_response(unsigned status, std::string_view err);

/// `%41` and the like decoded; nothing where an escape is broken.
std::optional<std::string> percent_decoded(std::string_view text);

/// `text` as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

}  // namespace inboxd::http
