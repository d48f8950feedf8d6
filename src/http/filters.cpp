#include <utility>

#include "http/resources.hpp"

namespace inboxd::http {
namespace {

constexpr std::string_view kNoFilters = R"({"filters":[]})";

/// Problems may quote what is not UTF-8.
std::string strings(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  quoted.reserve(texts.size());
  for (const std::string& text : texts) quoted.push_back(json_string(text));
  return array_of(quoted);
}

std::string document(const FilterAdmin::Status& status) {
  return json::ObjectWriter()
      .integer("rules", static_cast<std::int64_t>(status.rules))
      .integer("words", static_cast<std::int64_t>(status.words))
      .integer("patterns", static_cast<std::int64_t>(status.patterns))
      .raw("problems", strings(status.problems))
      .finish();
}

Response read_filters(const Api& api, const Backend::Lease& lease, const Call& call) {
  if (!call.caller.admin) return not_yours();
  const auto stored = lease->store.filters(api.topics.app);
  const FilterAdmin* const admin = lease->filters;
  const FilterAdmin::Status status = admin == nullptr ? FilterAdmin::Status{} : admin->status();
  return {200, "application/json",
          json::ObjectWriter()
              .boolean("success", true)
              .raw("result", stored ? std::string_view(stored->json) : kNoFilters)
              .raw("status", document(status))
              .finish()};
}

Response replaced(const std::vector<std::string>& problems) {
  if (problems.empty()) return success();
  return {400, "application/json",
          json::ObjectWriter()
              .boolean("success", false)
              .string("err", "the filters cannot be used; those before them stay in force")
              .string("code", code_of(Reason::kBadField))
              .raw("problems", strings(problems))
              .finish()};
}

void replace(const Backend::Lease& lease, std::string document, const Answer& answer) {
  if (lease->filters == nullptr) return (*answer)(error_response(503, "filters cannot be changed here"));
  lease->filters->replace(std::move(document), [answer](const std::vector<std::string>& problems) {
    (*answer)(replaced(problems));
  });
}

void put_filters(const Backend::Lease& lease, Call call, const Answer& answer) {
  if (!call.caller.admin) return (*answer)(not_yours());
  const auto body = body_of(call.request);
  if (!body) return (*answer)(body.error());
  // A body that was forgotten is not a wish to have no filters.
  if (!body->find_value("filters")) return (*answer)(missing("filters"));
  replace(lease, std::move(call.request.body), answer);
}

void remove_filters(const Backend::Lease& lease, const Call& call, const Answer& answer) {
  if (!call.caller.admin) return (*answer)(not_yours());
  replace(lease, std::string(kNoFilters), answer);
}

}  // namespace

void add_filters(Router& router, Api& api) {
  add_resource(router, api, Method::kGet, "/filters", [&api](const Backend::Lease& lease, const Call& call) {
    return read_filters(api, lease, call);
  });
  add_async_resource(router, api, Method::kPut, "/filters", put_filters);
  add_async_resource(router, api, Method::kDelete, "/filters", remove_filters);
}

}  // namespace inboxd::http
