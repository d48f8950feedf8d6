#include "http/server.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <stdexcept>
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
  ~Wire() { close(); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  bool connected() const { return connected_; }

  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

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

TEST_F(HttpServer, ClosesTheLongestIdleBeyondTheLimit) {
  Limits limits;
  limits.connections = 2;
  start(limits);
  Wire first(port());
  first.send("GET /hello?1 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(first.read(">"), HasSubstr("<hello 1>"));
  Wire second(port());
  second.send("GET /hello?2 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(second.read(">"), HasSubstr("<hello 2>"));
  first.send("GET /hello?3 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(first.read(">"), HasSubstr("<hello 3>"));
  Wire third(port());
  third.send("GET /hello?4 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(third.read(">"), HasSubstr("<hello 4>"));
  EXPECT_EQ(second.read(), "");
  EXPECT_FALSE(second.timed_out());
  first.send("GET /hello?5 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(first.read(">"), HasSubstr("<hello 5>"));
}

/// Responders of `/later`, held until the test answers.
class AsyncServer : public HttpServer {
 protected:
  AsyncServer() {
    router_.add_async(Method::kGet, "/later", [this](const Request&, Responder respond) {
      const std::lock_guard lock(mutex_);
      held_.push_back(std::move(respond));
      changed_.notify_all();
    });
    router_.add(Method::kGet, "/health/live", [](const Request&) {
      return Response{200, "text/plain", "<alive>"};
    });
    router_.add(Method::kPost, "/api/x", [](const Request&) { return Response{200, "text/plain", "<x>"}; });
    router_.open_to_browsers("/api");
  }
  ~AsyncServer() override { server_.reset(); }
  AsyncServer(const AsyncServer&) = delete;
  AsyncServer& operator=(const AsyncServer&) = delete;

  Responder take() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [this] { return !held_.empty(); });
    Responder respond = std::move(held_.front());
    held_.pop_front();
    return respond;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Responder> held_;
};

TEST_F(AsyncServer, AnswersFromAnotherThreadAndInOrder) {
  start({});
  Wire wire(port());
  wire.send(
      "GET /later HTTP/1.1\r\nHost: x\r\n\r\nGET /hello?2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  Responder respond = take();
  respond({200, "text/plain", "<first>"});
  respond({200, "text/plain", "<never>"});
  const std::string got = wire.read();
  EXPECT_LT(got.find("<first>"), got.find("<hello 2>"));
  EXPECT_THAT(got, Not(HasSubstr("<never>")));
  EXPECT_FALSE(wire.timed_out());
}

TEST_F(AsyncServer, ADroppedResponderAnswers500) {
  start({});
  Wire wire(port());
  wire.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  { const Responder dropped = take(); }
  EXPECT_THAT(wire.read("}"), StartsWith("HTTP/1.1 500"));
  wire.send("GET /hello?2 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(wire.read(">"), HasSubstr("<hello 2>"));
}

TEST_F(AsyncServer, AResponderMayOutliveTheServerAndTheClient) {
  start({});
  {
    Wire gone(port());
    gone.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    Responder respond = take();
    gone.close();
    respond({200, "text/plain", "<late>"});
  }
  Wire wire(port());
  wire.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  Responder respond = take();
  server_.reset();
  respond({200, "text/plain", "<late>"});
  EXPECT_EQ(wire.read(), "");
}

TEST_F(AsyncServer, BusyItStillSaysThatItIsAlive) {
  Limits limits;
  limits.connections = 1;
  start(limits);
  Wire busy(port());
  busy.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  Responder respond = take();
  Wire probe(port());
  probe.send("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(probe.read(), HasSubstr("<alive>"));
  Wire other(port());
  other.send("GET /hello?1 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(other.read(), StartsWith("HTTP/1.1 503"));
  respond({200, "text/plain", "<done>"});
  EXPECT_THAT(busy.read(">"), HasSubstr("<done>"));
}

TEST_F(AsyncServer, BrowsersMayReadRefusalsToo) {
  start({});
  const std::string allow = "Access-Control-Allow-Origin: *";
  const std::string requests[] = {
      "POST /api/x HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n",
      "POST /api/x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
      "GET /api/none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
      "OPTIONS /api/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"};
  for (const std::string& request : requests) {
    Wire wire(port());
    wire.send(request);
    EXPECT_THAT(wire.read(), HasSubstr(allow)) << request;
    EXPECT_FALSE(wire.timed_out());
  }
}

TEST_F(AsyncServer, RunsWhatItsLoopIsGiven) {
  start({});
  std::promise<int> first;
  std::promise<int> second;
  server_->loop().after(milliseconds(1), [&first] { first.set_value(1); });
  server_->loop().post([&second] {
    second.set_value(2);
    throw std::runtime_error("a task that fails must not stop the others");
  });
  EXPECT_EQ(second.get_future().get(), 2);
  EXPECT_EQ(first.get_future().get(), 1);
  server_->stop();
  server_->loop().post([] { FAIL() << "ran after the end"; });
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
