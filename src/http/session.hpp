#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <memory>

#include "http/server.hpp"

namespace inboxd::http {

/// Serves a connection until it closes, on the thread of the socket's executor. Counts itself in `*open`
/// while it lives. `router` must outlive it.
void start_session(boost::asio::ip::tcp::socket socket, const Router& router, const Limits& limits,
                   std::shared_ptr<std::size_t> open);

}  // namespace inboxd::http
