#pragma once

#include <cstdint>
#include <string>

#include "rabbitmq/link.hpp"

namespace inboxd::test {

/// Somebody else on the broker: a back end, an operator, the engine that was there before. Throws
/// std::runtime_error where the broker refuses.
class Client {
 public:
  explicit Client(std::uint16_t port);

  void publish(const std::string& key, const std::string& payload, const std::string& exchange = "amq.topic",
               const std::string& replay_of = {});
  void declare_queue(const std::string& name, bool durable, bool exclusive = false);
  /// One that exists not is no failure.
  void delete_queue(const std::string& name);
  void consume(const std::string& queue);
  /// Takes the oldest message out of the queue; empty where there is none.
  std::string get(const std::string& queue);
  void bind(const std::string& queue, const std::string& exchange, const std::string& key);

 private:
  void check(const std::string& what);

  rabbitmq::Link link_;
};

}  // namespace inboxd::test
