#include "app/event_settings.hpp"

#include <algorithm>

namespace inboxd::app {

EventSettings event_settings(const config::Settings& settings) {
  EventSettings events;
  if (!settings.webhook_enabled) return events;
  for (const std::string& endpoint : settings.webhook_endpoints) {
    const bool named_before =
        std::find(events.endpoints.begin(), events.endpoints.end(), endpoint) != events.endpoints.end();
    if (!named_before) events.endpoints.push_back(endpoint);
  }
  for (const std::string& name : settings.webhook_events) {
    if (const auto type = event_type_from(name)) events.wanted[static_cast<std::size_t>(*type)] = true;
  }
  // PROTOCOL 8: it goes out whenever presence is on.
  events.wanted[static_cast<std::size_t>(EventType::kPresenceChange)] = settings.presence_enabled;
  return events;
}

webhook::Settings webhook_settings(const config::Settings& settings) {
  return {.endpoints = event_settings(settings).endpoints,
          .secret = settings.webhook_secret,
          .retry = settings.webhook_retry == config::WebhookRetry::kAll ? webhook::Retry::kAll
                                                                        : webhook::Retry::kConnect,
          .timeout = settings.webhook_timeout,
          .max_age = settings.webhook_max_age,
          .concurrency = settings.webhook_concurrency,
          .max_pending = settings.webhook_max_pending,
          .tls_verify = settings.webhook_tls_verify,
          .allow_link_local = settings.webhook_allow_link_local};
}

}  // namespace inboxd::app
