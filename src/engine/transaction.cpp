#include "engine/transaction.hpp"

#include <algorithm>
#include <array>

namespace inboxd {
namespace {

std::string flat(const IdempotencyKey& key) {
  const std::array<std::string_view, 3> ids = {key.app.view(), key.sender.view(), key.recipient.view()};
  std::size_t size = key.temp_uid.size();
  for (const std::string_view id : ids) size += id.size() + 1;
  std::string text;
  text.reserve(size);
  for (const std::string_view id : ids) text.append(id).push_back('\0');
  text.append(key.temp_uid);
  return text;
}

}  // namespace

void Transaction::reserve(std::size_t messages) {
  constexpr std::size_t kCopies = 2;
  commit_.messages.reserve(messages);
  commit_.rows.reserve(kCopies * messages);
  commit_.arrivals.reserve(kCopies * messages);
  commit_.idempotency.reserve(messages);
  publications_.reserve(kCopies * messages);
  temp_uids_.reserve(messages);
}

std::optional<StoredMessage> Transaction::message(const AppId& app, const MessageId& id) const {
  for (; indexed_ < commit_.messages.size(); ++indexed_) {
    messages_.insert_or_assign(commit_.messages[indexed_].id, indexed_);
  }
  const auto found = messages_.find(id);
  if (found != messages_.end()) return commit_.messages[found->second];
  return before_ != nullptr ? before_->message(app, id) : store_.message(app, id);
}

std::optional<TimelineRow> Transaction::row(const TimelineRow& wanted) const {
  const auto found = std::find_if(commit_.rows.rbegin(), commit_.rows.rend(), [&](const TimelineRow& row) {
    return row.message == wanted.message && row.timeline == wanted.timeline &&
           row.timestamp == wanted.timestamp;
  });
  if (found != commit_.rows.rend()) return *found;
  return before_ != nullptr ? before_->row(wanted)
                            : store_.row(wanted.timeline, wanted.timestamp, wanted.message);
}

std::optional<ConversationRow> Transaction::conversation(const TimelineKey& key) const {
  const auto found = conversations_.find(key);
  if (found != conversations_.end()) return commit_.conversations[found->second];
  return before_ != nullptr ? before_->conversation(key) : store_.conversation(key);
}

std::optional<MessageId> Transaction::idempotent(const IdempotencyKey& key, Millis now) const {
  const std::string flat_key = flat(key);
  for (const Transaction* writer = this; writer != nullptr; writer = writer->before_) {
    const auto found = writer->temp_uids_.find(flat_key);
    if (found != writer->temp_uids_.end()) return found->second;
  }
  return store_.idempotent(key, now);
}

std::vector<MessageId> Transaction::idempotent_to(const AppId& app, const PartyId& recipient,
                                                  std::string_view temp_uid, Millis now) const {
  auto ids = before_ != nullptr ? before_->idempotent_to(app, recipient, temp_uid, now)
                                : store_.idempotent_to(app, recipient, temp_uid, now);
  for (const IdempotencyRow& row : commit_.idempotency) {
    const bool matches = row.key.app == app && row.key.recipient == recipient && row.key.temp_uid == temp_uid;
    // What is being committed may be in the store as well by now.
    if (matches && std::find(ids.begin(), ids.end(), row.message) == ids.end()) ids.push_back(row.message);
  }
  return ids;
}

std::optional<PublicationRow> Transaction::publication(std::string_view client_id, std::uint16_t packet_id,
                                                       Millis now) const {
  const auto written = std::find_if(
      commit_.publications.rbegin(), commit_.publications.rend(),
      [&](const PublicationRow& row) { return row.packet_id == packet_id && row.client_id == client_id; });
  if (written != commit_.publications.rend()) return *written;
  return before_ != nullptr ? before_->publication(client_id, packet_id, now)
                            : store_.publication(client_id, packet_id, now);
}

std::shared_ptr<const Group> Transaction::written_group(const PartyId& id) const {
  const auto found = groups_.find(id);
  return found == groups_.end() ? nullptr : found->second;
}

std::vector<PresenceRow> Transaction::presence(const AppId& app, const PartyId& user) const {
  const auto found = presence_.find(user);
  return found == presence_.end() ? store_.presence(app, user) : found->second.now;
}

void Transaction::put(const AppId& app, const PartyId& user, const PresenceEffects& effects) {
  auto found = presence_.find(user);
  if (found == presence_.end()) {
    auto rows = store_.presence(app, user);
    found = presence_.emplace(user, Presence{rows, rows}).first;
  }
  auto& now = found->second.now;
  const auto drop = [&](const PresenceRow& gone) {
    std::erase_if(now, [&](const PresenceRow& row) { return row.client == gone.client; });
  };
  for (const PresenceRow& row : effects.removed) drop(row);
  for (const PresenceRow& row : effects.put) {
    drop(row);
    now.push_back(row);
  }
}

bool Transaction::has_job_for(const PartyId& group) const {
  return std::any_of(commit_.jobs.begin(), commit_.jobs.end(),
                     [&](const FanoutJob& job) { return job.group == group; });
}

void Transaction::put(ConversationRow row) {
  const auto [place, is_new] = conversations_.try_emplace(row.key, commit_.conversations.size());
  if (is_new) {
    commit_.conversations.push_back(std::move(row));
  } else {
    commit_.conversations[place->second] = std::move(row);
  }
}

void Transaction::put(IdempotencyRow row) {
  temp_uids_.insert_or_assign(flat(row.key), row.message);
  commit_.idempotency.push_back(std::move(row));
}

void Transaction::put(std::shared_ptr<const Group> group) {
  groups_.insert_or_assign(group->id, std::move(group));
}

std::optional<bool> Transaction::written_block(const PartyId& owner, const PartyId& user) const {
  if (blocks_.empty()) return std::nullopt;
  const auto found = blocks_.find({owner, user});
  return found == blocks_.end() ? std::nullopt : std::optional(found->second.stands);
}

std::size_t Transaction::blocks_by(const AppId& app, const PartyId& owner, std::size_t most) const {
  const auto held = store_.blocks(app, owner, std::nullopt, most + blocks_.size());
  std::size_t count = held.size();
  for (auto it = blocks_.lower_bound({owner, PartyId{}}); it != blocks_.end() && it->first.first == owner;
       ++it) {
    const bool was_held = std::any_of(held.begin(), held.end(),
                                      [&](const BlockRow& row) { return row.user == it->first.second; });
    if (it->second.stands && !was_held) ++count;
    if (!it->second.stands && was_held) --count;
  }
  return count;
}

std::optional<const BanRow*> Transaction::written_ban(const PartyId& user) const {
  const auto found = bans_.find(user);
  if (found == bans_.end()) return std::nullopt;
  return found->second.stands ? &found->second.row : nullptr;
}

void Transaction::put_block(BlockRow row, bool stands) {
  auto key = std::pair(row.owner, row.user);
  blocks_.insert_or_assign(std::move(key), Written<BlockRow>{std::move(row), stands});
}

void Transaction::put_ban(BanRow row, bool stands) {
  PartyId user = row.user;
  bans_.insert_or_assign(std::move(user), Written<BanRow>{std::move(row), stands});
}

bool Transaction::may_be_built_on() const noexcept {
  return commit_.dead_letters.empty() && commit_.removed_dead_letters.empty() && commit_.jobs.empty() &&
         groups_.empty() && presence_.empty() && blocks_.empty() && bans_.empty();
}

void Transaction::seal_sanctions() {
  for (const auto& [key, written] : blocks_) {
    (written.stands ? commit_.blocks : commit_.removed_blocks).push_back(written.row);
  }
  for (const auto& [user, written] : bans_) {
    (written.stands ? commit_.bans : commit_.removed_bans).push_back(written.row);
  }
}

void Transaction::seal_presence() {
  for (const auto& [user, rows] : presence_) {
    for (const PresenceRow& row : rows.before) {
      const bool stays = std::any_of(rows.now.begin(), rows.now.end(),
                                     [&](const PresenceRow& other) { return other.client == row.client; });
      if (!stays) commit_.removed_presence.push_back(row);
    }
    for (const PresenceRow& row : rows.now) {
      const bool same = std::find(rows.before.begin(), rows.before.end(), row) != rows.before.end();
      if (!same) commit_.presence.push_back(row);
    }
  }
}

Commit& Transaction::seal() {
  seal_sanctions();
  seal_presence();
  for (const auto& [id, group] : groups_) commit_.groups.push_back(*group);
  return commit_;
}

}  // namespace inboxd
