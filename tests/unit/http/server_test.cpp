#include "http/server.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace inboxd::http {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// A client that knows nothing of HTTP: bytes out, bytes in, none awaited longer than the deadline.
class Wire {
 public:
  explicit Wire(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval deadline{10, 0};
    (void)::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~Wire() { ::close(socket_); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  bool connected() const { return connected_; }

  void send(std::string_view bytes) { (void)::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }

  /// What comes until the server closes, or until `count` bodies that end in `end` were seen.
  std::string read(std::string_view end = {}, int count = 1) {
    std::string got;
    char bytes[4096];
    for (;;) {
      const ssize_t n = ::recv(socket_, bytes, sizeof bytes, 0);
      if (n <= 0) {
        timed_out_ = n < 0 && errno != ECONNRESET;
        return got;
      }
      got.append(bytes, static_cast<std::size_t>(n));
      int seen = 0;
      for (auto at = got.find(end); !end.empty() && at != std::string::npos; at = got.find(end, at + 1))
        ++seen;
      if (!end.empty() && seen >= count) return got;
    }
  }
  bool timed_out() const { return timed_out_; }

 private:
  int socket_;
  bool connected_ = false;
  bool timed_out_ = false;
};

class HttpServer : public ::testing::Test {
 protected:
  void start(const Limits& limits) {
    router_.add(Method::kGet, "/hello", [](const Request& r) {
      return Response{200, "text/plain", "<hello " + r.query + ">"};
    });
    auto started = Server::start({{"127.0.0.1", 0, &router_}}, limits);
    ASSERT_TRUE(started) << started.error();
    server_ = std::move(*started);
  }
  std::uint16_t port() const { return server_->port(0); }

  Router router_;
  std::unique_ptr<Server> server_;
};

TEST_F(HttpServer, KeepsAConnectionAndAnswersPipelinedRequestsInOrder) {
  start({});
  Wire wire(port());
  wire.send(
      "GET /hello?1 HTTP/1.1\r\nHost: x\r\n\r\nGET /hello?2 HTTP/1.1\r\nHost: x\r\n\r\nGET /no "
      "HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string got = wire.read("not found");
  EXPECT_LT(got.find("<hello 1>"), got.find("<hello 2>"));
  EXPECT_LT(got.find("<hello 2>"), got.find("404 Not Found"));
  wire.send("GET /hello?3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(wire.read(), HasSubstr("<hello 3>"));
  EXPECT_FALSE(wire.timed_out());
}

TEST_F(HttpServer, AnswersHeadWithoutABody) {
  start({});
  Wire wire(port());
  wire.send("HEAD /hello?x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string got = wire.read();
  EXPECT_THAT(got, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(got, HasSubstr("Content-Length: 9"));
  EXPECT_THAT(got, Not(HasSubstr("<hello")));
}

struct Refused {
  std::string request;
  const char* status;
};

TEST_F(HttpServer, RefusesWhatItWillNotRead) {
  start({});
  const Refused cases[] = {
      {"POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 405"},
      {"BREW /hello HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405"},
      {"GET /hello HTTP/1.1\r\nX: " + std::string(9000, 'a') + "\r\n\r\n", "HTTP/1.1 431"},
      {"POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n", "HTTP/1.1 413"},
      {"nonsense\r\n\r\n", "HTTP/1.1 400"},
  };
  for (const Refused& one : cases) {
    Wire wire(port());
    wire.send(one.request);
    EXPECT_THAT(wire.read("}"), StartsWith(one.status));
  }
}

TEST_F(HttpServer, ClosesASlowRequestAndAnIdleConnection) {
  Limits limits;
  limits.request = milliseconds(50);
  limits.idle = milliseconds(50);
  start(limits);
  Wire slow(port());
  slow.send("GET /hello HTT");
  EXPECT_EQ(slow.read(), "");
  EXPECT_FALSE(slow.timed_out());
  Wire idle(port());
  EXPECT_EQ(idle.read(), "");
  EXPECT_FALSE(idle.timed_out());
}

TEST_F(HttpServer, ClosesConnectionsBeyondTheLimit) {
  Limits limits;
  limits.connections = 1;
  start(limits);
  Wire first(port());
  first.send("GET /hello?1 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(first.read(">"), HasSubstr("<hello 1>"));
  Wire second(port());
  second.send("GET /hello?2 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(second.read(), "");
  EXPECT_FALSE(second.timed_out());
  first.send("GET /hello?3 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(first.read(">"), HasSubstr("<hello 3>"));
}

TEST_F(HttpServer, SaysWhichPortIsTaken) {
  start({});
  const auto second = Server::start({{"127.0.0.1", port(), &router_}}, {});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error(),
              HasSubstr("127.0.0.1 port " + std::to_string(port()) + ": Address already in use"));
  EXPECT_FALSE(Server::start({{"localhost", 0, &router_}}, {}));
}

TEST_F(HttpServer, StopsWithConnectionsOpen) {
  start({});
  Wire wire(port());
  wire.send("GET /hello?1 HTTP/1.1\r\nHost: x\r\n\r\n");
  (void)wire.read(">");
  server_.reset();
  EXPECT_EQ(wire.read(), "");
  EXPECT_FALSE(wire.timed_out());
}

}  // namespace
}  // namespace inboxd::http
