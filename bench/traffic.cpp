#include "traffic.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <fstream>
#include <stdexcept>

namespace inboxd::bench {
namespace {

constexpr std::size_t kTextBytes = 200;
constexpr std::string_view kMarker = "bench message ";
constexpr std::size_t kDigits = 20;  // of any 64-bit number
constexpr std::string_view kTextKey = R"("text":")";
constexpr std::string_view kUidKey = R"("tempUID":")";

/// Reads kDigits digits at the front and takes them off.
template <class Number>
bool take_number(std::string_view& text, Number& value) {
  if (text.size() < kDigits) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + kDigits, value);
  if (error != std::errc() || end != text.data() + kDigits) return false;
  text.remove_prefix(kDigits + 1);
  return true;
}

}  // namespace

std::int64_t now_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

std::string TopicLayout::outgoing(std::string_view sender, std::string_view recipient) const {
  return path ? fmt::format("{}/{}/{}/messages/outgoing", prefix, sender, recipient)
              : fmt::format("apps/{}/outgoing/users/{}/messages/{}/outgoing", app, sender, recipient);
}

std::string TopicLayout::inbox(std::string_view user) const {
  return path ? fmt::format("{}/{}/#", prefix, user) : fmt::format("apps/{}/users/{}/#", app, user);
}

std::vector<User> read_users(const std::string& path, std::size_t count) {
  std::ifstream file(path);
  std::vector<User> users;
  users.reserve(count);
  for (User user; users.size() < count && file >> user.name >> user.token;) users.push_back(user);
  if (users.size() < count) throw std::runtime_error("too few users in the file of tokens");
  return users;
}

Composer::Composer() : random_(std::random_device()()) {
  std::string text(kMarker);
  text.append(2 * kDigits + 1, ' ').append(" ");
  while (text.size() < kTextBytes) text.append("and some words to fill the line ");
  text.resize(kTextBytes);
  payload_ = fmt::format(
      R"({{{}{}","type":"text","recipient_fullname":"Bench Receiver","sender_fullname":"Bench Sender",)"
      R"("attributes":{{"lang":"en",{}00000000-0000-4000-8000-000000000000"}},"metadata":"","channel_type":"direct"}})",
      kTextKey, text, kUidKey);
  text_at_ = payload_.find(kTextKey) + kTextKey.size() + kMarker.size();
  uid_at_ = payload_.find(kUidKey) + kUidKey.size();
}

std::string_view Composer::compose(const Stamp& stamp) {
  fmt::format_to(payload_.data() + text_at_, "{:020} {:020}", stamp.sequence, stamp.sent_ns);
  const std::uint64_t high = random_();
  const std::uint64_t low = random_();
  fmt::format_to(payload_.data() + uid_at_, "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", high >> 32,
                 high >> 16 & 0xffff, high & 0xfff, low >> 48 & 0xfff, low & 0xffffffffffff);
  return payload_;
}

std::optional<Stamp> stamp_of(std::string_view payload) {
  const std::size_t at = payload.find(kMarker);
  if (at == payload.npos) return std::nullopt;
  payload.remove_prefix(at + kMarker.size());
  Stamp stamp;
  if (!take_number(payload, stamp.sequence) || !take_number(payload, stamp.sent_ns)) return std::nullopt;
  return stamp;
}

}  // namespace inboxd::bench
