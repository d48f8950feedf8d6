#include "app/rules.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <utility>

#include "app/broker_settings.hpp"
#include "app/token.hpp"
#include "auth/key.hpp"
#include "core/id.hpp"
#include "core/topic.hpp"
#include "net/http_client.hpp"

namespace inboxd::app {
namespace {

using config::Loaded;
using config::Problems;

void complain(Problems& problems, const Loaded& loaded, std::string_view name, std::string_view what) {
  problems.push_back(fmt::format("{} ({}): {}", name, loaded.origin(name).where, what));
}

void check_topics(const Loaded& loaded, Problems& problems) {
  const config::Settings& s = loaded.settings;
  if (!is_valid_id(s.app_id)) {
    complain(problems, loaded, "APP_ID",
             "not an id; allowed: 1 to 128 bytes of UTF-8 without / . # + * % and blanks");
    return;
  }
  const std::string problem =
      path_prefix_problem(s.path_prefix, AppId(s.app_id), s.layout_path, s.layout_chat21);
  if (!problem.empty()) complain(problems, loaded, "PATH_PREFIX", problem);
}

void check_address(const Loaded& loaded, std::string_view name, const std::string& text, Problems& problems) {
  unsigned char address[sizeof(in6_addr)];
  if (::inet_pton(AF_INET, text.c_str(), address) != 1 && ::inet_pton(AF_INET6, text.c_str(), address) != 1) {
    complain(problems, loaded, name, "not an IP address; allowed: e.g. 127.0.0.1, ::1, 0.0.0.0");
  }
}

bool is_loopback(const std::string& address) { return address == "::1" || address.starts_with("127."); }

void check_auth_mode(const Loaded& loaded, Problems& problems) {
  const config::Settings& s = loaded.settings;
  if (!s.embedded || s.auth_mode != config::AuthMode::kNone) return;
  if (!is_loopback(s.bind) || !is_loopback(s.http_bind)) {
    complain(problems, loaded, "AUTH_MODE",
             "none is for listeners on loopback alone: see BIND and HTTP_BIND");
  }
}

void check_urls(const Loaded& loaded, Problems& problems) {
  const config::Settings& s = loaded.settings;
  for (const std::string& endpoint : s.webhook_endpoints) {
    if (auto url = net::parse_url(endpoint); !url) {
      complain(problems, loaded, "WEBHOOK_ENDPOINTS", url.error());
    }
  }
  const auto check = [&](std::string_view name, const std::string& text) {
    if (text.empty()) return;
    if (auto url = net::parse_url(text); !url) complain(problems, loaded, name, url.error());
  };
  check("CONTACTS_LOOKUP_ENDPOINT", s.contacts_lookup_endpoint);
  check("POLICY_HOOK_URL", s.policy_hook_url);
}

void check_https(const Loaded& loaded, Problems& problems) {
  const config::Settings& s = loaded.settings;
  if (s.cert_pem.empty() != s.key_pem.empty()) {
    complain(problems, loaded, s.cert_pem.empty() ? "KEY_PEM" : "CERT_PEM",
             "HTTPS needs both CERT_PEM and KEY_PEM");
  }
  const bool is_path = s.baseurl.starts_with('/') && !s.baseurl.ends_with('/') &&
                       s.baseurl.find_first_of("?#{} ") == std::string::npos;
  if (!s.baseurl.empty() && !is_path) {
    complain(problems, loaded, "BASEURL", "must be a path such as /api: a slash first, none at the end");
  }
}

void check_broker(const Loaded& loaded, Needs needs, Problems& problems) {
  if (loaded.settings.embedded) return;
  const bool by_uri = !loaded.settings.rabbitmq_uri.empty();
  const auto login = login_of(loaded.settings);
  if (!login) {
    complain(problems, loaded, by_uri ? "RABBITMQ_URI" : "RABBITMQ_HOST", login.error());
  } else if ((needs == Needs::kLogin || needs == Needs::kServe) && login->password.empty() &&
             loaded.settings.jwt_secret.empty()) {
    problems.emplace_back(
        "no way to log in to the broker: set JWT_SECRET (then the engine mints its own token), or "
        "RABBITMQ_USER and "
        "RABBITMQ_PASSWORD, or a RABBITMQ_URI with a password");
  }
}

void check_secret(Loaded& loaded, Needs needs, Problems& problems) {
  const std::string& secret = loaded.settings.jwt_secret;
  if (secret.empty()) {
    if (needs != Needs::kSecret) return;
    std::string problem = "JWT_SECRET: must be set; it is the key that signs tokens";
    if (loaded.settings.embedded) {
      problem += " (and none was made yet in DATA_DIR, " + loaded.settings.data_dir +
                 "; what `make run` uses is in data/env)";
    }
    problems.push_back(std::move(problem));
    return;
  }
  if (auto key = auth::Key::hs256(secret); !key) {
    complain(problems, loaded, "JWT_SECRET", key.error().message);
  } else if (std::string warning = secret_warning(secret); needs != Needs::kSecret && !warning.empty()) {
    // The commands that need no more than the secret say it themselves.
    loaded.warnings.push_back(std::move(warning));
  }
}

void warn_of_tls(Loaded& loaded) {
  if (loaded.settings.rabbitmq_tls_verify) return;
  loaded.warnings.push_back(
      fmt::format("RABBITMQ_TLS_VERIFY ({}) is off: whoever is on the way to the broker can pose as it",
                  loaded.origin("RABBITMQ_TLS_VERIFY").where));
}

}  // namespace

Problems check_settings(Loaded& loaded, Needs needs) {
  Problems problems;
  check_topics(loaded, problems);
  check_address(loaded, "HTTP_BIND", loaded.settings.http_bind, problems);
  check_address(loaded, "BIND", loaded.settings.bind, problems);
  check_auth_mode(loaded, problems);
  check_urls(loaded, problems);
  check_https(loaded, problems);
  check_broker(loaded, needs, problems);
  check_secret(loaded, needs, problems);
  warn_of_tls(loaded);
  return problems;
}

}  // namespace inboxd::app
