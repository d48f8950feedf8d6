#pragma once

#include <boost/asio/ip/address.hpp>

namespace inboxd::net {

/// Whether nobody else's URL may lead there: link-local addresses, where cloud machines hand out credentials
/// (IPv6's fd00:ec2::254 too), the unspecified addresses, and what maps any of these into IPv6 (IPv4-mapped,
/// IPv4-compatible, NAT64, 6to4).
bool is_guarded(const boost::asio::ip::address& address);

}  // namespace inboxd::net
