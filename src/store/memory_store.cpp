#include "store/memory_store.hpp"

#include <algorithm>

#include "store/row_keys.hpp"

namespace inboxd::store {
namespace {

template <class Map, class Key>
std::optional<typename Map::mapped_type> find_copy(const Map& map, const Key& key) {
  const auto found = map.find(key);
  if (found == map.end()) return std::nullopt;
  return found->second;
}

template <class Map>
std::vector<typename Map::mapped_type> values_of(const Map& map) {
  std::vector<typename Map::mapped_type> values;
  values.reserve(map.size());
  for (const auto& [key, value] : map) values.push_back(value);
  return values;
}

bool newer_first(const ConversationRow& left, const ConversationRow& right) {
  if (left.timestamp != right.timestamp) return left.timestamp > right.timestamp;
  return left.key.peer < right.key.peer;
}

}  // namespace

void MemoryStore::commit(const Commit& commit) {
  const std::lock_guard lock(mutex_);
  write_messages(commit);
  write_bookkeeping(commit);
  write_dead_letters(commit);
  write_undelivered(commit);
  write_users(commit);
  write_policies(commit);
}

void MemoryStore::write_messages(const Commit& commit) {
  for (const auto& message : commit.messages) {
    messages_.insert_or_assign({message.app, message.id}, message);
  }
  for (const auto& row : commit.rows) {
    timelines_[row.timeline].insert_or_assign({row.timestamp, row.message}, row);
  }
  for (const auto& timeline : commit.removed_timelines) timelines_.erase(timeline);
  for (const auto& row : commit.conversations) conversations_.insert_or_assign(row.key, row);
  for (const auto& key : commit.removed_conversations) conversations_.erase(key);
  for (const auto& group : commit.groups) groups_.insert_or_assign({group.app, group.id}, group);
}

void MemoryStore::write_bookkeeping(const Commit& commit) {
  for (const auto& row : commit.idempotency) idempotency_.insert_or_assign(row.key, row);
  for (const auto& row : commit.fingerprints) fingerprints_.insert_or_assign(row.sequence, row);
  for (const auto sequence : commit.forgotten_fingerprints) fingerprints_.erase(sequence);
  for (const auto& row : commit.publications) {
    publications_.insert_or_assign({row.client_id, row.packet_id}, row);
  }
  for (const auto& row : commit.outbox) outbox_.insert_or_assign({row.endpoint, row.sequence}, row);
  for (const auto& key : commit.removed_outbox) outbox_.erase(key);
  for (const auto& row : commit.arrivals) {
    arrivals_[{row.timeline.app, row.timeline.owner}].insert_or_assign(row.sequence, row);
    last_arrival_ = std::max(last_arrival_, row.sequence);
  }
  if (commit.sequence_floor) floor_ = *commit.sequence_floor;
  for (const auto& job : commit.jobs) jobs_.insert_or_assign(job.sequence, job);
  for (const auto& progress : commit.job_progress) progress_.insert_or_assign(progress.sequence, progress);
  for (const auto sequence : commit.finished_jobs) {
    jobs_.erase(sequence);
    progress_.erase(sequence);
  }
}

void MemoryStore::write_dead_letters(const Commit& commit) {
  for (const auto& letter : commit.dead_letters) {
    dead_letters_.insert_or_assign(letter.id, letter);
    ledgers_.dead_letters.add(letter.id, bytes_of(letter));
  }
  for (const auto& id : commit.removed_dead_letters) {
    dead_letters_.erase(id);
    ledgers_.dead_letters.remove(id);
  }
  for (const auto& id : ledgers_.dead_letters.evict()) dead_letters_.erase(id);
}

void MemoryStore::write_undelivered(const Commit& commit) {
  std::string key;
  for (const auto& event : commit.undelivered) {
    sequence_key(key, event.row.sequence);
    undelivered_.insert_or_assign(event.row.sequence, event);
    ledgers_.undelivered.add(key, bytes_of(event));
  }
  for (const auto sequence : commit.removed_undelivered) {
    sequence_key(key, sequence);
    undelivered_.erase(sequence);
    ledgers_.undelivered.remove(key);
  }
  for (const auto& evicted : ledgers_.undelivered.evict()) undelivered_.erase(*parse_sequence(evicted));
}

void MemoryStore::write_users(const Commit& commit) {
  for (const auto& row : commit.presence) presence_.insert_or_assign({row.app, row.user, row.client}, row);
  for (const auto& row : commit.removed_presence) presence_.erase({row.app, row.user, row.client});
  for (const auto& row : commit.instances) instances_.insert_or_assign({row.app, row.user, row.id}, row);
  for (const auto& row : commit.removed_instances) instances_.erase({row.app, row.user, row.id});
}

void MemoryStore::write_policies(const Commit& commit) {
  for (const auto& row : commit.blocks) {
    blocks_.insert_or_assign({row.app, row.owner, row.user}, row);
    blockers_.insert({row.app, row.user, row.owner});
  }
  for (const auto& row : commit.removed_blocks) {
    blocks_.erase({row.app, row.owner, row.user});
    blockers_.erase({row.app, row.user, row.owner});
  }
  for (const auto& row : commit.bans) bans_.insert_or_assign({row.app, row.user}, row);
  for (const auto& row : commit.removed_bans) bans_.erase({row.app, row.user});
  for (const auto& document : commit.filters) filters_.insert_or_assign(document.app, document);
}

const StoredMessage& MemoryStore::body(const AppId& app, const MessageId& id) const {
  const auto found = messages_.find({app, id});
  if (found == messages_.end()) {
    throw StoreError(StoreError::Kind::kCorrupt, "a row refers to a message that the store does not hold");
  }
  return found->second;
}

std::optional<StoredMessage> MemoryStore::message(const AppId& app, const MessageId& id) const {
  const std::lock_guard lock(mutex_);
  return find_copy(messages_, std::pair{app, id});
}

std::optional<TimelineRow> MemoryStore::row(const TimelineKey& timeline, Millis timestamp,
                                            const MessageId& message) const {
  const std::lock_guard lock(mutex_);
  const auto found = timelines_.find(timeline);
  if (found == timelines_.end()) return std::nullopt;
  return find_copy(found->second, Position{timestamp, message});
}

std::vector<TimelineEntry> MemoryStore::timeline(const TimelineKey& key, const TimelinePage& page) const {
  const std::lock_guard lock(mutex_);
  const auto found = timelines_.find(key);
  if (found == timelines_.end()) return {};
  std::vector<const TimelineRow*> rows;
  for (const auto& [position, row] : found->second) {
    if (page.before && position >= Position{page.before->timestamp, page.before->message}) continue;
    if (page.after && position <= Position{page.after->timestamp, page.after->message}) continue;
    rows.push_back(&row);
  }
  if (page.newest_first) std::reverse(rows.begin(), rows.end());
  rows.resize(std::min(rows.size(), page.limit));
  std::vector<TimelineEntry> entries;
  entries.reserve(rows.size());
  std::size_t bytes = 0;
  for (const auto* row : rows) {
    const StoredMessage& message = body(key.app, row->message);
    bytes += message.json.size();
    if (bytes > kMaxReadBytes && !entries.empty()) break;
    entries.push_back({*row, message});
  }
  return entries;
}

std::optional<Millis> MemoryStore::newest_timestamp(const TimelineKey& timeline) const {
  const std::lock_guard lock(mutex_);
  const auto found = timelines_.find(timeline);
  if (found == timelines_.end()) return std::nullopt;
  return found->second.rbegin()->first.first;
}

std::optional<ConversationRow> MemoryStore::conversation(const TimelineKey& key) const {
  const std::lock_guard lock(mutex_);
  return find_copy(conversations_, key);
}

std::vector<ConversationEntry> MemoryStore::conversations(const AppId& app, const PartyId& owner,
                                                          bool archived, std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  std::vector<ConversationRow> rows;
  for (const auto& [key, row] : conversations_) {
    if (key.app == app && key.owner == owner && row.archived == archived) rows.push_back(row);
  }
  std::sort(rows.begin(), rows.end(), newer_first);
  rows.resize(std::min(rows.size(), limit));
  std::vector<ConversationEntry> entries;
  entries.reserve(rows.size());
  std::size_t bytes = 0;
  for (const auto& row : rows) {
    const StoredMessage& message = body(app, row.last_message);
    bytes += message.json.size();
    if (bytes > kMaxReadBytes && !entries.empty()) break;
    entries.push_back({row, message});
  }
  return entries;
}

std::optional<Group> MemoryStore::group(const AppId& app, const PartyId& id) const {
  const std::lock_guard lock(mutex_);
  return find_copy(groups_, std::pair{app, id});
}

std::optional<MessageId> MemoryStore::idempotent(const IdempotencyKey& key, Millis now) const {
  const std::lock_guard lock(mutex_);
  const auto found = idempotency_.find(key);
  if (found == idempotency_.end() || found->second.expires_at <= now) return std::nullopt;
  return found->second.message;
}

std::vector<FingerprintRow> MemoryStore::fingerprints() const {
  const std::lock_guard lock(mutex_);
  return values_of(fingerprints_);
}

std::optional<PublicationRow> MemoryStore::publication(std::string_view client_id, std::uint16_t packet_id,
                                                       Millis now) const {
  const std::lock_guard lock(mutex_);
  auto row = find_copy(publications_, std::pair{std::string(client_id), packet_id});
  return row && row->expires_at > now ? row : std::nullopt;
}

std::vector<DeadLetter> MemoryStore::dead_letters(std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  std::vector<DeadLetter> letters;
  for (auto next = dead_letters_.rbegin(); next != dead_letters_.rend() && letters.size() < limit; ++next) {
    letters.push_back(next->second);
  }
  return letters;
}

std::optional<DeadLetter> MemoryStore::dead_letter(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  return find_copy(dead_letters_, id);
}

std::vector<MessageId> MemoryStore::idempotent_to(const AppId& app, const PartyId& recipient,
                                                  std::string_view temp_uid, Millis now) const {
  const std::lock_guard lock(mutex_);
  std::vector<MessageId> ids;
  for (const auto& [key, row] : idempotency_) {
    const bool matches = key.app == app && key.recipient == recipient && key.temp_uid == temp_uid;
    if (matches && row.expires_at > now) ids.push_back(row.message);
  }
  return ids;
}

std::vector<OutboxRow> MemoryStore::outbox(std::string_view endpoint, std::uint64_t from,
                                           std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  std::vector<OutboxRow> rows;
  auto next = outbox_.lower_bound(OutboxKey{std::string(endpoint), from});
  for (; next != outbox_.end() && next->first.endpoint == endpoint && rows.size() < limit; ++next) {
    rows.push_back(next->second);
  }
  return rows;
}

std::vector<std::string> MemoryStore::outbox_endpoints() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> endpoints;
  for (const auto& [key, row] : outbox_) {
    if (endpoints.empty() || endpoints.back() != key.endpoint) endpoints.push_back(key.endpoint);
  }
  return endpoints;
}

