#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "net/connection.hpp"
#include "net/http_client.hpp"

namespace inboxd::net {

/// What an exchange borrows from its client, which outlives it or abandons it.
class ExchangeHost {
 public:
  virtual ~ExchangeHost() = default;
  virtual const boost::asio::any_io_executor& executor() const = 0;
  virtual const HttpClient::Options& options() const = 0;
  /// A new one, not connected. Throws boost::system::system_error.
  virtual std::unique_ptr<Connection> make_connection(const Url& url) = 0;
  virtual std::unique_ptr<Connection> reuse(const Url& url) = 0;
  virtual void keep(const Url& url, std::unique_ptr<Connection> connection) = 0;
  /// `exchange` is at its end: it calls nothing any more.
  virtual void ended(class Exchange& exchange) = 0;
};

/// One request and its answer: from looking up the name to the last byte. Keeps itself alive while it has
/// operations under way.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(ExchangeHost& host, Request request, HttpClient::Done done);

  void start(std::chrono::milliseconds timeout);
  /// Ends it without a word.
  void abandon();

 private:
  using tcp = boost::asio::ip::tcp;
  using Error = boost::system::error_code;
  using Parser = boost::beast::http::response_parser<boost::beast::http::buffer_body>;
  using Time = std::chrono::steady_clock::time_point;

  bool prepare();
  void begin();
  void resolve();
  void choose(const tcp::resolver::results_type& results);
  void connect_next(const std::string& why);
  void handshake();
  void write();
  void read_header();
  void read_body();
  void take_chunk();
  void answered(bool whole);
  void fail(Failed::Kind kind, std::string why);
  /// What a failure means now.
  Failed::Kind kind() const { return wrote_ ? Failed::Kind::kNoAnswer : Failed::Kind::kNotSent; }
  void finish(Result<Answer, Failed> result);
  void close();

  ExchangeHost* host_;
  Request request_;
  HttpClient::Done done_;  // empty once it has ended
  tcp::resolver resolver_;
  boost::asio::steady_timer deadline_;
  boost::asio::steady_timer attempt_;  // of one address
  Time due_;
  std::deque<tcp::endpoint> addresses_;
  std::unique_ptr<Connection> connection_;
  bool wrote_ = false;
  int interim_ = 0;  // answers of 1xx seen
  boost::beast::http::request<boost::beast::http::string_body> message_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  static constexpr std::size_t kChunkBytes = 8192;
  std::array<char, kChunkBytes> chunk_{};
  Answer answer_;
};

}  // namespace inboxd::net
