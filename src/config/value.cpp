#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "config/setting.hpp"

namespace inboxd::config {
namespace {

using Unit = std::pair<std::string_view, std::uint64_t>;

constexpr std::array<Unit, 8> kByteUnits = {{{"", 1},
                                             {"b", 1},
                                             {"k", 1024},
                                             {"kib", 1024},
                                             {"m", 1024 * 1024},
                                             {"mib", 1024 * 1024},
                                             {"g", 1024 * 1024 * 1024},
                                             {"gib", 1024 * 1024 * 1024}}};
// A bare number is seconds: that is what SHUTDOWN_TIMEOUT=10 means to whoever writes it.
constexpr std::array<Unit, 6> kTimeUnits = {
    {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::optional<std::uint64_t> parse_amount(std::string_view text, std::span<const Unit> units) {
  text = trim(text);
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest == text.data()) return std::nullopt;
  const std::string unit = lower(trim({rest, static_cast<std::size_t>(end - rest)}));
  const auto found = std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.first == unit; });
  if (found == units.end()) return std::nullopt;
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(number, found->second, &product)) return std::nullopt;
  return product;
}

std::optional<bool> parse_bool(std::string_view text) {
  const std::string word = lower(trim(text));
  if (word == "true" || word == "yes" || word == "on" || word == "1") return true;
  if (word == "false" || word == "no" || word == "off" || word == "0") return false;
  return std::nullopt;
}

std::optional<std::size_t> parse_choice(const Setting& setting, std::string_view text) {
  const std::string word = lower(trim(text));
  for (std::size_t i = 0; i < setting.choices.size(); ++i) {
    if (lower(setting.choices[i]) == word) return i;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parse_number(const Setting& setting, std::string_view text) {
  constexpr std::array<Unit, 1> kNone = {{{"", 1}}};
  const auto number = setting.kind == Kind::kBytes      ? parse_amount(text, kByteUnits)
                      : setting.kind == Kind::kDuration ? parse_amount(text, kTimeUnits)
                                                        : parse_amount(text, kNone);
  if (!number || *number < setting.min || *number > setting.max) return std::nullopt;
  return number;
}

std::optional<std::vector<std::string>> parse_list(const Setting& setting, std::string_view text) {
  std::vector<std::string> items = split_list(text);
  if (setting.choices.empty()) return items;
  for (std::string& item : items) {
    const auto choice = parse_choice(setting, item);
    if (!choice) return std::nullopt;
    item = setting.choices[*choice];
  }
  if (items.empty()) return std::nullopt;
  return items;
}

template <class... F>
struct Overload : F... {
  using F::operator()...;
};
template <class... F>
Overload(F...) -> Overload<F...>;

/// Each alternative of Target says how its type is read; false where the text is not of that type.
bool parses(const Setting& setting, std::string_view text, Settings& settings) {
  const auto put = [](auto parsed, auto&& store) {
    if (parsed) store(*parsed);
    return parsed.has_value();
  };
  return std::visit(Overload{
                        [&](std::string Settings::*member) {
                          settings.*member = text;
                          return text.find('\0') == std::string_view::npos;
                        },
                        [&](std::uint16_t Settings::*member) {
                          return put(parse_number(setting, text),
                                     [&](auto v) { settings.*member = static_cast<std::uint16_t>(v); });
                        },
                        [&](std::size_t Settings::*member) {
                          return put(parse_number(setting, text), [&](auto v) { settings.*member = v; });
                        },
                        [&](bool Settings::*member) {
                          if (setting.kind == Kind::kFlag) {
                            settings.*member = lower(text) == "true";
                            return true;
                          }
                          return put(parse_bool(text), [&](bool v) { settings.*member = v; });
                        },
                        [&](std::chrono::milliseconds Settings::*member) {
                          return put(parse_number(setting, text),
                                     [&](auto v) { settings.*member = std::chrono::milliseconds(v); });
                        },
                        [&](std::vector<std::string> Settings::*member) {
                          return put(parse_list(setting, text),
                                     [&](auto& v) { settings.*member = std::move(v); });
                        },
                        [&](void (*choose)(Settings&, std::size_t)) {
                          return put(parse_choice(setting, text), [&](auto v) { choose(settings, v); });
                        },
                        [&](void (*take)(Settings&, const std::vector<std::string>&)) {
                          return put(parse_list(setting, text), [&](auto& v) { take(settings, v); });
                        },
                    },
                    setting.target);
}

std::string show_bytes(std::uint64_t bytes) {
  for (const auto& [unit, size] : {Unit{"GiB", 1U << 30U}, Unit{"MiB", 1U << 20U}, Unit{"KiB", 1U << 10U}}) {
    if (bytes >= size && bytes % size == 0) return fmt::format("{} {}", bytes / size, unit);
  }
  return fmt::format("{} bytes", bytes);
}

std::string show_time(std::uint64_t ms) {
  for (const auto& [unit, size] :
       {Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1000}}) {
    if (ms >= size && ms % size == 0) return fmt::format("{} {}", ms / size, unit);
  }
  return ms == 0 ? std::string("0") : fmt::format("{} ms", ms);
}

}  // namespace

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return result;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const std::string_view item = trim(text.substr(0, comma));
    if (!item.empty()) items.emplace_back(item);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return items;
}

std::string key_of(const Setting& setting) { return lower(setting.name); }

std::string flag_of(const Setting& setting) {
  std::string flag = "--" + lower(setting.name);
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

std::string allowed(const Setting& setting) {
  const auto bounds = [&](auto show) {
    return setting.max == UINT64_MAX ? fmt::format("at least {}", show(setting.min))
                                     : fmt::format("from {} to {}", show(setting.min), show(setting.max));
  };
  switch (setting.kind) {
    case Kind::kInteger:
      return "a whole number " + bounds([](std::uint64_t v) { return fmt::format("{}", v); });
    case Kind::kBytes:
      return "a size in bytes, or with KiB, MiB or GiB, " + bounds(show_bytes);
    case Kind::kDuration:
      return "a time in seconds, or with ms, s, m, h or d, " + bounds(show_time);
    case Kind::kBool:
      return "true or false";
    case Kind::kFlag:
      return "true, and anything else for false";
    case Kind::kChoice:
      return fmt::format("one of {}", fmt::join(setting.choices, ", "));
    case Kind::kList:
      return setting.choices.empty() ? std::string("a comma list")
                                     : fmt::format("a comma list of {}", fmt::join(setting.choices, ", "));
    case Kind::kText:
    case Kind::kSecret:
      return "text without NUL";
  }
  return {};
}

tl::expected<void, std::string> assign(const Setting& setting, std::string_view text, Settings& settings) {
  if (parses(setting, text, settings)) return {};
  if (setting.kind == Kind::kSecret) return tl::unexpected(std::string("holds a NUL byte"));
  return tl::unexpected(fmt::format("\"{}\" is not allowed; allowed: {}", text, allowed(setting)));
}

}  // namespace inboxd::config