std::vector<UndeliveredEvent> MemoryStore::undelivered(std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  std::vector<UndeliveredEvent> events;
  for (auto next = undelivered_.rbegin(); next != undelivered_.rend() && events.size() < limit; ++next) {
    events.push_back(next->second);
  }
  return events;
}

std::optional<UndeliveredEvent> MemoryStore::undelivered_event(std::uint64_t sequence) const {
  const std::lock_guard lock(mutex_);
  return find_copy(undelivered_, sequence);
}

ArrivalPage MemoryStore::arrivals(const AppId& app, const PartyId& owner, std::uint64_t after,
                                  std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  ArrivalPage page{.entries = {}, .next = std::max(after, last_arrival_)};
  const auto found = arrivals_.find({app, owner});
  if (found == arrivals_.end()) return page;
  std::size_t seen = 0;
  std::size_t bytes = 0;
  for (auto next = found->second.upper_bound(after); next != found->second.end(); ++next) {
    if (seen == limit) {
      page.more = true;
      break;
    }
    const auto& [sequence, arrival] = *next;
    ++seen;
    page.next = std::max(sequence, seen == limit ? std::uint64_t{0} : page.next);
    const auto timeline = timelines_.find(arrival.timeline);
    if (timeline == timelines_.end()) continue;
    const auto row = timeline->second.find(Position{arrival.timestamp, arrival.message});
    if (row == timeline->second.end()) continue;
    const StoredMessage& message = body(app, arrival.message);
    bytes += message.json.size();
    if (bytes > kMaxReadBytes && !page.entries.empty()) {
      page.more = true;
      page.next = page.entries.back().sequence;
      break;
    }
    page.entries.push_back({sequence, {row->second, message}});
  }
  return page;
}

