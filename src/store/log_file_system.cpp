#include "store/log_file_system.hpp"

#include <rocksdb/file_system.h>

namespace inboxd::store {
namespace {

class LogFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;

  const char* Name() const override { return "inboxd.LogFileSystem"; }

  rocksdb::FileOptions OptimizeForLogWrite(const rocksdb::FileOptions& options,
                                           const rocksdb::DBOptions& database) const override {
    auto result = target()->OptimizeForLogWrite(options, database);
    result.fallocate_with_keep_size = false;
    return result;
  }
};

}  // namespace

std::unique_ptr<rocksdb::Env> with_full_size_logs(rocksdb::Env* base) {
  const auto files = (base != nullptr ? base : rocksdb::Env::Default())->GetFileSystem();
  return rocksdb::NewCompositeEnv(std::make_shared<LogFileSystem>(files));
}

}  // namespace inboxd::store
