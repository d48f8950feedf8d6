#include "mqtt/socket_transport.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

namespace inboxd::mqtt {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// For a peer to take the goodbye that it has asked for or brought about.
constexpr std::chrono::seconds kParting{2};
/// Beyond, reading waits until the peer has taken its answers (to pings, for instance).
constexpr std::size_t kMostReplies = 64 * 1024;
/// What has been written is cut off the buffer's front in pieces not smaller than this.
constexpr std::size_t kCut = 64 * 1024;

bool is_block(const error_code& error) {
  return error == asio::error::would_block || error == asio::error::try_again ||
         error == asio::error::interrupted;
}

}  // namespace

SocketTransport::SocketTransport(Socket socket, std::unique_ptr<Layer> layer, Origin origin,
                                 std::shared_ptr<ThreadConnections> others)
    : socket_(std::move(socket)),
      layer_(std::move(layer)),
      origin_(std::move(origin)),
      others_(std::move(others)),
      deadline_(Time::clock::now() + others_->limits().handshake) {}

void SocketTransport::start() {
  place_ = others_->add(shared_from_this());
  if (!layer_) open();
  wait_readable();
}

void SocketTransport::open() {
  try {
    handler_ = others_->make_handler(*this);
  } catch (const std::exception& error) {
    others_->probe().failed(error.what());
  }
  if (!handler_) return refuse(Refused::kHandler);
  stage_ = Stage::kOpen;
  others_->probe().accepted(origin_.kind);
  call([this] { handler_->opened(*this); });
}

/// What a handler throws is its own connection's end, and nobody else's.
template <class Call>
void SocketTransport::call(Call call) {
  try {
    call();
  } catch (const std::exception& error) {
    others_->probe().failed(error.what());
    end(CloseCause::kFailed);
  }
}

void SocketTransport::tick(Time now) {
  switch (stage_) {
    case Stage::kHandshake:
      if (now >= deadline_) refuse(Refused::kTimeout);
      break;
    case Stage::kOpen:
      call([this, now] { handler_->tick(now); });
      break;
    case Stage::kFlushing:
      if (now >= deadline_) end(cause_ == CloseCause::kFlushed ? CloseCause::kFlushTimeout : cause_);
      break;
    case Stage::kLingering:
      if (now >= deadline_) end(cause_);
      break;
    case Stage::kEnded:
      break;
  }
}

// Reading

bool SocketTransport::may_read() const {
  switch (stage_) {
    case Stage::kHandshake:
    case Stage::kOpen:
      return !paused_ && replies_ <= kMostReplies;
    case Stage::kLingering:
      return true;
    default:
      return false;
  }
}

void SocketTransport::resume() {
  paused_ = false;
  wait_readable();
}

void SocketTransport::wait_readable() {
  if (waits_to_read_ || !may_read()) return;
  waits_to_read_ = true;
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](const error_code& aborted) {
    self->waits_to_read_ = false;
    if (!aborted && self->may_read()) self->readable();
  });
}

void SocketTransport::readable() {
  error_code error;
  const std::span<char> buffer = others_->input();
  const std::size_t n = socket_.read_some(asio::buffer(buffer.data(), buffer.size()), error);
  if (error && !is_block(error)) return lost(error);
  bytes_in_ += n;
  others_->probe().transferred(n, 0);
  if (stage_ != Stage::kLingering && n > 0) take(buffer.first(n));
  write();
  wait_readable();
}

void SocketTransport::take(std::span<char> bytes) {
  if (layer_) {
    if (wire_.empty()) wire_ = others_->borrow();
    const std::size_t before = wire_.size();
    bytes = layer_->decode(bytes, wire_);
    replies_ += wire_.size() - before;
    const bool ready = layer_->state() == Layer::State::kOpen || !bytes.empty();
    if (stage_ == Stage::kHandshake && ready) open();
  }
  if (stage_ == Stage::kOpen && !bytes.empty()) {
    call([this, bytes] { handler_->received({bytes.data(), bytes.size()}); });
  }
  if (layer_) settle_layer();
}

/// Follows the layer to its end, after what came before that has been received.
void SocketTransport::settle_layer() {
  if (stage_ != Stage::kHandshake && stage_ != Stage::kOpen) return;
  if (layer_->state() == Layer::State::kEnded) say_goodbye(CloseCause::kPeer, kParting);
  if (layer_->state() == Layer::State::kFailed) say_goodbye(CloseCause::kViolation, kParting);
}

// Writing

std::string& SocketTransport::outbox() {
  if (stage_ != Stage::kOpen) return others_->sink();
  if (!will_write_) {
    will_write_ = true;
    others_->write_soon(shared_from_this());
  }
  std::string& out = layer_ ? plain_ : wire_;
  if (out.empty()) out = others_->borrow();
  return out;
}