std::uint64_t MemoryStore::sequence_floor() const {
  const std::lock_guard lock(mutex_);
  return floor_;
}

std::vector<PresenceRow> MemoryStore::presence(const AppId& app, const PartyId& user) const {
  const std::lock_guard lock(mutex_);
  std::vector<PresenceRow> rows;
  for (const auto& [key, row] : presence_) {
    if (row.app == app && row.user == user) rows.push_back(row);
  }
  return rows;
}

std::vector<PresenceRow> MemoryStore::presence_page(const std::optional<PresenceRow>& after,
                                                    std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  std::vector<PresenceRow> rows;
  auto next = after ? presence_.upper_bound({after->app, after->user, after->client}) : presence_.begin();
  for (; next != presence_.end() && rows.size() < limit; ++next) rows.push_back(next->second);
  return rows;
}

std::vector<InstanceRow> MemoryStore::instances(const AppId& app, const PartyId& user) const {
  const std::lock_guard lock(mutex_);
  std::vector<InstanceRow> rows;
  for (const auto& [key, row] : instances_) {
    if (row.app == app && row.user == user) rows.push_back(row);
  }
  return rows;
}

std::optional<BlockRow> MemoryStore::block(const AppId& app, const PartyId& owner,
                                           const PartyId& user) const {
  const std::lock_guard lock(mutex_);
  return find_copy(blocks_, Pair{app, owner, user});
}

