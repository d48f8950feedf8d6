#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Building blocks of the stored values: LEB128 varints (signed ones zigzag), and texts with their length
/// before them.
namespace inboxd::store {

void put_varint(std::string& out, std::uint64_t value);
void put_signed(std::string& out, std::int64_t value);
void put_text(std::string& out, std::string_view text);

/// Reads a value from its front. After the first malformed field every read gives zero or empty, and ok() is
/// false for good.
class WireReader {
 public:
  /// `bytes` must outlive the reader and the texts that it returns.
  explicit WireReader(std::string_view bytes) noexcept : rest_(bytes) {}

  std::uint64_t varint() noexcept;
  std::int64_t signed_varint() noexcept;
  std::uint8_t byte() noexcept;
  std::string_view text() noexcept;
  /// All that is left.
  std::string_view remainder() noexcept;

  bool ok() const noexcept { return ok_; }
  /// Whether all was well-formed and nothing is left over.
  bool done() const noexcept { return ok_ && rest_.empty(); }
  std::size_t left() const noexcept { return rest_.size(); }
  /// Declares the rest malformed.
  void spoil() noexcept;

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace inboxd::store
