#include "app/policy_settings.hpp"

namespace inboxd::app {
namespace {

BucketLimit part_of(std::size_t capacity, std::size_t per_minute, std::size_t instances) {
  const auto parts = static_cast<double>(instances);
  return {.capacity = static_cast<double>(capacity) / parts,
          .per_minute = static_cast<double>(per_minute) / parts};
}

}  // namespace

PolicyRules policy_rules(const config::Settings& settings) {
  PolicyRules rules;
  rules.block_notice =
      settings.block_notice == config::BlockNotice::kTold ? BlockNotice::kTold : BlockNotice::kSilent;
  rules.group_send =
      settings.group_send == config::GroupSend::kMembers ? GroupSend::kMembers : GroupSend::kAnyone;
  rules.max_group_members = settings.max_group_members;
  rules.max_blocks = settings.max_blocks;
  rules.hook_fail_open = settings.policy_hook_fail == config::HookFail::kOpen;
  return rules;
}

RateLimits rate_limits(const config::Settings& settings) {
  RateLimits limits;
  if (!settings.limits_enabled) return limits;
  const std::size_t instances = settings.bucket_instances;
  limits.user = part_of(settings.bucket_msg_capacity, settings.bucket_msg_refill, instances);
  limits.app = part_of(settings.bucket_app_capacity, settings.bucket_app_refill, instances);
  limits.pair = part_of(settings.bucket_pair_capacity, settings.bucket_pair_refill, instances);
  limits.admins_exempt = false;
  for (const std::string& name : settings.bucket_exempt) {
    // No user can have this name.
    if (name == "admin") {
      limits.admins_exempt = true;
    } else {
      limits.exempt.emplace(name);
    }
  }
  return limits;
}

hook::Settings hook_settings(const config::Settings& settings) {
  // Room for a message's own text and attributes, some of it in escapes.
  constexpr std::size_t kAround = 4096;
  return {.url = settings.policy_hook_url,
          .timeout = settings.policy_hook_timeout,
          .secret = settings.policy_hook_secret,
          .cache_ttl = settings.policy_hook_cache_ttl,
          .concurrency = settings.policy_hook_concurrency,
          .tls_verify = settings.policy_hook_tls_verify,
          .allow_link_local = settings.webhook_allow_link_local,
          .max_answer_bytes = 2 * settings.max_message_bytes + kAround};
}

}  // namespace inboxd::app
