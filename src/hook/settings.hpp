#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace inboxd::hook {

/// The policy hook, as docs/policies.md describes it.
struct Settings {
  std::string url;
  std::chrono::milliseconds timeout{50};        ///< from the question to the verdict, connecting included
  std::string secret;                           ///< empty: no signature
  std::chrono::milliseconds cache_ttl{10'000};  ///< of a verdict that does not say; 0: none is kept
  std::size_t concurrency = 64;                 ///< requests at a time
  bool tls_verify = true;
  bool allow_link_local = false;
  std::size_t max_answer_bytes = std::size_t{512} * 1024;  ///< a longer answer is not understood
};

}  // namespace inboxd::hook
