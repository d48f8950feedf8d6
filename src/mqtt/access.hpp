#pragma once

#include <bitset>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "auth/jwt.hpp"
#include "core/id.hpp"
#include "core/result.hpp"
#include "core/scopes.hpp"
#include "core/topic.hpp"
#include "mqtt/scope.hpp"

namespace inboxd::mqtt {

/// What every user may do with topics of his own, whatever his token says beyond: client_keys() as topics.
/// Immutable: one serves all clients and threads.
class AccessContext {
 public:
  AccessContext(std::string vhost, const Topics& topics);

  /// More than there are.
  static constexpr std::size_t kMaxRules = 16;

  /// `{head}{user}/` and what the tail takes.
  struct Rule {
    Right right;
    std::string head;
    Pattern tail;
    std::string widest_tail;  ///< the tail as a text that only what holds all of it covers

    bool takes(std::string_view text, std::string_view user) const noexcept;
  };

  const std::vector<Rule>& rules() const noexcept { return rules_; }
  const std::string& vhost() const noexcept { return vhost_; }
  const AppId& app() const noexcept { return app_; }

 private:
  std::string vhost_;
  AppId app_;
  std::vector<Rule> rules_;
};

/// What one client may publish and subscribe to: what his token's scopes grant *and* our own rules allow.
///
/// - A user: the rules of the context. Where a scope says more, he is not granted it.
/// - An admin (`tiledesk_api_roles`): whatever his scopes grant, back ends' topics included.
/// - Without authentication: everything.
///
/// Nobody publishes to topics that begin with `$`, which are the server's (MQTT 5, 4.7.2). Topics and filters
/// must be valid.
class Access {
 public:
  /// The user is the claim `user_id`, or `sub` where there is none. An error, for people, where that is no id
  /// of ours or the token is for another app. A token without scopes is none: it grants nothing.
  static Result<Access, std::string> of(const auth::Claims& claims,
                                        std::shared_ptr<const AccessContext> context);
  static Access unrestricted() { return {}; }

  bool may_publish(std::string_view topic) const;
  /// Of `$share/{group}/{filter}` the inner filter counts.
  bool may_subscribe(std::string_view filter) const;

  /// Empty without authentication.
  const PartyId& user() const noexcept { return user_; }
  bool admin() const noexcept { return admin_; }
  bool is_unrestricted() const noexcept { return context_ == nullptr; }

 private:
  using Rule = AccessContext::Rule;

  Access() = default;
  bool grants(Right right, std::string_view text) const;
  bool scopes_grant(Right right, std::string_view text) const;
  void settle_rules();
  bool is_of_use(const TopicScope& scope) const;

  std::shared_ptr<const AccessContext> context_;  ///< null: unrestricted
  PartyId user_;
  bool admin_ = false;
  std::bitset<AccessContext::kMaxRules> whole_;  ///< rules of which a scope grants everything
  /// An admin's scopes; a user's, as far as they matter to the other rules. For the tokens that we make,
  /// none.
  std::vector<TopicScope> scopes_;
};

}  // namespace inboxd::mqtt
