#pragma once

#include <cstdint>
#include <string>

namespace inboxd::bench {

/// Another process of this machine, seen through /proc. Throws where it is gone.
class WatchedProcess {
 public:
  /// `spec` is NAME=PID.
  explicit WatchedProcess(const std::string& spec);

  const std::string& name() const { return name_; }

  /// User and system time of all its threads so far, in microseconds; the kernel tells it in hundredths of a
  /// second.
  std::int64_t cpu_us() const;

  /// The memory that it holds, in KiB.
  std::int64_t rss_kib() const;

  /// The most memory that it ever held, in KiB.
  std::int64_t peak_rss_kib() const;

 private:
  std::int64_t status_kib(const char* key) const;

  std::string name_;
  std::string directory_;
};

}  // namespace inboxd::bench
