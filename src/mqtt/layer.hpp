#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace inboxd::mqtt {

/// What lies between the socket's bytes and the handler's: TLS, WebSocket, or one in the other. It does no
/// I/O: what it is to send is appended to a string. For one thread at a time.
class Layer {
 public:
  enum class State {
    kOpening,  ///< shaking hands
    kOpen,
    kEnded,   ///< closed by the peer in good order
    kFailed,  ///< the peer broke the rules, and has been told where the rules have a word for it
  };

  virtual ~Layer() = default;

  /// Takes all of the input, which it may overwrite, and returns the bytes that were in it for the next layer
  /// up. They are good until the next call to any layer of the same thread. What is owed to the peer goes to
  /// `reply`.
  virtual std::span<char> decode(std::span<char> input, std::string& reply) = 0;

  /// Appends the bytes in the layer's form. For an open layer.
  virtual void encode(std::string_view bytes, std::string& output) = 0;

  /// Appends the layer's goodbye, if it owes one. Nothing is encoded after it.
  virtual void finish(std::string& output) = 0;

  virtual State state() const = 0;
};

/// One layer inside another: WebSocket in TLS.
class StackedLayer final : public Layer {
 public:
  StackedLayer(std::unique_ptr<Layer> outer, std::unique_ptr<Layer> inner);

  std::span<char> decode(std::span<char> input, std::string& reply) override;
  void encode(std::string_view bytes, std::string& output) override;
  void finish(std::string& output) override;
  State state() const override;

 private:
  std::unique_ptr<Layer> outer_;  ///< next to the socket
  std::unique_ptr<Layer> inner_;
};

}  // namespace inboxd::mqtt
