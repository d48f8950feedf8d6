#include "net/exchange.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

#include "net/address_guard.hpp"

namespace inboxd::net {
namespace {

namespace asio = boost::asio;
namespace wire = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t kMaxAddresses = 16;
constexpr std::size_t kMaxHeaderBytes = std::size_t{32} * 1024;
constexpr int kMaxInterim = 8;
constexpr unsigned kHttp11 = 11;

std::string host_field(const Url& url) {
  const bool v6 = url.host.find(':') != std::string::npos;
  std::string field = v6 ? "[" + url.host + "]" : url.host;
  if (url.port != (url.tls ? 443 : 80)) field += ":" + std::to_string(url.port);
  return field;
}

bool fits_one_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

bool fits(const Request& request) {
  return fits_one_line(request.method) && fits_one_line(request.url.target) &&
         fits_one_line(request.url.host) &&
         std::all_of(request.headers.begin(), request.headers.end(), [](const auto& header) {
           return fits_one_line(header.first) && fits_one_line(header.second);
         });
}

}  // namespace

Exchange::Exchange(ExchangeHost& host, Request request, HttpClient::Done done)
    : host_(&host),
      request_(std::move(request)),
      done_(std::move(done)),
      resolver_(host.executor()),
      deadline_(host.executor()),
      attempt_(host.executor()),
      buffer_(kMaxHeaderBytes + kChunkBytes) {}

void Exchange::start(std::chrono::milliseconds timeout) {
  due_ = std::chrono::steady_clock::now() + timeout;
  deadline_.expires_at(due_);
  deadline_.async_wait([self = shared_from_this()](Error error) {
    if (!error && self->done_) self->fail(self->kind(), "timeout");
  });
  asio::post(host_->executor(), [self = shared_from_this()] {
    if (self->done_) self->begin();
  });
}

void Exchange::begin() {
  if (!prepare()) return fail(Failed::Kind::kForbidden, "a header or the URL holds a line break");
  connection_ = host_->reuse(request_.url);
  if (connection_) {
    write();
  } else {
    resolve();
  }
}

bool Exchange::prepare() {
  if (!fits(request_)) return false;
  message_.version(kHttp11);
  message_.method_string(request_.method);
  message_.target(request_.url.target);
  for (const auto& [name, value] : request_.headers) message_.insert(name, value);
  message_.set(wire::field::host, host_field(request_.url));
  message_.body() = std::move(request_.body);
  message_.prepare_payload();
  return true;
}

void Exchange::resolve() {
  error_code error;
  const auto address = asio::ip::make_address(request_.url.host, error);
  if (!error) {
    return choose(tcp::resolver::results_type::create(tcp::endpoint(address, request_.url.port),
                                                      request_.url.host, ""));
  }
  resolver_.async_resolve(
      request_.url.host, std::to_string(request_.url.port), tcp::resolver::numeric_service,
      [self = shared_from_this()](Error failed, const tcp::resolver::results_type& results) {
        if (!self->done_) return;
        if (failed) return self->fail(Failed::Kind::kNotSent, "no address: " + failed.message());
        self->choose(results);
      });
}

void Exchange::choose(const tcp::resolver::results_type& results) {
  for (const auto& entry : results) {
    if (addresses_.size() == kMaxAddresses) break;
    const tcp::endpoint endpoint = entry.endpoint();
    if (host_->options().allow_link_local || !is_guarded(endpoint.address())) addresses_.push_back(endpoint);
  }
  if (addresses_.empty()) {
    return fail(Failed::Kind::kForbidden, "its address is link-local or unspecified, which is not allowed");
  }
  connect_next("");
}

void Exchange::connect_next(const std::string& why) {
  if (addresses_.empty()) return fail(Failed::Kind::kNotSent, why);
  const tcp::endpoint endpoint = addresses_.front();
  // One address that swallows packets must not take the time of the others.
  const auto now = std::chrono::steady_clock::now();
  attempt_.expires_at(now + (due_ - now) / static_cast<int>(addresses_.size()));
  addresses_.pop_front();
  try {
    connection_ = host_->make_connection(request_.url);
  } catch (const boost::system::system_error& error) {
    return fail(Failed::Kind::kNotSent, error.code().message());
  }
  attempt_.async_wait([self = shared_from_this(), mine = connection_.get()](Error error) {
    if (!error && self->done_ && self->connection_.get() == mine) mine->close();
  });
  connection_->socket().async_connect(endpoint, [self = shared_from_this()](Error error) {
    self->attempt_.cancel();
    if (!self->done_) return;
    if (error) return self->connect_next("cannot connect: " + error.message());
    self->handshake();
  });
}

void Exchange::handshake() {
  error_code ignored;
  connection_->socket().set_option(tcp::no_delay(true), ignored);
  Connection::Tls* const tls = connection_->tls();
  if (tls == nullptr) return write();
  tls->async_handshake(asio::ssl::stream_base::client, [self = shared_from_this()](Error error) {
    if (!self->done_) return;
    if (error) return self->fail(Failed::Kind::kNotSent, "TLS: " + error.message());
    self->write();
  });
}

void Exchange::write() {
  wrote_ = true;
  connection_->with_stream([this](auto& stream) {
    wire::async_write(stream, message_, [self = shared_from_this()](Error error, std::size_t bytes) {
      if (!self->done_) return;
      // Over TLS the count says nothing of what went out.
      if (error && bytes == 0 && self->connection_->tls() == nullptr) {
        return self->fail(Failed::Kind::kNotSent, "cannot write: " + error.message());
      }
      // An endpoint may have answered before it heard all.
      self->read_header();
    });
  });
}

void Exchange::read_header() {
  parser_.emplace();
  parser_->header_limit(kMaxHeaderBytes);
  parser_->body_limit(boost::none);
  if (request_.method == "HEAD") parser_->skip(true);
  connection_->with_stream([this](auto& stream) {
    wire::async_read_header(stream, buffer_, *parser_, [self = shared_from_this()](Error error, std::size_t) {
      if (!self->done_) return;
      if (error) return self->fail(Failed::Kind::kNoAnswer, "no answer: " + error.message());
      const unsigned status = self->parser_->get().result_int();
      if (status >= 200) {
        self->answer_.status = status;
        return self->read_body();
      }
      if (++self->interim_ > kMaxInterim || status == 101) {
        return self->fail(Failed::Kind::kNoAnswer, "no answer but those of 1xx");
      }
      self->read_header();
    });
  });
}

void Exchange::read_body() {
  if (parser_->is_done()) return answered(true);
  parser_->get().body().data = chunk_.data();
  parser_->get().body().size = chunk_.size();
  connection_->with_stream([this](auto& stream) {
    wire::async_read(stream, buffer_, *parser_, [self = shared_from_this()](Error error, std::size_t) {
      if (!self->done_) return;
      self->take_chunk();
      const bool full = self->answer_.body.size() >= self->host_->options().max_answer_bytes;
      // The status is known: a body that breaks off changes nothing of what the endpoint did.
      if (error && error != wire::error::need_buffer) return self->answered(false);
      if (full && !self->parser_->is_done()) return self->answered(false);
      self->read_body();
    });
  });
}

void Exchange::take_chunk() {
  const std::size_t got = chunk_.size() - parser_->get().body().size;
  const std::size_t room = host_->options().max_answer_bytes - answer_.body.size();
  answer_.body.append(chunk_.data(), std::min(got, room));
}

void Exchange::answered(bool whole) {
  if (whole && parser_->keep_alive() && buffer_.size() == 0) {
    host_->keep(request_.url, std::move(connection_));
  }
  finish(std::move(answer_));
}

void Exchange::fail(Failed::Kind kind, std::string why) {
  finish(Failure<Failed>(Failed{kind, std::move(why)}));
}

void Exchange::finish(Result<Answer, Failed> result) {
  const auto self = shared_from_this();  // the host lets go of it
  const HttpClient::Done done = std::exchange(done_, nullptr);
  close();
  host_->ended(*this);
  done(std::move(result));
}

void Exchange::abandon() {
  done_ = nullptr;
  close();
}

void Exchange::close() {
  deadline_.cancel();
  attempt_.cancel();
  resolver_.cancel();
  // Destroyed with the exchange, when the last operation on it has come back.
  if (connection_) connection_->close();
}

}  // namespace inboxd::net
