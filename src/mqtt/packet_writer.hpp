#pragma once

#include <cstddef>
#include <string>

#include "mqtt/packet.hpp"
#include "mqtt/wire.hpp"

namespace inboxd::mqtt {

/// Appends one packet, of whatever kind, in one version.
class PacketWriter {
 public:
  PacketWriter(Version version, std::string& out) noexcept : version_(version), out_(out) {}

  /// In its own version.
  void operator()(const Connect& connect);
  void operator()(const Connack& connack);
  void operator()(const Publish& publish);
  void operator()(const Acknowledgement& acknowledgement);
  void operator()(const Subscribe& subscribe);
  void operator()(const Suback& suback);
  void operator()(const Unsubscribe& unsubscribe);
  void operator()(const Unsuback& unsuback);
  void operator()(const Pingreq& pingreq);
  void operator()(const Pingresp& pingresp);
  void operator()(const Disconnect& disconnect);
  /// Appends nothing in 3.1.1.
  void operator()(const Auth& auth);

 private:
  /// The first byte, and after it all that `write_body` appends, its length before it.
  template <class WriteBody>
  void frame(Kind kind, WriteBody write_body);
  void properties(const Properties& properties);
  void will(const Will& will);
  /// The reason and properties that close a packet, as short as the standard allows; 5.0 only.
  void outcome(Reason reason, const Properties& properties);
  bool is_5() const noexcept { return version_ == Version::k5; }

  Version version_;
  std::string& out_;
};

}  // namespace inboxd::mqtt
