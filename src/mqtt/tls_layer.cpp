#include "mqtt/tls_layer.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace inboxd::mqtt {
namespace {

TlsLayer::Wire& wire_of(BIO* bio) { return *static_cast<TlsLayer::Wire*>(BIO_get_data(bio)); }

int read_wire(BIO* bio, char* to, std::size_t size, std::size_t* taken) {
  std::string_view& input = wire_of(bio).input;
  BIO_clear_retry_flags(bio);
  *taken = std::min(size, input.size());
  if (*taken == 0) {
    BIO_set_retry_read(bio);
    return 0;
  }
  std::memcpy(to, input.data(), *taken);
  input.remove_prefix(*taken);
  return 1;
}

int write_wire(BIO* bio, const char* bytes, std::size_t size, std::size_t* taken) {
  // No exception may pass through OpenSSL.
  try {
    wire_of(bio).output->append(bytes, size);
  } catch (const std::bad_alloc&) {
    return 0;
  }
  *taken = size;
  return 1;
}

long control_wire(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

struct FreeMethod {
  void operator()(BIO_METHOD* method) const noexcept { BIO_meth_free(method); }
};
using Method = std::unique_ptr<BIO_METHOD, FreeMethod>;

Method make_method() {
  Method method(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "inboxd wire"));
  if (!method) throw std::bad_alloc();
  BIO_meth_set_read_ex(method.get(), read_wire);
  BIO_meth_set_write_ex(method.get(), write_wire);
  BIO_meth_set_ctrl(method.get(), control_wire);
  return method;
}

BIO* make_bio(TlsLayer::Wire& wire) {
  static const Method method = make_method();
  BIO* const bio = BIO_new(method.get());
  if (bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, &wire);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace

TlsLayer::TlsLayer(tls::Certificate::Context context, std::span<char> scratch)
    : context_(std::move(context)), scratch_(scratch), ssl_(SSL_new(context_->native_handle())) {
  if (!ssl_) throw std::bad_alloc();
  SSL_set_mode(ssl_.get(), SSL_MODE_RELEASE_BUFFERS);
  BIO* const bio = make_bio(wire_);
  SSL_set_bio(ssl_.get(), bio, bio);  // owns it, once for both directions
  SSL_set_accept_state(ssl_.get());
}

std::span<char> TlsLayer::decode(std::span<char> input, std::string& reply) {
  if (state_ == State::kEnded || state_ == State::kFailed) return {};
  wire_ = {std::string_view(input.data(), input.size()), &reply};
  std::size_t size = 0;
  for (;;) {
    std::size_t n = 0;
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_.get(), scratch_.data() + size, scratch_.size() - size, &n);
    size += n;
    if (result == 1) continue;
    note(result);
    break;
  }
  wire_ = {};
  return scratch_.first(size);
}

void TlsLayer::note(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      if (SSL_is_init_finished(ssl_.get()) == 1) state_ = State::kOpen;
      break;
    case SSL_ERROR_ZERO_RETURN:
      state_ = State::kEnded;
      break;
    default:
      state_ = State::kFailed;
  }
  ERR_clear_error();
}

void TlsLayer::encode(std::string_view bytes, std::string& output) {
  if (bytes.empty()) return;
  wire_ = {{}, &output};
  ERR_clear_error();
  std::size_t n = 0;
  if (SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &n) != 1) state_ = State::kFailed;
  ERR_clear_error();
  wire_ = {};
}

void TlsLayer::finish(std::string& output) {
  if (state_ != State::kOpen && state_ != State::kEnded) return;
  wire_ = {{}, &output};
  (void)SSL_shutdown(ssl_.get());  // its answer is about the peer's notify, which nobody waits for
  ERR_clear_error();
  wire_ = {};
}

}  // namespace inboxd::mqtt
