#include "store/expiry_filter.hpp"

#include <functional>
#include <optional>
#include <utility>

#include "store/row_codec.hpp"
#include "store/row_keys.hpp"

namespace inboxd::store {
namespace {

/// When a row expires; nothing where it cannot be read: it stays, so that whoever looks it up is told of the
/// damage.
using Expiry = std::function<std::optional<Millis>(std::string_view key, std::string_view value)>;

class ExpiryFilter final : public rocksdb::CompactionFilter {
 public:
  ExpiryFilter(Expiry expiry, Millis now) : expiry_(std::move(expiry)), now_(now) {}

  bool Filter(int /*level*/, const rocksdb::Slice& key, const rocksdb::Slice& value,
              std::string* /*new_value*/, bool* /*value_changed*/) const override {
    const auto expires_at = expiry_({key.data(), key.size()}, {value.data(), value.size()});
    return expires_at && *expires_at <= now_;
  }

  const char* Name() const override { return "inboxd.ExpiryFilter"; }

 private:
  Expiry expiry_;
  Millis now_;
};

class ExpiryFilterFactory final : public rocksdb::CompactionFilterFactory {
 public:
  ExpiryFilterFactory(Expiry expiry, const Clock& clock) : expiry_(std::move(expiry)), clock_(clock) {}

  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context& /*context*/) override {
    return std::make_unique<ExpiryFilter>(expiry_, clock_.now());
  }

  const char* Name() const override { return "inboxd.ExpiryFilterFactory"; }

 private:
  Expiry expiry_;
  const Clock& clock_;
};

}  // namespace

std::shared_ptr<rocksdb::CompactionFilterFactory> make_expiry_filter(const Clock& clock) {
  return std::make_shared<ExpiryFilterFactory>(
      [](std::string_view /*key*/, std::string_view value) { return decode_expiry(value); }, clock);
}

std::shared_ptr<rocksdb::CompactionFilterFactory> make_arrival_filter(const Clock& clock,
                                                                      std::chrono::milliseconds retention) {
  return std::make_shared<ExpiryFilterFactory>(
      [retention](std::string_view key, std::string_view /*value*/) -> std::optional<Millis> {
        const auto parts = split_key(key, 2);
        const auto sequence = parts ? parse_sequence(parts->back()) : std::nullopt;
        if (!sequence) return std::nullopt;
        return time_of_arrival(*sequence) + retention.count();
      },
      clock);
}

}  // namespace inboxd::store