/// Passes what was queued through the layer.
void SocketTransport::seal() {
  if (!plain_.empty() && layer_->state() == Layer::State::kOpen) {
    if (wire_.empty()) wire_ = others_->borrow();
    layer_->encode(plain_, wire_);
  }
  others_->give_back(std::move(plain_));
}

/// The write at the turn's end follows all the same, and finds what is left, if only an end to tell of.
void SocketTransport::push() {
  if (stage_ != Stage::kOpen || waits_to_write_ || unsent() == 0) return;
  seal();
  cut();
  give_to_kernel();
}

/// False: the connection is lost.
bool SocketTransport::give_to_kernel() {
  error_code error;
  const std::size_t n = socket_.write_some(asio::buffer(wire_.data() + taken_, wire_.size() - taken_), error);
  if (error && !is_block(error)) {
    lost(error);
    return false;
  }
  bytes_out_ += n;
  taken_ += n;
  others_->probe().transferred(0, n);
  return true;
}

/// Lets go of what the kernel has, where that is worth moving the rest.
void SocketTransport::cut() {
  if (taken_ < kCut || taken_ < wire_.size() / 2) return;
  wire_.erase(0, taken_);
  taken_ = 0;
}

void SocketTransport::write() {
  will_write_ = false;
  if (stage_ == Stage::kEnded) return;
  if (stage_ == Stage::kOpen) seal();
  if (!waits_to_write_) writable();
}

void SocketTransport::writable() {
  if (wire_.empty()) {
    others_->give_back(std::move(wire_));
    if (stage_ == Stage::kFlushing) linger();
    return;
  }
  if (!give_to_kernel()) return;
  if (taken_ == wire_.size()) {
    others_->give_back(std::move(wire_));
    taken_ = 0;
    replies_ = 0;
    return written();
  }
  cut();
  wait_writable();
}

void SocketTransport::wait_writable() {
  waits_to_write_ = true;
  socket_.async_wait(Socket::wait_write, [self = shared_from_this()](const error_code& aborted) {
    self->waits_to_write_ = false;
    if (!aborted) self->write();
  });
}

void SocketTransport::written() {
  if (stage_ == Stage::kFlushing) return linger();
  if (stage_ == Stage::kOpen) call([this] { handler_->drained(); });
  wait_readable();
}

// Closing

void SocketTransport::close_after_flush(std::chrono::milliseconds deadline) {
  if (stage_ == Stage::kOpen) say_goodbye(CloseCause::kFlushed, deadline);
}

void SocketTransport::say_goodbye(CloseCause cause, std::chrono::milliseconds deadline) {
  if (layer_) {
    seal();
    layer_->finish(wire_);
  }
  // Its write ends the stage, even where nothing is left to be written.
  others_->write_soon(shared_from_this());
  cause_ = cause;
  deadline_ = Time::clock::now() + deadline;
  stage_ = Stage::kFlushing;
}

void SocketTransport::linger() {
  // TLS's notify was the last of what the peer sends. WebSocket's close was not: TLS may be around it.
  if (cause_ == CloseCause::kPeer && origin_.kind == TransportKind::kTls) return end(cause_);
  stage_ = Stage::kLingering;
  error_code ignored;
  (void)socket_.shutdown(Socket::shutdown_send, ignored);
  wait_readable();
}

void SocketTransport::refuse(Refused why) {
  refused_ = why;
  end(CloseCause::kHandler);
}

void SocketTransport::lost(const error_code& error) {
  if (stage_ == Stage::kLingering) return end(cause_);
  end(error == asio::error::eof ? CloseCause::kPeer : CloseCause::kBroken);
}

void SocketTransport::end(CloseCause cause) {
  if (stage_ == Stage::kEnded) return;
  stage_ = Stage::kEnded;
  cause_ = cause;
  error_code ignored;
  (void)socket_.close(ignored);
  // The handler may be in the middle of a call, so that its last one must wait.
  asio::post(others_->context(), [self = shared_from_this()] { self->leave(); });
}

void SocketTransport::drop() {
  end(CloseCause::kStopped);
  leave();
}

void SocketTransport::leave() {
  if (!place_) return;
  const ThreadConnections::Place place = *std::exchange(place_, std::nullopt);
  origin_.seat.reset();
  if (handler_) {
    call([this] { handler_->closed(cause_); });
    handler_.reset();
    others_->probe().closed(origin_.kind, cause_);
  } else {
    others_->probe().refused(refused_);
  }
  others_->remove(place);
}

std::string SocketTransport::peer_address() const {
  const auto address = origin_.peer.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  }
  return address.to_string();
}

}  // namespace inboxd::mqtt
