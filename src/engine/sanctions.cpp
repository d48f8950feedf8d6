#include "engine/sanctions.hpp"

#include <chrono>
#include <utility>

namespace inboxd {
namespace {

constexpr std::chrono::milliseconds kFreshFor{500};
constexpr std::size_t kCachedBlockerBytes = std::size_t{32} * 1024 * 1024;
constexpr std::size_t kCachedBans = 20'000;
/// Those who block one user. Of more, each is looked up by himself.
constexpr std::size_t kMostKept = 10'000;
constexpr std::size_t kEntryBytes = 200;
constexpr std::size_t kOwnerBytes = 80;

}  // namespace

Sanctions::Sanctions(const AppId& app, const Store& store, const Clock& clock)
    : app_(app), store_(store), clock_(clock), blockers_(kCachedBlockerBytes), bans_(kCachedBans) {}

const Sanctions::Blockers& Sanctions::blockers(const PartyId& user) {
  const Time now = clock_.steady();
  if (const auto* known = blockers_.find(user); known != nullptr && now - known->read_at < kFreshFor) {
    return *known;
  }
  auto owners = store_.blockers(app_, user, kMostKept + 1);
  Blockers read{nullptr, now};
  if (owners.size() <= kMostKept) {
    read.owners = std::make_shared<const std::unordered_set<PartyId>>(std::make_move_iterator(owners.begin()),
                                                                      std::make_move_iterator(owners.end()));
  }
  const std::size_t weight = kEntryBytes + (read.owners ? read.owners->size() * kOwnerBytes : 0);
  blockers_.put(user, std::move(read), weight);
  return *blockers_.find(user);
}

bool Sanctions::blocks(const PartyId& owner, const PartyId& user, const Transaction& transaction) {
  if (const auto written = transaction.written_block(owner, user)) return *written;
  const Blockers& known = blockers(user);
  return known.owners ? known.owners->contains(owner) : store_.block(app_, owner, user).has_value();
}

std::optional<BanRow> Sanctions::ban(const PartyId& user, const Transaction& transaction) {
  const auto in_force = [this](const std::optional<BanRow>& row) {
    return row && is_in_force(*row, clock_.now()) ? row : std::nullopt;
  };
  if (const auto written = transaction.written_ban(user)) {
    return in_force(*written == nullptr ? std::nullopt : std::optional(**written));
  }
  const Time now = clock_.steady();
  const Ban* known = bans_.find(user);
  if (known == nullptr || now - known->read_at >= kFreshFor) {
    bans_.put(user, {store_.ban(app_, user), now});
    known = bans_.find(user);
  }
  return in_force(known->row);
}

void Sanctions::committed(const Commit& commit) {
  for (const auto* rows : {&commit.blocks, &commit.removed_blocks}) {
    for (const BlockRow& row : *rows) blockers_.erase(row.user);
  }
  for (const auto* rows : {&commit.bans, &commit.removed_bans}) {
    for (const BanRow& row : *rows) bans_.erase(row.user);
  }
}

}  // namespace inboxd
