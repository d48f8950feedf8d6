// Scopes, one a line, then a filter and a topic: whatever the scopes say, a user is granted nothing outside
// his inbox, and nobody more than the scopes say.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mqtt/access.hpp"
#include "mqtt/topic.hpp"

namespace {

using inboxd::mqtt::Access;
using inboxd::mqtt::AccessContext;

void require(bool holds) {
  if (!holds) std::abort();
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines(1);
  for (const char c : text) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back().push_back(c);
    }
  }
  return lines;
}

bool is_below(std::string_view text, std::string_view prefix) { return text.starts_with(prefix); }

void check_filter(const Access& user, const Access& admin, const std::string& filter) {
  if (!inboxd::mqtt::is_valid_filter(filter) || !user.may_subscribe(filter)) return;
  require(admin.may_subscribe(filter));
  const auto shared = inboxd::mqtt::shared_filter(filter);
  const std::string_view inner = shared ? shared->filter : std::string_view(filter);
  require(is_below(inner, "apps/tilechat/users/al/") || is_below(inner, "/apps/tilechat/users/al/"));
  for (const std::string_view other :
       {"apps/tilechat/users/alice/x", "apps/tilechat/users/bob/x", "/apps/tilechat/users/bob/al/x", "apps",
        "apps/observer/tilechat/groups/update", "apps/tilechat/outgoing/users/al/messages/bob/outgoing"}) {
    require(!inboxd::mqtt::matches(inner, other));
  }
}

void check_topic(const Access& user, const Access& admin, const std::string& topic) {
  if (!inboxd::mqtt::is_valid_topic(topic) || !user.may_publish(topic)) return;
  require(admin.may_publish(topic));
  require(topic.find('.') == std::string::npos);
  require(is_below(topic, "apps/tilechat/users/al/") || is_below(topic, "/apps/tilechat/users/al/") ||
          is_below(topic, "apps/tilechat/outgoing/users/al/messages/"));
  require(topic.ends_with("/outgoing") || topic.ends_with("/update") || topic.ends_with("/archive") ||
          is_below(topic, "apps/tilechat/users/al/presence/"));
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto context = std::make_shared<const AccessContext>(
      "/", inboxd::Topics{inboxd::AppId("tilechat"), ".apps.tilechat.users", true, true});
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): libFuzzer hands over bytes
  std::vector<std::string> lines = lines_of({reinterpret_cast<const char*>(data), size});
  if (lines.size() < 3) return 0;
  const std::string topic = lines.back();
  lines.pop_back();
  const std::string filter = lines.back();
  lines.pop_back();

  inboxd::auth::Claims claims;
  claims.user_id = "al";
  claims.app_id = "tilechat";
  claims.scope = lines;
  const auto user = Access::of(claims, context);
  claims.admin = true;
  const auto admin = Access::of(claims, context);
  require(user && admin);
  check_filter(*user, *admin, filter);
  check_topic(*user, *admin, topic);
  require(!admin->may_publish("$SYS/x"));
  return 0;
}
