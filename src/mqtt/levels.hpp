#pragma once

#include <cstddef>
#include <string_view>

namespace inboxd::mqtt {

/// Takes a topic or filter apart at its slashes. There is always a first level; an empty one is one too
/// (4.7.1.1). The text must outlive it.
class Levels {
 public:
  explicit Levels(std::string_view text) noexcept : rest_(text) {}

  /// The next level, which may be empty. Not after the last one.
  std::string_view next() noexcept {
    const std::size_t slash = rest_.find('/');
    const std::string_view level = rest_.substr(0, slash);
    last_ = slash == std::string_view::npos;
    rest_.remove_prefix(last_ ? rest_.size() : slash + 1);
    return level;
  }

  /// Whether the last one was taken.
  bool done() const noexcept { return last_; }
  /// What was not taken yet.
  std::string_view rest() const noexcept { return rest_; }

 private:
  std::string_view rest_;
  bool last_ = false;
};

}  // namespace inboxd::mqtt
