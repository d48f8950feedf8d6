#include "filter/text_file.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <fstream>
#include <system_error>

#include "filter/limits.hpp"

namespace inboxd::filter {
namespace {

Failure<std::string> failed(std::string why) { return Failure<std::string>(std::move(why)); }

std::string last_error() { return std::generic_category().message(errno); }

}  // namespace

Result<std::string, std::string> read_text_file(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return failed(last_error());
  // A pipe would never end, or never begin.
  if (!S_ISREG(info.st_mode)) return failed("it is not a file");
  const auto too_large = fmt::format("it is larger than {} bytes", kMaxDocumentBytes);
  if (static_cast<std::uint64_t>(info.st_size) > kMaxDocumentBytes) return failed(too_large);
  std::ifstream in(path, std::ios::binary);
  if (!in) return failed(last_error());
  std::string text(static_cast<std::size_t>(info.st_size) + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return failed("it cannot be read");
  text.resize(static_cast<std::size_t>(in.gcount()));
  // One more than there was: it grows as it is read, and will be read again.
  if (text.size() > kMaxDocumentBytes) return failed(too_large);
  return text;
}

FileStamp stamp_of(const std::string& path) noexcept {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  return {.exists = true,
          .device = info.st_dev,
          .inode = info.st_ino,
          .size = info.st_size,
          .seconds = info.st_mtim.tv_sec,
          .nanoseconds = info.st_mtim.tv_nsec};
}

}  // namespace inboxd::filter
