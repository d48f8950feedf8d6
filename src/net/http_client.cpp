#include "net/http_client.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <optional>
#include <utility>

#include "net/connection.hpp"
#include "net/exchange.hpp"

namespace inboxd::net {

namespace asio = boost::asio;

class HttpClient::Impl final : public ExchangeHost, public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::any_io_executor executor, Options options)
      : executor_(std::move(executor)),
        options_(options),
        pool_(options.idle_connections),
        sweep_(executor_) {}

  void send(Request request, std::chrono::milliseconds timeout, Done done) {
    const auto exchange = std::make_shared<Exchange>(*this, std::move(request), std::move(done));
    exchanges_.emplace(exchange.get(), exchange);
    exchange->start(timeout);
  }

  void close() {
    closed_ = true;
    sweep_.cancel();
    for (const auto& [key, exchange] : exchanges_) exchange->abandon();
    exchanges_.clear();
  }

  const asio::any_io_executor& executor() const override { return executor_; }
  const Options& options() const override { return options_; }

  std::unique_ptr<Connection> make_connection(const Url& url) override {
    if (!url.tls) return std::make_unique<Connection>(executor_);
    if (!tls_) {
      tls_.emplace(asio::ssl::context::tls_client);
      SSL_CTX_set_min_proto_version(tls_->native_handle(), TLS1_2_VERSION);
      tls_->set_default_verify_paths();
    }
    return std::make_unique<Connection>(executor_, *tls_, url.host, options_.verify);
  }

  std::unique_ptr<Connection> reuse(const Url& url) override {
    return pool_.take(url, std::chrono::steady_clock::now());
  }

  void keep(const Url& url, std::unique_ptr<Connection> connection) override {
    pool_.put(url, std::move(connection), std::chrono::steady_clock::now());
    if (!sweeping_) sweep_later();
  }

  void ended(Exchange& exchange) override { exchanges_.erase(&exchange); }

 private:
  void sweep_later() {
    sweeping_ = true;
    sweep_.expires_after(ConnectionPool::kMaxIdle);
    sweep_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
      const auto self = weak.lock();
      if (!self || error || self->closed_) return;
      self->pool_.expire(std::chrono::steady_clock::now());
      self->sweeping_ = false;
      if (!self->pool_.empty()) self->sweep_later();
    });
  }

  asio::any_io_executor executor_;
  Options options_;
  std::optional<asio::ssl::context>
      tls_;  // made for the first that needs it: it reads the system's certificates
  ConnectionPool pool_;
  asio::steady_timer sweep_;
  bool sweeping_ = false;
  bool closed_ = false;
  std::map<Exchange*, std::shared_ptr<Exchange>> exchanges_;
};

HttpClient::HttpClient(asio::any_io_executor executor, Options options)
    : impl_(std::make_shared<Impl>(std::move(executor), options)) {}

HttpClient::~HttpClient() {
  try {
    impl_->close();
  } catch (...) {
    // Asio says that cancelling a timer may throw. What is left dies with its last operation.
    return;
  }
}

void HttpClient::send(Request request, std::chrono::milliseconds timeout, Done done) {
  impl_->send(std::move(request), timeout, std::move(done));
}

}  // namespace inboxd::net
