#include "store/rocksdb_error.hpp"

#include <cerrno>
#include <initializer_list>
#include <string>
#include <system_error>

namespace inboxd::store {
namespace {

using Kind = StoreError::Kind;

/// Whether the text quotes the system's words for one of these error numbers: a Status keeps no number.
bool quotes(const std::string& text, std::initializer_list<std::errc> errors) {
  for (const auto error : errors) {
    if (text.find(std::make_error_code(error).message()) != std::string::npos) return true;
  }
  return false;
}

bool quotes_quota(const std::string& text) {
  return text.find(std::generic_category().message(EDQUOT)) != std::string::npos;
}

Kind kind_of(const rocksdb::Status& status) {
  const std::string text = status.ToString();
  if (status.IsNoSpace() || quotes(text, {std::errc::no_space_on_device, std::errc::file_too_large}) ||
      quotes_quota(text)) {
    return Kind::kFull;
  }
  if (quotes(text, {std::errc::permission_denied, std::errc::operation_not_permitted,
                    std::errc::read_only_file_system})) {
    return Kind::kPermission;
  }
  // RocksDB writes "lock hold by current process" or "While lock file"; both name the file.
  if (status.IsIOError() && text.find("/LOCK") != std::string::npos) return Kind::kLocked;
  if (status.IsCorruption()) return Kind::kCorrupt;
  // A file that the store's own records name is gone.
  if (status.IsPathNotFound() || status.IsNotFound()) return Kind::kCorrupt;
  return Kind::kIo;
}

std::string_view advice(Kind kind) {
  switch (kind) {
    case Kind::kLocked:
      return "another process has it open: stop that one, or give this one a directory of its own";
    case Kind::kNewer:
      return "a later version of inboxd wrote it: run that version, or restore a backup made before the "
             "upgrade";
    case Kind::kCorrupt:
      return "what it holds cannot be read: keep a copy of it, check the disk, and restore a backup";
    case Kind::kPermission:
      return "make it readable and writable for the user that runs inboxd";
    case Kind::kFull:
      return "free some space on its file system: writing goes on by itself";
    case Kind::kIo:
      break;
  }
  return "check the disk and the system's log";
}

}  // namespace

StoreError store_error(Kind kind, const std::filesystem::path& directory, std::string_view doing,
                       std::string_view reason) {
  std::string message = "cannot ";
  message.append(doing).append(" the store in ").append(directory.string());
  message.append(": ").append(reason).append(" (").append(advice(kind)).append(")");
  return {kind, message};
}

StoreError store_error(const rocksdb::Status& status, const std::filesystem::path& directory,
                       std::string_view doing) {
  return store_error(kind_of(status), directory, doing, status.ToString());
}

}  // namespace inboxd::store
