#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "engine/ports.hpp"

namespace inboxd::http {

struct Readiness {
  bool ready = false;
  LinkState link = LinkState::kDown;
  std::string why;  ///< empty where ready
  bool store = false;
};

/// `up`, `standby`, `store_failed` …
std::string_view name_of(LinkState state) noexcept;

/// What the process knows of its own state. Ready means: a message that a client sends now is taken, stored
/// and delivered. Safe for use from several threads.
class Health {
 public:
  void link(LinkState state, std::string_view why);

  /// The store whose health counts, or null while there is none; it must stay until another is named.
  void store(const Store* store);

  Readiness readiness() const;

 private:
  mutable std::mutex mutex_;
  LinkState link_ = LinkState::kDown;
  std::string why_;
  const Store* store_ = nullptr;
};

}  // namespace inboxd::http
