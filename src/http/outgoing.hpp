#pragma once

#include <string>

#include "http/resource.hpp"

namespace inboxd::http {

/// A message as a client of the broker would publish it.
struct Outgoing {
  PartyId sender;
  PartyId recipient;
  std::string payload;
  bool from_admin = false;  ///< an administrator asked for it
};

/// Reads the body of a POST to `/messages`: what is mandatory is there, and the engine will take the rest.
Result<Outgoing, Response> read_outgoing(const Call& call);

Publication publication_of(const Topics& topics, Outgoing outgoing);

/// `{"success":true,"message_id":…}`
Response sent_response(const Verdict& verdict);

}  // namespace inboxd::http
