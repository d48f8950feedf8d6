#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/id.hpp"

namespace inboxd::http {

/// What a person is called.
struct Contact {
  std::string fullname;
  std::string firstname;
  std::string lastname;

  friend bool operator==(const Contact&, const Contact&) = default;
};

/// Somebody of whom nothing is known but the id.
inline Contact unknown_contact(const PartyId& id) { return {id.str(), "", ""}; }

/// Knows people's names. For the server's thread.
class Contacts {
 public:
  using Done = std::function<void(const std::vector<Contact>&)>;

  virtual ~Contacts() = default;
  /// Calls `done` once, at once or later on the same thread, with one for each id; unknown_contact() where
  /// nothing is known in good time.
  virtual void lookup(const std::vector<PartyId>& ids, Done done) = 0;
};

/// Where there is no service to ask.
class NoContacts final : public Contacts {
 public:
  void lookup(const std::vector<PartyId>& ids, Done done) override {
    std::vector<Contact> contacts;
    contacts.reserve(ids.size());
    for (const PartyId& id : ids) contacts.push_back(unknown_contact(id));
    done(contacts);
  }
};

}  // namespace inboxd::http
