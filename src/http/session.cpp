#include "http/session.hpp"

#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
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

constexpr unsigned kNoContent = 204;

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

/// One connection: idle, read, answer, idle again. Kept alive by the list of connections, and by the
/// operation that is under way.
template <class Stream>
class Session final : public Connection, public std::enable_shared_from_this<Session<Stream>> {
 public:
  static constexpr bool kTls = !std::is_same_v<Stream, beast::tcp_stream>;

  template <class... Arguments>
  Session(SessionContext context, Certificate::Context certificate, Arguments&&... arguments)
      : certificate_(std::move(certificate)),
        stream_(std::forward<Arguments>(arguments)...),
        buffer_(context.limits.header_bytes + context.limits.body_bytes),
        context_(std::move(context)) {}

  void start() override {
    idle_since_ = Clock::now();
    if constexpr (kTls) {
      transport().expires_after(context_.limits.request);
      stream_.async_handshake(boost::asio::ssl::stream_base::server,
                              [self = this->shared_from_this()](error_code error) {
                                if (error) return self->end();
                                self->wait_for_request();
                              });
    } else {
      wait_for_request();
    }
  }

  void close() override { transport().close(); }

  std::optional<Time> idle_since() const override { return idle_since_; }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kReadBytes = 4096;
  static constexpr unsigned kHttp11 = 11;
  static constexpr std::chrono::seconds kLinger{1};

  beast::tcp_stream& transport() { return beast::get_lowest_layer(stream_); }

  void end() { context_.connections.remove(this); }

  void wait_for_request() {
    idle_since_ = Clock::now();
    if (buffer_.size() > 0) return read_request();
    transport().expires_after(context_.limits.idle);
    stream_.async_read_some(buffer_.prepare(kReadBytes),
                            [self = this->shared_from_this()](error_code error, std::size_t n) {
                              if (error) return self->end();
                              self->buffer_.commit(n);
                              self->read_request();
                            });
  }

  void read_request() {
    parser_.emplace();
    // Beast counts the header without the request line's own limit; both stay within one buffer.
    parser_->header_limit(static_cast<std::uint32_t>(context_.limits.header_bytes));
    parser_->body_limit(context_.limits.body_bytes);
    transport().expires_after(context_.limits.request);
    wire::async_read(stream_, buffer_, *parser_,
                     [self = this->shared_from_this()](error_code error, std::size_t) {
                       if (error) return self->give_up(error);
                       self->answer();
                     });
  }

  void give_up(const error_code& error) {
    auto answer = answer_to(error);
    if (!answer) return end();
    const auto target = parser_->get().target();
    context_.router.decorate(std::string_view(target.data(), target.size()), *answer);
    idle_since_.reset();
    send(std::move(*answer), {kHttp11, false, false});
  }

  struct Manner {
    unsigned version = kHttp11;
    bool keep = false;
    bool head = false;
  };

  void answer() {
    idle_since_.reset();
    transport().expires_never();
    Manner manner{parser_->get().version(), parser_->get().keep_alive() && !context_.health_only, false};
    Request request = request_of(parser_->release());
    manner.head = request.method == Method::kHead;
    if (context_.health_only && !request.path.starts_with("/health")) {
      Response busy = error_response(503, "too many connections; try again later");
      context_.router.decorate(request.path, busy);
      return send(std::move(busy), manner);
    }
    // The list keeps the session while it waits: a responder may be held for longer than the server lives.
    Responder respond([weak = this->weak_from_this(), outlet = context_.outlet, manner](Response response) {
      outlet->post([weak, manner, response = std::move(response)]() mutable {
        if (const auto self = weak.lock()) self->send(std::move(response), manner);
      });
    });
    context_.router.handle(std::move(request), std::move(respond));
  }

  void send(Response&& response, const Manner& manner) {
    message_ = {static_cast<wire::status>(response.status), manner.version};
    if (!response.content_type.empty()) message_.set(wire::field::content_type, response.content_type);
    for (const auto& [name, value] : response.headers) message_.set(name, value);
    message_.set(wire::field::cache_control, "no-store");
    message_.keep_alive(manner.keep);
    if (response.status != kNoContent) message_.content_length(response.body.size());
    if (!manner.head) message_.body() = std::move(response.body);
    transport().expires_after(context_.limits.response);
    wire::async_write(stream_, message_,
                      [self = this->shared_from_this(), keep = manner.keep](error_code error, std::size_t) {
                        // Its body may be large, and the next request far away.
                        self->message_ = {};
                        if (error) return self->end();
                        if (keep) return self->wait_for_request();
                        self->finish();
                      });
  }

  /// Says that no more comes, then waits for the client's end: closing at once while it still sends would
  /// reset the connection, and the answer with it.
  void finish() {
    transport().expires_after(kLinger);
    idle_since_ = Clock::now();
    if constexpr (kTls) {
      stream_.async_shutdown([self = this->shared_from_this()](error_code) { self->end(); });
    } else {
      error_code ignored;
      (void)stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
      drain();
    }
  }

  void drain() {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(kReadBytes),
                            [self = this->shared_from_this()](error_code error, std::size_t) {
                              if (error) return self->end();
                              self->drain();
                            });
  }

  Certificate::Context certificate_;  ///< what the stream was made with
  Stream stream_;
  beast::flat_buffer buffer_;
  std::optional<wire::request_parser<wire::string_body>> parser_;
  wire::response<wire::string_body> message_;
  SessionContext context_;
  std::optional<Time> idle_since_;
};

template class Session<beast::tcp_stream>;
template class Session<beast::ssl_stream<beast::tcp_stream>>;

}  // namespace

void start_session(tcp::socket socket, const Certificate::Context& certificate, SessionContext context) {
  Connections& connections = context.connections;
  std::shared_ptr<Connection> session;
  if (certificate) {
    using Secured = beast::ssl_stream<beast::tcp_stream>;
    session =
        std::make_shared<Session<Secured>>(std::move(context), certificate, std::move(socket), *certificate);
  } else {
    session = std::make_shared<Session<beast::tcp_stream>>(std::move(context), nullptr, std::move(socket));
  }
  connections.add(session);
  session->start();
}

}  // namespace inboxd::http
