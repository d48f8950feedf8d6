#pragma once

#include <functional>
#include <utility>

#include "http/message.hpp"

namespace inboxd::http {

/// The answer that a request still owes. May be called once, from any thread; one that is dropped without a
/// call answers 500.
class Responder {
 public:
  using Send = std::function<void(Response)>;

  explicit Responder(Send send) : send_(std::move(send)) {}
  ~Responder() { give_up(); }
  Responder(Responder&& other) noexcept : send_(std::exchange(other.send_, nullptr)) {}
  Responder& operator=(Responder&& other) noexcept {
    if (this == &other) return *this;
    give_up();
    send_ = std::exchange(other.send_, nullptr);
    return *this;
  }
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;

  /// Answers; further calls do nothing.
  void operator()(Response response) {
    if (!send_) return;
    const Send send = std::exchange(send_, nullptr);
    send(std::move(response));
  }

 private:
  void give_up() noexcept {
    try {
      if (send_) (*this)(error_response(500, "internal error"));
    } catch (...) {
      send_ = nullptr;  // nothing is left to answer with
    }
  }

  Send send_;
};

}  // namespace inboxd::http
