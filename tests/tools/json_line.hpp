#pragma once

#include <array>
#include <concepts>
#include <string>
#include <string_view>

#include "core/id.hpp"

namespace inboxd::tools {

/// Builds one JSON object on one line. Text that is no UTF-8 is written byte for byte as U+0000 to U+00FF.
class JsonLine {
 public:
  JsonLine& text(std::string_view name, std::string_view value) {
    begin(name);
    quote(value);
    return *this;
  }
  template <std::integral Number>
  JsonLine& number(std::string_view name, Number value) {
    begin(name);
    line_ += std::to_string(value);
    return *this;
  }
  JsonLine& boolean(std::string_view name, bool value) {
    begin(name);
    line_ += value ? "true" : "false";
    return *this;
  }
  /// `json` is JSON already; nothing is written where it is empty.
  JsonLine& raw(std::string_view name, std::string_view json) {
    if (json.empty()) return *this;
    begin(name);
    line_ += json;
    return *this;
  }

  std::string str() const { return line_ + "}"; }

 private:
  void begin(std::string_view name) {
    line_ += line_.size() == 1 ? "" : ",";
    quote(name);
    line_ += ':';
  }
  void quote(std::string_view value) {
    const bool utf8 = is_valid_utf8(value);
    line_ += '"';
    for (const char c : value) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x20 || byte == '"' || byte == '\\' || (byte >= 0x80 && !utf8)) {
        escape(byte);
      } else {
        line_ += c;
      }
    }
    line_ += '"';
  }
  void escape(unsigned char byte) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    line_ += "\\u00";
    line_ += kDigits[byte >> 4];
    line_ += kDigits[byte & 0xf];
  }

  std::string line_ = "{";
};

}  // namespace inboxd::tools
