#pragma once

#include <memory>
#include <optional>
#include <unordered_set>

#include "core/rows.hpp"
#include "engine/lru_cache.hpp"
#include "engine/ports.hpp"
#include "engine/transaction.hpp"

namespace inboxd {

/// Who blocks whom, and who is banned: the store's word, at most half a second old, and the transaction's
/// over it. What this process commits is known at once; the rest of that time is for other instances on the
/// same store. For one thread.
class Sanctions {
 public:
  /// What it is given must outlive it.
  Sanctions(const AppId& app, const Store& store, const Clock& clock);

  bool blocks(const PartyId& owner, const PartyId& user, const Transaction& transaction);
  /// The ban in force.
  std::optional<BanRow> ban(const PartyId& user, const Transaction& transaction);

  /// Forgets what the commit changes.
  void committed(const Commit& commit);

 private:
  using Time = SteadyClock::time_point;
  /// Everyone who blocks one user, or nothing where they are too many to keep.
  struct Blockers {
    std::shared_ptr<const std::unordered_set<PartyId>> owners;
    Time read_at;
  };
  struct Ban {
    std::optional<BanRow> row;
    Time read_at;
  };

  const Blockers& blockers(const PartyId& user);

  AppId app_;
  const Store& store_;
  const Clock& clock_;
  LruCache<PartyId, Blockers> blockers_;  ///< by who is blocked
  LruCache<PartyId, Ban> bans_;
};

}  // namespace inboxd
