#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "mqtt/probe.hpp"

namespace inboxd::mqtt {

/// Listens to nothing but what is dropped.
class NoProbe final : public MqttProbe {
 public:
  void connected() override {}
  void disconnected(Reason) override {}
  void refused(Reason) override {}
  void received(Qos, std::size_t) override {}
  void sent(Qos, std::size_t) override {}
  void dropped(Drop why) override { drops.push_back(why); }
  void unauthorized(std::string_view) override {}
  void sessions(std::size_t, std::size_t, std::size_t) override {}
  std::vector<Drop> drops;
};

}  // namespace inboxd::mqtt
