#include <rocksdb/db.h>

#include <fstream>

#include "contract/store_fixture.hpp"
#include "store/log_file_system.hpp"

// What a log is read as, with zeros in it.
namespace inboxd::test {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlock = 32'768;

std::string record(std::size_t length, char type = 1) {
  std::string bytes = "crc?";
  bytes += static_cast<char>(length % 256);
  bytes += static_cast<char>(length / 256);
  bytes += type;
  return bytes + std::string(length, 'x');
}

class LogFileTest : public testing::Test {
 protected:
  /// What a reader of whole blocks gets.
  std::string read(const std::string& name, const std::string& content) {
    const auto path = (directory_.path() / name).string();
    std::ofstream(path, std::ios::binary) << content;
    std::unique_ptr<rocksdb::SequentialFile> file;
    EXPECT_TRUE(env_->NewSequentialFile(path, &file, rocksdb::EnvOptions()).ok());
    std::string all;
    std::string buffer(kBlock, '\0');
    for (;;) {
      rocksdb::Slice bytes;
      EXPECT_TRUE(file->Read(kBlock, &bytes, buffer.data()).ok());
      all.append(bytes.data(), bytes.size());
      if (bytes.size() < kBlock) return all;
    }
  }

  TemporaryDirectory directory_;
  std::unique_ptr<rocksdb::Env> env_ = store::with_full_size_logs(nullptr);
};

TEST_F(LogFileTest, EndsWhereZerosStandInARecordsPlace) {
  const std::string full = record(kBlock - 7);
  const std::string almost_full = record(kBlock - 7 - 6);
  const struct {
    const char* what;
    std::string content;
    std::size_t bytes;
  } cases[] = {
      {"nothing", "", 0},
      {"nothing but zeros", std::string(3 * kBlock, '\0'), 0},
      {"no zeros", record(100) + record(200), 314},
      {"zeros to the end", record(100) + std::string(5000, '\0'), 107},
      {"zeros to the end of the block, and a record", record(100) + std::string(kBlock - 107, '\0') + full,
       107},
      {"a block of zeros between two", full + std::string(kBlock, '\0') + full, kBlock},
      {"too little left of a block for a header", almost_full + std::string(6, '\0') + record(10),
       kBlock + 17},
      {"zeros within a record are its own", record(3, 0) + record(0, 1), 17},
      {"half a header", record(100) + std::string(3, '\0'), 110},
      {"a length that leaves the block", record(60'000).substr(0, kBlock) + record(10), kBlock + 17},
  };
  for (const auto& one : cases) EXPECT_EQ(read("000001.log", one.content).size(), one.bytes) << one.what;
}

TEST_F(LogFileTest, OtherFilesAreReadWhole) {
  EXPECT_EQ(read("000001.sst", record(100) + std::string(5000, '\0')).size(), 5107U);
}

/// A power failure may keep a later page of what was not synced, and lose an earlier one.
TEST_F(LogFileTest, NothingIsRecoveredFromBehindAGap) {
  constexpr int kRecords = 400;
  const auto key = [](int number) { return std::to_string(100'000 + number); };
  rocksdb::Options options;
  options.create_if_missing = true;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.env = env_.get();
  const auto open = [&](const fs::path& path) {
    rocksdb::DB* db = nullptr;
    const auto status = rocksdb::DB::Open(options, path.string(), &db);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return std::unique_ptr<rocksdb::DB>(db);
  };
  const auto survivor = directory_.path() / "survivor";
  {
    const auto db = open(directory_.path() / "db");
    // Records of 512 bytes: each block begins with one.
    for (int i = 0; i < kRecords; ++i) {
      ASSERT_TRUE(db->Put(rocksdb::WriteOptions(), key(i), std::string(512 - 29, 'x')).ok());
    }
    fs::copy(directory_.path() / "db", survivor);
  }
  for (const auto& file : fs::directory_iterator(survivor)) {
    if (file.path().extension() != ".log") continue;
    ASSERT_GT(fs::file_size(file), kRecords * 512U) << "zeros behind what was written";
    std::fstream log(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    log.seekp(2 * kBlock - 4096);
    log << std::string(4096, '\0');
  }
  const auto db = open(survivor);
  std::string value;
  for (int i = 0; i < kRecords; ++i) {
    const bool is_before = i < static_cast<int>(2 * kBlock - 4096) / 512;
    EXPECT_EQ(db->Get(rocksdb::ReadOptions(), key(i), &value).ok(), is_before) << i;
  }
}

}  // namespace
}  // namespace inboxd::test
