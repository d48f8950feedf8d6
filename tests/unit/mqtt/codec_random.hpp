#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

#include "mqtt/decoder.hpp"
#include "mqtt/packet.hpp"

namespace inboxd::mqtt {

/// Packets of every kind that one side may send, with all that their version allows them.
class RandomPackets {
 public:
  RandomPackets(std::uint32_t seed, Role receiver, Version version)
      : engine_(seed), receiver_(receiver), version_(version) {}

  Packet next();
  /// Of 1 to `bound`.
  std::size_t upto(std::size_t bound);

 private:
  Packet for_server();
  Packet for_client();
  Connect connect();
  Connack connack();
  Publish publish();
  Acknowledgement acknowledgement();
  Subscribe subscribe();
  Suback suback();
  Unsubscribe unsubscribe();
  Unsuback unsuback();
  Disconnect disconnect();
  Packet auth();
  Will will();
  Properties message_properties();
  Properties connack_properties();
  Properties reason_properties();
  void add_user_properties(Properties& properties);

  bool is_5() const noexcept { return version_ == Version::k5; }
  bool chance() { return upto(2) == 1; }
  template <class T>
  void maybe(std::optional<T>& member, T value) {
    if (chance()) member = std::move(value);
  }
  std::uint16_t number() { return static_cast<std::uint16_t>(upto(0xFFFF)); }
  std::uint32_t large_number() { return static_cast<std::uint32_t>(upto(0xFFFF'FFFF)); }
  Qos qos() { return static_cast<Qos>(upto(3) - 1); }
  std::string text();
  std::string topic();
  std::string binary();

  std::mt19937 engine_;
  Role receiver_;
  Version version_;
};

}  // namespace inboxd::mqtt
