#include "store/expiry_filter.hpp"

#include "store/row_codec.hpp"

namespace inboxd::store {
namespace {

class ExpiryFilter final : public rocksdb::CompactionFilter {
 public:
  explicit ExpiryFilter(Millis now) : now_(now) {}

  bool Filter(int /*level*/, const rocksdb::Slice& /*key*/, const rocksdb::Slice& value,
              std::string* /*new_value*/, bool* /*value_changed*/) const override {
    // A row that cannot be read stays: whoever looks it up is told of the damage.
    const auto expires_at = decode_expiry({value.data(), value.size()});
    return expires_at && *expires_at <= now_;
  }

  const char* Name() const override { return "inboxd.ExpiryFilter"; }

 private:
  Millis now_;
};

class ExpiryFilterFactory final : public rocksdb::CompactionFilterFactory {
 public:
  explicit ExpiryFilterFactory(const Clock& clock) : clock_(clock) {}

  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context& /*context*/) override {
    return std::make_unique<ExpiryFilter>(clock_.now());
  }

  const char* Name() const override { return "inboxd.ExpiryFilterFactory"; }

 private:
  const Clock& clock_;
};

}  // namespace

std::shared_ptr<rocksdb::CompactionFilterFactory> make_expiry_filter(const Clock& clock) {
  return std::make_shared<ExpiryFilterFactory>(clock);
}

}  // namespace inboxd::store
