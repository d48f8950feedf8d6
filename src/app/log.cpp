#include "app/log.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "http/message.hpp"

namespace inboxd::app {
namespace {

using config::Verbosity;

/// No event is of VERBOSE, which lies between INFO and DEBUG: DEBUG's go below it, where spdlog has a level
/// to spare.
spdlog::level::level_enum severity(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::trace;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

spdlog::level::level_enum threshold(Verbosity verbosity) {
  switch (verbosity) {
    case Verbosity::kError:
      return spdlog::level::err;
    case Verbosity::kWarn:
      return spdlog::level::warn;
    case Verbosity::kInfo:
      return spdlog::level::info;
    case Verbosity::kVerbose:
      return spdlog::level::debug;
    case Verbosity::kDebug:
      return spdlog::level::trace;
  }
  return spdlog::level::info;
}

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
  }
  return "info";
}

std::string timestamp() {
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(second)),
                     (now - second).count());
}

/// As a JSON string, without what moves a terminal's cursor or colours: DEL, and the controls above ASCII.
std::string json_text(std::string_view value) {
  const std::string json = http::json_string(value);
  std::string shown;
  shown.reserve(json.size());
  for (std::size_t i = 0; i < json.size(); ++i) {
    const auto byte = static_cast<unsigned char>(json[i]);
    const auto next = i + 1 < json.size() ? static_cast<unsigned char>(json[i + 1]) : 0;
    if (byte == 0x7F) {
      shown += "\\u007f";
    } else if (byte == 0xC2 && next < 0xA0) {
      shown += fmt::format("\\u{:04x}", next);
      ++i;
    } else {
      shown += json[i];
    }
  }
  return shown;
}

/// As it is where nobody can mistake its end, as a JSON string otherwise: a log line stays one line.
std::string text_value(const std::string& value) {
  const bool plain = !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    return c > ' ' && c != '"' && c != '=' && c != '\\' && c != '\x7f';
  });
  return plain ? value : json_text(value);
}

std::string text_line(LogLevel level, std::string_view event, std::span<const LogField> fields) {
  std::string line = fmt::format("{} {:<5} {}", timestamp(), name_of(level), event);
  for (const LogField& field : fields) {
    line += ' ';
    line += field.name;
    line += '=';
    line += text_value(field.value);
  }
  return line;
}

std::string json_line(LogLevel level, std::string_view event, std::span<const LogField> fields) {
  std::string line =
      fmt::format(R"({{"time":"{}","level":"{}","event":{})", timestamp(), name_of(level), json_text(event));
  for (const LogField& field : fields) {
    line += ',' + json_text(field.name) + ':' + json_text(field.value);
  }
  return line + '}';
}

bool wants_json(config::LogFormat format) {
  return format == config::LogFormat::kJson ||
         (format == config::LogFormat::kAuto && ::isatty(STDERR_FILENO) == 0);
}

}  // namespace

SpdLog::SpdLog(Verbosity verbosity, config::LogFormat format)
    : SpdLog(verbosity, wants_json(format) ? config::LogFormat::kJson : config::LogFormat::kText,
             std::make_shared<spdlog::sinks::stderr_sink_mt>()) {}

SpdLog::SpdLog(Verbosity verbosity, config::LogFormat format, std::shared_ptr<spdlog::sinks::sink> sink)
    : json_(format == config::LogFormat::kJson),
      writer_(std::make_shared<spdlog::details::thread_pool>(kLogQueue, 1)),
      logger_(std::make_shared<spdlog::async_logger>("inboxd", std::move(sink), writer_,
                                                     spdlog::async_overflow_policy::overrun_oldest)) {
  logger_->set_pattern("%v");
  logger_->set_level(threshold(verbosity));
}

SpdLog::~SpdLog() = default;

void SpdLog::write(LogLevel level, std::string_view event, std::span<const LogField> fields) {
  const auto severe = severity(level);
  if (!logger_->should_log(severe)) return;
  const std::string line = json_ ? json_line(level, event, fields) : text_line(level, event, fields);
  logger_->log(severe, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace inboxd::app
