#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"
#include "http/api.hpp"

/// What the resources of the API have in common: who calls, and how they answer.
namespace inboxd::http {

/// Whose token a request carries.
struct Caller {
  PartyId user;
  bool admin = false;

  bool is_or_admin(const PartyId& id) const { return admin || user == id; }
};

/// One request of somebody who may use this app.
struct Call {
  Request request;
  Caller caller;
};

/// A responder that may be copied into callbacks.
using Answer = std::shared_ptr<Responder>;

/// The claims of the request's token, or the 403 that it gets.
Result<auth::Claims, Response> authenticated(const Api& api, const Request& request);

/// Who calls, where his token is for the request's `{app}` and that is ours; or the answer that he gets.
Result<Caller, Response> caller_of(const Api& api, const Request& request);

using Resource = std::function<Response(const Backend::Lease&, const Call&)>;
using AsyncResource = std::function<void(const Backend::Lease&, Call, Answer)>;

/// Registers `{base}/{app}` + `pattern` for authenticated callers. 503 while there is nothing to work on.
void add_resource(Router& router, Api& api, Method method, std::string_view pattern, Resource resource);
void add_async_resource(Router& router, Api& api, Method method, std::string_view pattern,
                        AsyncResource resource);

/// Registers `{base}/admin` + `pattern` for administrators of the app that this engine serves; otherwise as
/// above.
void add_admin_resource(Router& router, Api& api, Method method, std::string_view pattern,
                        AsyncResource resource);

// --- answers

Response success(unsigned status = 200);
/// `{"success":true,"result":…}`
Response with_result(std::string_view raw);
/// `{"success":true,"result":[…]}`
Response with_results(const std::vector<std::string>& documents);
std::string array_of(const std::vector<std::string>& documents);
Response not_yours();
Response missing(std::string_view field);
/// An answer that says why not, as an error to return.
inline Failure<Response> fail(unsigned status, std::string_view why) {
  return Failure<Response>(error_response(status, why));
}
/// The one place that says which status a refusal has. `{"success":false,"err":…,"code":…}`, and
/// `retry_after` where it is known, in the header of that name too.
Response refusal_response(const Refusal& refusal);
/// What a verdict means for whoever asked; nothing where all went well.
std::optional<Response> problem_of(const Verdict& verdict);
/// The 403 of one who is banned now.
std::optional<Response> ban_problem(const Api& api, const Store& store, const PartyId& user);
/// Puts it before the engine, and answers with its verdict: `done` where all went well.
void submit(const Api& api, const Backend::Lease& lease, Publication part, const Answer& answer,
            Response done = success());

// --- what requests hold

/// Rows on a page whose request names no `limit`.
inline constexpr std::size_t kUsualPage = 200;
/// Messages on a page at most.
inline constexpr std::size_t kMostMessages = 1000;

inline constexpr Millis kMillisPerSecond = 1000;

/// The part of the path as a user's or group's id, or a 400.
Result<PartyId, Response> party_part(const Request& request, std::string_view name);
/// The part `user` of the path, where the caller may see and change what is that user's.
Result<PartyId, Response> owner_of(const Call& call);
/// Where a page of users goes on: after the one that the query's `after` names. A 400.
Result<std::optional<PartyId>, Response> after_of(const Request& request);
/// A number in [1, most]; `usual` where the query has none; a 400.
Result<std::size_t, Response> limit_of(const Request& request, std::size_t usual, std::size_t most);
/// The body as a JSON object; an empty body is an empty object. Refers to the request's body.
Result<json::Object, Response> body_of(const Request& request);
/// A string that is there and not empty.
std::optional<std::string> text_field(const json::Object& body, std::string_view name);
/// The caller, or for an admin whom the body names in `field`: 401 where someone else names another.
Result<PartyId, Response> acting_user(const Caller& caller, const json::Object& body, std::string_view field);
/// A string where the value is one; a number's text.
std::optional<std::uint64_t> unsigned_value(std::string_view text);

Publication publication(std::string key, std::string payload);

}  // namespace inboxd::http
