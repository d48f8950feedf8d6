#pragma once

#include "http/resource.hpp"

/// The resources of the API, a file each. Every function registers one's routes; `api` must outlive the
/// router.
namespace inboxd::http {

void add_conversations(Router& router, Api& api);
void add_messages(Router& router, Api& api);
void add_message_sync(Router& router, Api& api);
void add_groups(Router& router, Api& api);
void add_instances(Router& router, Api& api);
void add_typings(Router& router, Api& api);
void add_webhooks(Router& router, Api& api);
void add_blocks(Router& router, Api& api);
void add_bans(Router& router, Api& api);
void add_filters(Router& router, Api& api);
void add_admin_connections(Router& router, Api& api);
void add_miscellany(Router& router, Api& api);

}  // namespace inboxd::http
