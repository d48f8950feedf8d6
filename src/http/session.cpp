#include "http/session.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <optional>
#include <utility>

namespace inboxd::http {
namespace {

namespace beast = boost::beast;
namespace wire = boost::beast::http;
using boost::asio::ip::tcp;
using boost::system::error_code;

Method method_of(wire::verb verb) {
  switch (verb) {
    case wire::verb::get:
      return Method::kGet;
    case wire::verb::head:
      return Method::kHead;
    case wire::verb::post:
      return Method::kPost;
    case wire::verb::put:
      return Method::kPut;
    case wire::verb::delete_:
      return Method::kDelete;
    case wire::verb::options:
      return Method::kOptions;
    default:
      return Method::kOther;
  }
}

Request request_of(wire::request<wire::string_body>&& message) {
  Request request;
  request.method = method_of(message.method());
  const std::string_view target(message.target().data(), message.target().size());
  const auto mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
  for (const auto& field : message) request.headers.emplace_back(field.name_string(), field.value());
  request.body = std::move(message.body());
  return request;
}

/// What to answer when a request cannot be read, if anything.
std::optional<Response> answer_to(const error_code& error) {
  if (error == wire::error::header_limit || error == wire::error::buffer_overflow) {
    return error_response(431, "header too large");
  }
  if (error == wire::error::body_limit) return error_response(413, "body too large");
  // What is left of this category is a text that is not HTTP; an end of stream inside a request needs no
  // answer.
  if (error.category() == make_error_code(wire::error::bad_method).category() &&
      error != wire::error::partial_message && error != wire::error::end_of_stream) {
    return error_response(400, "not a valid HTTP request");
  }
  return std::nullopt;
}

/// One connection: idle, read, answer, idle again. Kept alive by the operation that is under way.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, const Router& router, const Limits& limits, std::shared_ptr<std::size_t> open)
      : stream_(std::move(socket)),
        buffer_(limits.header_bytes + limits.body_bytes),
        router_(router),
        limits_(limits),
        open_(std::move(open)) {
    ++*open_;
  }
  ~Session() { --*open_; }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void wait_for_request() {
    if (buffer_.size() > 0) return read_header();
    stream_.expires_after(limits_.idle);
    stream_.async_read_some(buffer_.prepare(kReadBytes),
                            [self = shared_from_this()](error_code error, std::size_t n) {
                              if (error) return;
                              self->buffer_.commit(n);
                              self->read_header();
                            });
  }

 private:
  static constexpr std::size_t kReadBytes = 4096;

  void read_header() {
    parser_.emplace();
    // Beast counts the header without the request line's own limit; both stay within one buffer.
    parser_->header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
    parser_->body_limit(limits_.body_bytes);
    stream_.expires_after(limits_.request);
    wire::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return self->give_up(error);
      const bool keep = self->parser_->get().keep_alive();
      const unsigned version = self->parser_->get().version();
      Request request = request_of(self->parser_->release());
      const bool head = request.method == Method::kHead;
      self->send(self->router_.handle(std::move(request)), version, keep, head);
    });
  }

  void give_up(const error_code& error) {
    if (auto answer = answer_to(error)) send(std::move(*answer), kHttp11, false, false);
  }

  void send(Response&& response, unsigned version, bool keep, bool head) {
    message_ = {static_cast<wire::status>(response.status), version};
    message_.set(wire::field::content_type, response.content_type);
    for (const auto& [name, value] : response.headers) message_.set(name, value);
    message_.set(wire::field::cache_control, "no-store");
    message_.keep_alive(keep);
    message_.content_length(response.body.size());
    if (!head) message_.body() = std::move(response.body);
    stream_.expires_after(limits_.response);
    wire::async_write(stream_, message_, [self = shared_from_this(), keep](error_code error, std::size_t) {
      if (error) return;
      if (keep) return self->wait_for_request();
      self->close();
    });
  }

  /// Says that no more comes, then waits for the client's end: closing at once while it still sends would
  /// reset the connection, and the answer with it.
  void close() {
    error_code ignored;
    (void)stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    stream_.expires_after(kLinger);
    drain();
  }

  void drain() {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(kReadBytes),
                            [self = shared_from_this()](error_code error, std::size_t) {
                              if (!error) self->drain();
                            });
  }

  static constexpr unsigned kHttp11 = 11;
  static constexpr std::chrono::seconds kLinger{1};

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<wire::request_parser<wire::string_body>> parser_;
  wire::response<wire::string_body> message_;
  const Router& router_;
  Limits limits_;
  std::shared_ptr<std::size_t> open_;
};

}  // namespace

void start_session(tcp::socket socket, const Router& router, const Limits& limits,
                   std::shared_ptr<std::size_t> open) {
  std::make_shared<Session>(std::move(socket), router, limits, std::move(open))->wait_for_request();
}

}  // namespace inboxd::http
