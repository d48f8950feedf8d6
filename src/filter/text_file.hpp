#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "core/result.hpp"

namespace inboxd::filter {

/// The whole of a regular file of at most kMaxDocumentBytes, or why it cannot be read.
Result<std::string, std::string> read_text_file(const std::string& path);

/// What tells one state of a file from another, without reading it.
struct FileStamp {
  bool exists = false;
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;

  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

FileStamp stamp_of(const std::string& path) noexcept;

}  // namespace inboxd::filter
