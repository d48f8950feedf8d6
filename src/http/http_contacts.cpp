#include "http/http_contacts.hpp"

#include <optional>
#include <utility>

#include "core/json.hpp"

namespace inboxd::http {
namespace {

constexpr std::size_t kMostKept = 10'000;
constexpr std::size_t kAtOnce = 8;
/// Of one lookup, however many it asks for: whoever waits for it has a time limit too.
constexpr std::chrono::milliseconds kLookupTime{5'000};
constexpr unsigned kOk = 200;
/// What is longer is no name.
constexpr std::size_t kMaxNameBytes = 512;

std::string escaped(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4U], kHex[byte & 0xFU]};
    }
  }
  return out;
}

/// `{endpoint}/{id}`, the endpoint's query kept behind it.
net::Url url_of(net::Url endpoint, const PartyId& id) {
  const auto mark = endpoint.target.find('?');
  const std::string query = mark == std::string::npos ? "" : endpoint.target.substr(mark);
  std::string path = endpoint.target.substr(0, mark);
  if (path.ends_with('/')) path.pop_back();
  endpoint.target = path + "/" + escaped(id.view()) + query;
  return endpoint;
}

std::string field(const json::Object& object, std::string_view name) {
  const auto raw = object.find_value(name);
  std::string text = (raw ? json::string_value(*raw) : std::nullopt).value_or("");
  return text.size() <= kMaxNameBytes ? text : std::string{};
}

}  // namespace

std::optional<Contact> read_contact(std::string_view body, const PartyId& id) {
  const auto outer = json::parse_object(body);
  if (!outer) return std::nullopt;
  const auto inner = outer->find_value("result");
  const auto object = inner && json::is_object(*inner) ? json::parse_object(*inner) : outer;
  if (!object) return std::nullopt;
  Contact contact{field(*object, "fullname"), field(*object, "firstname"), field(*object, "lastname")};
  if (contact.fullname.empty()) {
    contact.fullname = contact.firstname;
    if (!contact.firstname.empty() && !contact.lastname.empty()) contact.fullname += ' ';
    contact.fullname += contact.lastname;
  }
  if (contact.fullname.empty()) contact.fullname = id.str();
  return contact;
}

struct HttpContacts::State {
  ContactsSettings settings;
  net::Url endpoint;
  const Clock& clock;
  Send send;
  LruCache<PartyId, Known> known{kMostKept};
};

/// The ids of one call, asked for a few at a time.
struct HttpContacts::Lookup {
  std::vector<PartyId> ids;
  std::vector<Contact> contacts;
  Done done;
  SteadyClock::time_point deadline;
  std::size_t next = 0;
  std::size_t under_way = 0;
};

Result<std::unique_ptr<HttpContacts>, std::string> HttpContacts::make(ContactsSettings settings,
                                                                      const Clock& clock, Send send) {
  auto endpoint = net::parse_url(settings.endpoint);
  if (!endpoint) return Failure<std::string>(std::move(endpoint.error()));
  auto state =
      std::make_shared<State>(State{std::move(settings), *std::move(endpoint), clock, std::move(send)});
  return std::unique_ptr<HttpContacts>(new HttpContacts(std::move(state)));
}

void HttpContacts::lookup(const std::vector<PartyId>& ids, Done done) {
  auto lookup =
      std::make_shared<Lookup>(Lookup{ids, {}, std::move(done), state_->clock.steady() + kLookupTime});
  lookup->contacts.reserve(ids.size());
  for (const PartyId& id : ids) lookup->contacts.push_back(unknown_contact(id));
  ask_next(state_, lookup);
}

void HttpContacts::ask_next(const std::shared_ptr<State>& state, const std::shared_ptr<Lookup>& lookup) {
  while (lookup->next < lookup->ids.size() && lookup->under_way < kAtOnce) {
    const auto now = state->clock.steady();
    const std::size_t index = lookup->next++;
    const PartyId& id = lookup->ids[index];
    const Known* known = state->known.find(id);
    if (known != nullptr && now < known->until) {
      lookup->contacts[index] = known->contact;
      continue;
    }
    if (now >= lookup->deadline) continue;
    ++lookup->under_way;
    net::Request request;
    request.url = url_of(state->endpoint, id);
    request.headers = {{"Accept", "application/json"}};
    state->send(std::move(request), state->settings.timeout,
                [state, lookup, index](const Result<net::Answer, net::Failed>& answer) {
                  answered(*state, *lookup, index, answer);
                  ask_next(state, lookup);
                });
  }
  if (lookup->under_way > 0 || !lookup->done) return;
  const Done done = std::exchange(lookup->done, nullptr);
  done(lookup->contacts);
}

void HttpContacts::answered(State& state, Lookup& lookup, std::size_t index,
                            const Result<net::Answer, net::Failed>& answer) {
  --lookup.under_way;
  const PartyId& id = lookup.ids[index];
  const bool found = answer && answer->status == kOk;
  auto contact = found ? read_contact(answer->body, id) : std::nullopt;
  const auto keep = contact ? state.settings.keep : state.settings.keep_none;
  if (contact) lookup.contacts[index] = *std::move(contact);
  state.known.put(id, {lookup.contacts[index], state.clock.steady() + keep});
}

}  // namespace inboxd::http
