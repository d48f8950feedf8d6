#pragma once

#include <optional>

#include "http/group_operation.hpp"

/// The policies on what users make of groups (docs/policies.md). Administrators are spared.
namespace inboxd::http {

/// Takes out of the plan whoever blocks the caller and would become a member by him; or refuses it for that,
/// where callers are to be told, or for what it says. May throw StoreError.
std::optional<Response> apply_policies(const Api& api, const Backend::Lease& lease, const Caller& caller,
                                       GroupPlan& plan);

}  // namespace inboxd::http
