#pragma once

#include <memory>
#include <string>

#include "config/settings.hpp"
#include "engine/ports.hpp"

namespace spdlog {
class logger;
namespace details {
class thread_pool;
}
namespace sinks {
class sink;
}
}  // namespace spdlog

namespace inboxd::app {

/// One line for each event, as text or as an object of JSON, in UTC. Never blocks: a thread writes, and where
/// the reader of the log is too slow for it, the oldest of `kLogQueue` waiting lines are dropped.
inline constexpr std::size_t kLogQueue = 1024;

class SpdLog final : public Log {
 public:
  /// Writes to standard error; `kAuto` asks whether that is a terminal.
  SpdLog(config::Verbosity verbosity, config::LogFormat format);
  /// Writes to `sink`, for tests. `format` must not be kAuto.
  SpdLog(config::Verbosity verbosity, config::LogFormat format, std::shared_ptr<spdlog::sinks::sink> sink);
  /// Returns when what was logged is written.
  ~SpdLog() override;
  SpdLog(const SpdLog&) = delete;
  SpdLog& operator=(const SpdLog&) = delete;

  void write(LogLevel level, std::string_view event, std::span<const LogField> fields) override;

 private:
  bool json_;
  std::shared_ptr<spdlog::details::thread_pool> writer_;
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace inboxd::app