std::vector<BlockRow> MemoryStore::blocks(const AppId& app, const PartyId& owner,
                                          const std::optional<PartyId>& after, std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  std::vector<BlockRow> rows;
  // No id is empty: the empty one stands before all.
  auto next = blocks_.upper_bound({app, owner, after.value_or(PartyId())});
  for (; next != blocks_.end() && rows.size() < limit; ++next) {
    if (next->second.app != app || next->second.owner != owner) break;
    rows.push_back(next->second);
  }
  return rows;
}

std::vector<PartyId> MemoryStore::blockers(const AppId& app, const PartyId& user, std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  std::vector<PartyId> owners;
  auto next = blockers_.upper_bound({app, user, PartyId()});
  for (; next != blockers_.end() && owners.size() < limit; ++next) {
    const auto& [blockers_app, blocked, owner] = *next;
    if (blockers_app != app || blocked != user) break;
    owners.push_back(owner);
  }
  return owners;
}

std::optional<BanRow> MemoryStore::ban(const AppId& app, const PartyId& user) const {
  const std::lock_guard lock(mutex_);
  return find_copy(bans_, std::pair{app, user});
}

std::vector<BanRow> MemoryStore::bans(const AppId& app, const std::optional<PartyId>& after,
                                      std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  std::vector<BanRow> rows;
  auto next = bans_.upper_bound({app, after.value_or(PartyId())});
  for (; next != bans_.end() && next->second.app == app && rows.size() < limit; ++next) {
    rows.push_back(next->second);
  }
  return rows;
}

std::optional<FilterDocument> MemoryStore::filters(const AppId& app) const {
  const std::lock_guard lock(mutex_);
  return find_copy(filters_, app);
}

std::vector<std::pair<FanoutJob, FanoutProgress>> MemoryStore::jobs() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<FanoutJob, FanoutProgress>> listing;
  for (const auto& [sequence, job] : jobs_) {
    auto head = job;
    head.members.clear();
    head.notice.clear();
    listing.emplace_back(std::move(head),
                         find_copy(progress_, sequence).value_or(FanoutProgress{sequence, 0}));
  }
  return listing;
}

std::optional<FanoutJob> MemoryStore::job(std::uint64_t sequence) const {
  const std::lock_guard lock(mutex_);
  return find_copy(jobs_, sequence);
}

}  // namespace inboxd::store
