#include "http/resource.hpp"

#include <array>
#include <charconv>
#include <utility>

#include "core/screening.hpp"

namespace inboxd::http {
namespace {

Response unauthorized() { return {403, "application/json", R"({"success":false,"msg":"Unauthorized."})"}; }

std::string_view without_scheme(std::string_view value) {
  for (const std::string_view scheme : {"Bearer ", "bearer ", "JWT "}) {
    if (value.starts_with(scheme)) return value.substr(scheme.size());
  }
  return value;
}

/// Wherever clients of this ecosystem put it; empty where nowhere.
std::string token_of(const Request& request) {
  for (const char* name : {"Authorization", "JWT"}) {
    const auto value = request.header(name);
    if (value && !value->empty()) return std::string(without_scheme(*value));
  }
  for (const char* name : {"token", "jwt", "JWT"}) {
    const auto value = request.parameter(name);
    if (value && !value->empty()) return std::string(without_scheme(*value));
  }
  return {};
}

unsigned status_of(Reason reason) {
  switch (reason) {
    case Reason::kNotAllowed:
    case Reason::kBanned:
    case Reason::kBlocked:
    case Reason::kNotMember:
      return 403;
    case Reason::kNotFound:
      return 404;
    case Reason::kTooManyBlocks:
      return 409;
    case Reason::kTooLarge:
      return 413;
    case Reason::kFiltered:
    case Reason::kHookRejected:
      return 422;
    case Reason::kRateLimited:
      return 429;
    case Reason::kFanoutFull:
    case Reason::kHookUnavailable:
      return 503;
    default:
      return 400;
  }
}

Result<Caller, Response> caller_with(const Api& api, const auth::Claims& claims) {
  auto user = parse_party(claims.user_id);
  if (!user) return Failure<Response>(unauthorized());
  if (claims.app_id != api.topics.app.view()) return fail(404, "this engine serves another app");
  return Caller{*std::move(user), claims.admin};
}

/// The administrator whose token a request carries that names no app.
Result<Caller, Response> admin_of(const Api& api, const Request& request) {
  const auto claims = authenticated(api, request);
  if (!claims) return Failure<Response>(claims.error());
  if (claims->app_id != api.topics.app.view()) return Failure<Response>(unauthorized());
  auto caller = caller_with(api, *claims);
  if (caller && !caller->admin) return Failure<Response>(not_yours());
  return caller;
}

using WhoCalls = Result<Caller, Response> (*)(const Api&, const Request&);

/// Has `work` run with whoever calls and a lease, or answers why not.
template <class Work>
void add(Router& router, Api& api, Method method, const std::string& path, WhoCalls who_calls, Work work) {
  router.add_async(method, api.settings.base + path,
                   [&api, who_calls, work = std::move(work)](Request request, Responder respond) {
                     auto caller = who_calls(api, request);
                     if (!caller) return respond(std::move(caller.error()));
                     const auto lease = api.backend.enter();
                     if (!lease) return respond(error_response(503, "not ready; try again later"));
                     work(*lease, Call{std::move(request), *std::move(caller)}, std::move(respond));
                   });
}

/// As add() calls it.
auto answering(AsyncResource resource) {
  return [resource = std::move(resource)](const Backend::Lease& lease, Call call, Responder respond) {
    const auto answer = std::make_shared<Responder>(std::move(respond));
    try {
      resource(lease, std::move(call), answer);
    } catch (const StoreError&) {
      (*answer)(error_response(503, "the store cannot be read and written; try again later"));
    }
  };
}

}  // namespace

Result<auth::Claims, Response> authenticated(const Api& api, const Request& request) {
  auto claims = api.verifier.verify(token_of(request), api.clock.now() / kMillisPerSecond);
  if (!claims) return Failure<Response>(unauthorized());
  return *std::move(claims);
}

Result<Caller, Response> caller_of(const Api& api, const Request& request) {
  auto claims = authenticated(api, request);
  if (!claims) return Failure<Response>(std::move(claims.error()));
  if (claims->app_id != request.part("app")) return Failure<Response>(unauthorized());
  return caller_with(api, *claims);
}

void add_resource(Router& router, Api& api, Method method, std::string_view pattern, Resource resource) {
  const auto answer = [resource = std::move(resource)](const Backend::Lease& lease, const Call& call) {
    try {
      return resource(lease, call);
    } catch (const StoreError&) {
      return error_response(503, "the store cannot be read and written; try again later");
    }
  };
  const auto work = [answer](const Backend::Lease& lease, const Call& call, Responder respond) {
    respond(answer(lease, call));
  };
  add(router, api, method, "/{app}" + std::string(pattern), caller_of, work);
}

void add_async_resource(Router& router, Api& api, Method method, std::string_view pattern,
                        AsyncResource resource) {
  add(router, api, method, "/{app}" + std::string(pattern), caller_of, answering(std::move(resource)));
}

void add_admin_resource(Router& router, Api& api, Method method, std::string_view pattern,
                        AsyncResource resource) {
  add(router, api, method, "/admin" + std::string(pattern), admin_of, answering(std::move(resource)));
}

Response success(unsigned status) { return {status, "application/json", R"({"success":true})"}; }

Response with_result(std::string_view raw) {
  return {200, "application/json",
          json::ObjectWriter(raw.size() + 32).boolean("success", true).raw("result", raw).finish()};
}

std::string array_of(const std::vector<std::string>& documents) {
  std::size_t size = 2;
  for (const std::string& document : documents) size += document.size() + 1;
  std::string array;
  array.reserve(size);
  array += '[';
  for (const std::string& document : documents) {
    if (array.size() > 1) array += ',';
    array += document;
  }
  return array += ']';
}

Response with_results(const std::vector<std::string>& documents) { return with_result(array_of(documents)); }

Response not_yours() { return error_response(401, "not allowed"); }

Response missing(std::string_view field) { return error_response(405, std::string(field) + " is mandatory"); }

Response refusal_response(const Refusal& refusal) {
  std::string body = R"({"success":false,"err":)" + json_string(told_detail(refusal)) + R"(,"code":)" +
                     json_string(told_code(refusal));
  Response response{status_of(refusal.reason), "application/json", {}};
  if (refusal.retry_after) {
    const std::string seconds = std::to_string(*refusal.retry_after);
    body += R"(,"retry_after":)" + seconds;
    response.headers.emplace_back("Retry-After", seconds);
  }
  response.body = std::move(body) + "}";
  return response;
}

std::optional<Response> problem_of(const Verdict& verdict) {
  if (!verdict.failure.empty()) return error_response(503, verdict.failure);
  if (verdict.refusal) return refusal_response(*verdict.refusal);
  return std::nullopt;
}

std::optional<Response> ban_problem(const Api& api, const Store& store, const PartyId& user) {
  const auto ban = store.ban(api.topics.app, user);
  if (!ban || !is_in_force(*ban, api.clock.now())) return std::nullopt;
  return refusal_response(refusal_of(*ban));
}

void submit(const Api& api, const Backend::Lease& lease, Publication part, const Answer& answer,
            Response done) {
  lease->submitter.submit({std::move(part)}, Submitter::Await::kCommit, api.settings.request_timeout,
                          [answer, done = std::move(done)](const Verdict& verdict) {
                            (*answer)(problem_of(verdict).value_or(done));
                          });
}

Result<PartyId, Response> party_part(const Request& request, std::string_view name) {
  auto id = parse_party(request.part(name));
  if (!id) return fail(400, "the path holds an id that is malformed or reserved");
  return *std::move(id);
}

Result<PartyId, Response> owner_of(const Call& call) {
  auto owner = party_part(call.request, "user");
  if (owner && !call.caller.is_or_admin(*owner)) return Failure<Response>(not_yours());
  return owner;
}

Result<std::optional<PartyId>, Response> after_of(const Request& request) {
  const auto text = request.parameter("after");
  if (!text) return std::nullopt;
  auto id = parse_party(*text);
  if (!id) return fail(400, "after must be a user's id");
  return id;
}

std::optional<std::uint64_t> unsigned_value(std::string_view text) {
  std::uint64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || rest != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<std::size_t, Response> limit_of(const Request& request, std::size_t usual, std::size_t most) {
  const auto text = request.parameter("limit");
  if (!text) return usual;
  const auto value = unsigned_value(*text);
  if (!value || *value < 1 || *value > most) {
    return fail(400, "limit must be a number from 1 to " + std::to_string(most));
  }
  return static_cast<std::size_t>(*value);
}

Result<json::Object, Response> body_of(const Request& request) {
  if (request.body.find_first_not_of(" \t\r\n") == std::string::npos) return json::Object({});
  auto body = json::parse_object(request.body);
  if (!body) return Failure<Response>(refusal_response(body.error()));
  return *std::move(body);
}

std::optional<std::string> text_field(const json::Object& body, std::string_view name) {
  const auto raw = body.find_value(name);
  auto text = raw ? json::string_value(*raw) : std::nullopt;
  return text && !text->empty() ? text : std::nullopt;
}

Result<PartyId, Response> acting_user(const Caller& caller, const json::Object& body,
                                      std::string_view field) {
  if (!body.find_value(field)) return caller.user;
  auto id = parse_party(text_field(body, field).value_or(""));
  if (!id) return fail(400, std::string(field) + " is malformed or reserved");
  if (!caller.is_or_admin(*id)) return Failure<Response>(not_yours());
  return *std::move(id);
}

Publication publication(std::string key, std::string payload) {
  return {std::move(key), std::make_shared<const std::string>(std::move(payload))};
}

}  // namespace inboxd::http
