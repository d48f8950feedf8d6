#include "store/log_file_system.hpp"

#include <rocksdb/file_system.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

namespace inboxd::store {
namespace {

using rocksdb::FileOptions;
using rocksdb::FSSequentialFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

/// The format of logs: blocks, in each of them records, each with a header of a checksum (4 bytes), the
/// length of what follows the header (2, little-endian) and a type (1, not zero). Where a block has less left
/// than a header needs, nothing is put.
constexpr std::uint64_t kBlock = 32'768;
constexpr std::uint64_t kHeader = 7;

class LogReader final : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  using FSSequentialFileOwnerWrapper::FSSequentialFileOwnerWrapper;

  IOStatus Read(std::size_t n, const IOOptions& options, Slice* result, char* scratch,
                IODebugContext* context) override {
    *result = Slice();
    if (has_ended_) return IOStatus::OK();
    auto status = target()->Read(n, options, result, scratch, context);
    if (status.ok()) end_at_zeros(*result);
    return status;
  }

  IOStatus Skip(std::uint64_t n) override {
    next_ = kUnknown;
    return target()->Skip(n);
  }

 private:
  static constexpr std::uint64_t kUnknown = std::numeric_limits<std::uint64_t>::max() - kHeader;

  void end_at_zeros(Slice& bytes) {
    const std::uint64_t begin = std::exchange(read_, read_ + bytes.size());
    // RocksDB reads whole blocks, so that no header is in two reads.
    if (next_ < begin) next_ = kUnknown;
    while (next_ + kHeader <= read_) {
      const std::uint64_t left = kBlock - next_ % kBlock;
      const std::uint64_t length = left < kHeader ? 0 : content_at(bytes.data() + (next_ - begin));
      if (length == kNone) {
        bytes = Slice(bytes.data(), next_ - begin);
        has_ended_ = true;
        return;
      }
      next_ += left < kHeader ? left : kHeader + std::min(length, left - kHeader);
    }
  }

  static constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();

  /// What follows the header, in bytes.
  static std::uint64_t content_at(const char* header) {
    const auto byte = [header](std::size_t i) {
      return std::uint64_t{static_cast<unsigned char>(header[i])};
    };
    const std::uint64_t length = byte(4) | byte(5) << 8U;
    return length == 0 && byte(6) == 0 ? kNone : length;
  }

  std::uint64_t read_ = 0;  ///< bytes of the file
  std::uint64_t next_ = 0;  ///< where the next header lies in it
  bool has_ended_ = false;
};

class LogFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;

  const char* Name() const override { return "inboxd.LogFileSystem"; }

  FileOptions OptimizeForLogWrite(const FileOptions& options,
                                  const rocksdb::DBOptions& database) const override {
    auto result = target()->OptimizeForLogWrite(options, database);
    result.fallocate_with_keep_size = false;
    return result;
  }

  IOStatus NewSequentialFile(const std::string& name, const FileOptions& options,
                             std::unique_ptr<FSSequentialFile>* file, IODebugContext* context) override {
    auto status = target()->NewSequentialFile(name, options, file, context);
    if (status.ok() && name.ends_with(".log")) *file = std::make_unique<LogReader>(std::move(*file));
    return status;
  }
};

}  // namespace

std::unique_ptr<rocksdb::Env> with_full_size_logs(rocksdb::Env* base) {
  const auto files = (base != nullptr ? base : rocksdb::Env::Default())->GetFileSystem();
  return rocksdb::NewCompositeEnv(std::make_shared<LogFileSystem>(files));
}

}  // namespace inboxd::store
