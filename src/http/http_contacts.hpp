#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "engine/lru_cache.hpp"
#include "engine/ports.hpp"
#include "http/contacts.hpp"
#include "net/http_client.hpp"

namespace inboxd::http {

struct ContactsSettings {
  std::string endpoint;                        ///< asked as `{endpoint}/{id}`
  std::chrono::milliseconds timeout{3'000};    ///< for one question
  std::chrono::milliseconds keep{120'000};     ///< an answer
  std::chrono::milliseconds keep_none{5'000};  ///< that there was no answer
};

/// What a contacts service answered: `{fullname, firstname, lastname}`, or the same in `result`. Nothing
/// where it is neither.
std::optional<Contact> read_contact(std::string_view body, const PartyId& id);

/// Asks a service for people's names. For the thread of the client's executor, but for construction.
class HttpContacts final : public Contacts {
 public:
  using Send = std::function<void(net::Request, std::chrono::milliseconds, net::HttpClient::Done)>;

  /// Fails where the endpoint is no URL. `clock` must outlive it; `send` is how requests go out.
  static Result<std::unique_ptr<HttpContacts>, std::string> make(ContactsSettings settings,
                                                                 const Clock& clock, Send send);

  void lookup(const std::vector<PartyId>& ids, Done done) override;

 private:
  struct Lookup;
  struct Known {
    Contact contact;
    SteadyClock::time_point until;
  };
  /// What requests that are under way refer to.
  struct State;

  explicit HttpContacts(std::shared_ptr<State> state) : state_(std::move(state)) {}
  static void ask_next(const std::shared_ptr<State>& state, const std::shared_ptr<Lookup>& lookup);
  static void answered(State& state, Lookup& lookup, std::size_t index,
                       const Result<net::Answer, net::Failed>& answer);

  std::shared_ptr<State> state_;
};

}  // namespace inboxd::http
