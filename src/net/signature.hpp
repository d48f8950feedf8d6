#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace inboxd::net {

/// The value of `X-Inboxd-Signature`: `t=<unix seconds>,v1=<hex HMAC-SHA256(secret, t + "." + body)>`.
std::string signature_of(const std::string& secret, std::int64_t unix_seconds, std::string_view body);

}  // namespace inboxd::net
