#include "contract/faulty_disk.hpp"

#include <rocksdb/file_system.h>

#include <fstream>
#include <map>
#include <mutex>
#include <utility>

namespace inboxd::test {

using rocksdb::FileOptions;
using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

struct FaultyDisk::State {
  std::mutex mutex;
  bool full = false;
  bool off = false;
  bool sync_fails = false;
  std::map<std::string, std::uint64_t> synced;  // bytes of every file that RocksDB has written

  /// What a write, a sync or a change of names meets.
  IOStatus fault() {
    const std::lock_guard lock(mutex);
    if (off) return IOStatus::IOError("the power is off");
    if (!full) return IOStatus::OK();
    auto status = IOStatus::NoSpace("No space left on device");
    status.SetRetryable(true);  // as RocksDB's own file system reports it
    return status;
  }

  IOStatus sync_fault() {
    if (auto met = fault(); !met.ok()) return met;
    const std::lock_guard lock(mutex);
    return std::exchange(sync_fails, false) ? IOStatus::IOError("Input/output error") : IOStatus::OK();
  }
};

namespace {

class WatchedFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  WatchedFile(std::unique_ptr<FSWritableFile>&& file, std::shared_ptr<FaultyDisk::State> state,
              std::string name)
      : FSWritableFileOwnerWrapper(std::move(file)), state_(std::move(state)), name_(std::move(name)) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, IODebugContext* context) override {
    if (auto fault = state_->fault(); !fault.ok()) return fault;
    written_ += data.size();
    return target()->Append(data, options, context);
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& /*verification*/, IODebugContext* context) override {
    return Append(data, options, context);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* context) override {
    if (auto fault = state_->sync_fault(); !fault.ok()) return fault;
    return remember(target()->Sync(options, context));
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override {
    if (auto fault = state_->sync_fault(); !fault.ok()) return fault;
    return remember(target()->Fsync(options, context));
  }

 private:
  IOStatus remember(IOStatus status) {
    const std::lock_guard lock(state_->mutex);
    if (status.ok() && !state_->off) state_->synced[name_] = written_;
    return status;
  }

  std::shared_ptr<FaultyDisk::State> state_;
  std::string name_;
  std::uint64_t written_ = 0;
};

class WatchedFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit WatchedFileSystem(std::shared_ptr<FaultyDisk::State> state)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), state_(std::move(state)) {}

  const char* Name() const override { return "inboxd.WatchedFileSystem"; }

  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<FSWritableFile>* file, IODebugContext* context) override {
    if (auto fault = state_->fault(); !fault.ok()) return fault;
    std::unique_ptr<FSWritableFile> opened;
    auto status = target()->NewWritableFile(name, options, &opened, context);
    if (!status.ok()) return status;
    const std::lock_guard lock(state_->mutex);
    state_->synced[name] = 0;
    *file = std::make_unique<WatchedFile>(std::move(opened), state_, name);
    return status;
  }

  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* context) override {
    if (auto fault = state_->fault(); !fault.ok()) return fault;
    auto status = target()->RenameFile(from, to, options, context);
    const std::lock_guard lock(state_->mutex);
    if (auto moved = state_->synced.extract(from); status.ok() && !moved.empty()) {
      moved.key() = to;
      state_->synced.erase(to);
      state_->synced.insert(std::move(moved));
    }
    return status;
  }

  // A full disk lets files be deleted; one without power does not.
  IOStatus DeleteFile(const std::string& name, const IOOptions& options, IODebugContext* context) override {
    const std::lock_guard lock(state_->mutex);
    if (state_->off) return IOStatus::IOError("the power is off");
    state_->synced.erase(name);
    return target()->DeleteFile(name, options, context);
  }

 private:
  std::shared_ptr<FaultyDisk::State> state_;
};

void copy_front(const std::filesystem::path& from, const std::filesystem::path& to, std::uint64_t bytes) {
  std::string content(bytes, '\0');
  std::ifstream(from, std::ios::binary).read(content.data(), static_cast<std::streamsize>(bytes));
  std::ofstream(to, std::ios::binary).write(content.data(), static_cast<std::streamsize>(bytes));
}

}  // namespace

FaultyDisk::FaultyDisk()
    : state_(std::make_shared<State>()),
      env_(rocksdb::NewCompositeEnv(std::make_shared<WatchedFileSystem>(state_))) {}

FaultyDisk::~FaultyDisk() = default;

void FaultyDisk::fill() {
  const std::lock_guard lock(state_->mutex);
  state_->full = true;
}

void FaultyDisk::free() {
  const std::lock_guard lock(state_->mutex);
  state_->full = false;
}

void FaultyDisk::fail_next_sync() {
  const std::lock_guard lock(state_->mutex);
  state_->sync_fails = true;
}

void FaultyDisk::cut_power(const std::filesystem::path& directory, const std::filesystem::path& survivor,
                           std::uint64_t torn) {
  const std::lock_guard lock(state_->mutex);
  state_->off = true;
  std::filesystem::create_directories(survivor);
  for (const auto& [name, bytes] : state_->synced) {
    const std::filesystem::path path(name);
    if (path.parent_path() != directory) continue;
    const std::filesystem::path copy = survivor / path.filename();
    const bool is_log = path.extension() == ".log";
    copy_front(path, copy, is_log ? bytes + torn : bytes);
    // As with fallocate, which the journal knows of: the size is there before what is written.
    if (is_log) std::filesystem::resize_file(copy, std::filesystem::file_size(path));
  }
}

}  // namespace inboxd::test
