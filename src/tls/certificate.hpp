#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <mutex>
#include <string>

#include "core/result.hpp"

namespace inboxd::tls {

/// PEM files: the certificate with its chain, and its private key.
struct Files {
  std::string certificate;
  std::string key;
};

/// The certificate that a listener shows, as its files last had it. Safe for use from several threads.
class Certificate {
 public:
  using Context = std::shared_ptr<boost::asio::ssl::context>;

  explicit Certificate(Files files) : files_(std::move(files)) {}

  /// Reads both files anew. On an error, which is for people, what was read before stays.
  Result<void, std::string> load();

  /// For the next connection; null before the first load().
  Context context() const;

 private:
  Files files_;
  mutable std::mutex mutex_;  // guards context_
  Context context_;
};

}  // namespace inboxd::tls
