#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/ports.hpp"

namespace inboxd::app {

class SystemClock final : public Clock {
 public:
  Millis now() const override;
  SteadyClock::time_point steady() const override { return SteadyClock::now(); }
};

/// Random bits of the kernel's, asked for by the thousand. For one thread. Throws std::system_error where it
/// has none.
class SystemEntropy final : public Entropy {
 public:
  std::uint64_t next() override;

 private:
  std::array<std::uint64_t, 512> pool_{};
  std::size_t left_ = 0;
};

/// Lets this process have as many file descriptors as the system allows it. Returns how many that are; 0
/// where it cannot be told.
std::uint64_t raise_descriptor_limit();

/// How many of so many descriptors (raise_descriptor_limit()) clients may take: the store, HTTP and the
/// broker's own files need the others, without which nobody is served. Of few, half.
std::uint64_t descriptors_for_clients(std::uint64_t limit) noexcept;

/// `bytes` random bytes as lower-case hexadecimal digits.
std::string random_hex(std::size_t bytes);

}  // namespace inboxd::app
