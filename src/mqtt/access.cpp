#include "mqtt/access.hpp"

#include <algorithm>
#include <cassert>
#include <optional>
#include <utility>

#include "mqtt/topic.hpp"

namespace inboxd::mqtt {
namespace {

std::string with_slashes(std::string_view key) {
  std::string topic(key);
  std::replace(topic.begin(), topic.end(), '.', '/');
  return topic;
}

/// `#` is in no literal of a pattern: only a wildcard covers it.
std::string widest(std::string_view tail) {
  std::string text = with_slashes(tail);
  std::replace(text.begin(), text.end(), '*', '#');
  return text;
}

bool one_begins_with_the_other(std::string_view a, std::string_view b) noexcept {
  return a.starts_with(b) || b.starts_with(a);
}

}  // namespace

AccessContext::AccessContext(std::string vhost, const Topics& topics)
    : vhost_(std::move(vhost)), app_(topics.app) {
  for (const ClientKeys& keys : client_keys(topics)) {
    rules_.push_back(
        {keys.right, with_slashes(keys.head), Pattern::parse_key(keys.tail).value(), widest(keys.tail)});
  }
  assert(rules_.size() <= kMaxRules);
}

bool AccessContext::Rule::takes(std::string_view text, std::string_view user) const noexcept {
  if (!text.starts_with(head)) return false;
  text.remove_prefix(head.size());
  if (text.size() <= user.size() || !text.starts_with(user) || text[user.size()] != '/') return false;
  return tail.covers(text.substr(user.size() + 1));
}

Result<Access, std::string> Access::of(const auth::Claims& claims,
                                       std::shared_ptr<const AccessContext> context) {
  std::optional<PartyId> user = parse_party(claims.user_id.empty() ? claims.sub : claims.user_id);
  if (!user) return Failure<std::string>("the token's user id is malformed or reserved");
  if (claims.app_id != context->app().view()) return Failure<std::string>("the token is for another app");

  Access access;
  access.user_ = *std::move(user);
  access.admin_ = claims.admin;
  for (const std::string& text : claims.scope) {
    if (auto scope = parse_scope(text, context->vhost())) access.scopes_.push_back(*std::move(scope));
  }
  access.context_ = std::move(context);
  if (!access.admin_) access.settle_rules();
  access.scopes_.shrink_to_fit();
  return access;
}

/// Finds out once which rules are granted without looking at the topic, and forgets the scopes that are then
/// of no more use: there may be very many clients, and they publish very often.
void Access::settle_rules() {
  for (std::size_t i = 0; i < context_->rules().size(); ++i) {
    const Rule& rule = context_->rules()[i];
    whole_[i] = scopes_grant(rule.right, rule.head + user_.str() + "/" + rule.widest_tail);
  }
  std::erase_if(scopes_, [this](const TopicScope& scope) { return !is_of_use(scope); });
}

bool Access::is_of_use(const TopicScope& scope) const {
  for (std::size_t i = 0; i < context_->rules().size(); ++i) {
    const Rule& rule = context_->rules()[i];
    if (whole_[i] || rule.right != scope.right) continue;
    if (one_begins_with_the_other(scope.topics.beginning(), rule.head + user_.str() + "/")) return true;
  }
  return false;
}

bool Access::may_publish(std::string_view topic) const {
  if (topic.starts_with('$')) return false;
  return is_unrestricted() || grants(Right::kWrite, topic);
}

bool Access::may_subscribe(std::string_view filter) const {
  if (is_unrestricted()) return true;
  const auto shared = shared_filter(filter);
  return grants(Right::kRead, shared ? shared->filter : filter);
}

bool Access::grants(Right right, std::string_view text) const {
  if (admin_) return scopes_grant(right, text);
  // A dot would part levels once the engine reads the topic as a routing key, and no id has one.
  if (text.find('.') != std::string_view::npos) return false;
  for (std::size_t i = 0; i < context_->rules().size(); ++i) {
    const Rule& rule = context_->rules()[i];
    if (rule.right != right || !rule.takes(text, user_.view())) continue;
    if (whole_[i] || scopes_grant(right, text)) return true;
  }
  return false;
}

bool Access::scopes_grant(Right right, std::string_view text) const {
  return std::any_of(scopes_.begin(), scopes_.end(), [&](const TopicScope& scope) {
    return scope.right == right && scope.topics.covers(text);
  });
}

}  // namespace inboxd::mqtt
