#include <optional>
#include <utility>
#include <vector>

#include "mqtt/properties_codec.hpp"
#include "mqtt/wire.hpp"
#include "mqtt/writer.hpp"

namespace inboxd::mqtt {
namespace {

constexpr std::size_t kIdBytes = 1;
constexpr std::size_t kLengthBytes = 2;

template <class Number>
std::size_t value_bytes(const Number&) noexcept {
  return sizeof(Number);
}
std::size_t value_bytes(const std::string& text) noexcept { return kLengthBytes + text.size(); }

template <class T>
std::size_t bytes_of(const std::optional<T>& value) noexcept {
  return value ? kIdBytes + value_bytes(*value) : 0;
}

std::size_t bytes_of(const std::vector<std::uint32_t>& ids) noexcept {
  std::size_t bytes = 0;
  for (const std::uint32_t id : ids) bytes += kIdBytes + varint_bytes(id);
  return bytes;
}

std::size_t bytes_of(const std::vector<std::pair<std::string, std::string>>& properties) noexcept {
  std::size_t bytes = 0;
  for (const auto& [name, value] : properties) bytes += kIdBytes + value_bytes(name) + value_bytes(value);
  return bytes;
}

class ValueWriter {
 public:
  explicit ValueWriter(std::string& out) noexcept : out_(out) {}

  template <class T>
  void operator()(PropertyId id, const std::optional<T>& value) {
    if (!value) return;
    put_id(id);
    put(*value);
  }

  void operator()(PropertyId id, const std::vector<std::uint32_t>& ids) {
    for (const std::uint32_t value : ids) {
      put_id(id);
      put_varint(out_, value);
    }
  }

  void operator()(PropertyId id, const std::vector<std::pair<std::string, std::string>>& properties) {
    for (const auto& [name, value] : properties) {
      put_id(id);
      put(name);
      put(value);
    }
  }

 private:
  void put_id(PropertyId id) { put_byte(out_, static_cast<unsigned>(id)); }
  void put(bool value) { put_byte(out_, value ? 1 : 0); }
  void put(std::uint8_t value) { put_byte(out_, value); }
  void put(std::uint16_t value) { put_two_bytes(out_, value); }
  void put(std::uint32_t value) { put_four_bytes(out_, value); }
  void put(const std::string& value) { put_text(out_, value); }

  std::string& out_;
};

}  // namespace

std::size_t properties_bytes(const Properties& properties) {
  std::size_t bytes = 0;
  visit_properties(properties, [&](PropertyId, const auto& member) { bytes += bytes_of(member); });
  return bytes;
}

void put_properties(const Properties& properties, std::string& out) {
  visit_properties(properties, ValueWriter(out));
}

}  // namespace inboxd::mqtt
