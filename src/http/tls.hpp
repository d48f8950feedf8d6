#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <mutex>
#include <string>

#include "core/result.hpp"
#include "http/server.hpp"

namespace inboxd::http {

/// The certificate that a listener shows, as its files last had it. Safe for use from several threads.
class Certificate {
 public:
  using Context = std::shared_ptr<boost::asio::ssl::context>;

  explicit Certificate(TlsFiles files) : files_(std::move(files)) {}

  /// Reads both files anew. On an error, which is for people, what was read before stays.
  Result<void, std::string> load();

  /// For the next connection; null before the first load().
  Context context() const;

 private:
  TlsFiles files_;
  mutable std::mutex mutex_;  // guards context_
  Context context_;
};

}  // namespace inboxd::http
