#include "mqtt/layer.hpp"

#include <utility>

namespace inboxd::mqtt {

StackedLayer::StackedLayer(std::unique_ptr<Layer> outer, std::unique_ptr<Layer> inner)
    : outer_(std::move(outer)), inner_(std::move(inner)) {}

std::span<char> StackedLayer::decode(std::span<char> input, std::string& reply) {
  std::string inner_reply;
  const std::span<char> bytes = inner_->decode(outer_->decode(input, reply), inner_reply);
  if (!inner_reply.empty() && outer_->state() == State::kOpen) outer_->encode(inner_reply, reply);
  return bytes;
}

void StackedLayer::encode(std::string_view bytes, std::string& output) {
  std::string inner_output;
  inner_->encode(bytes, inner_output);
  outer_->encode(inner_output, output);
}

void StackedLayer::finish(std::string& output) {
  std::string inner_output;
  inner_->finish(inner_output);
  if (!inner_output.empty() && outer_->state() == State::kOpen) outer_->encode(inner_output, output);
  outer_->finish(output);
}

Layer::State StackedLayer::state() const {
  return outer_->state() == State::kOpen ? inner_->state() : outer_->state();
}

}  // namespace inboxd::mqtt
