#include <rocksdb/snapshot.h>

#include <algorithm>
#include <string>

#include "store/recovering_db.hpp"
#include "store/rocksdb_find.hpp"
#include "store/rocksdb_handle.hpp"
#include "store/rocksdb_scan.hpp"
#include "store/rocksdb_store.hpp"
#include "store/row_codec.hpp"
#include "store/row_keys.hpp"

namespace inboxd::store {
namespace {

/// The rows of a page, without their bodies.
std::vector<TimelineRow> page_of(const RocksDbHandle& handle, const TimelineKey& timeline,
                                 const TimelinePage& page) {
  std::string prefix;
  timeline_prefix(prefix, timeline);
  std::string lower = prefix;
  std::string upper = after_prefix(prefix);
  if (page.after) {
    timeline_key(lower, timeline, page.after->timestamp, page.after->message);
    lower.push_back('\0');  // the smallest key above the position's own
  }
  if (page.before) timeline_key(upper, timeline, page.before->timestamp, page.before->message);
  std::vector<TimelineRow> rows;
  if (lower >= upper) return rows;
  Scan scan(handle, Column::kTimelines, std::move(lower), std::move(upper));
  page.newest_first ? scan.to_last() : scan.to_first();
  for (; rows.size() < page.limit && scan.valid(); page.newest_first ? scan.previous() : scan.next()) {
    const auto suffix = parse_timeline_suffix(scan.key().substr(prefix.size()));
    if (!suffix) handle.fail_corrupt(Column::kTimelines, "a key is malformed");
    auto& row = rows.emplace_back();
    row.timeline = timeline;
    row.timestamp = suffix->timestamp;
    row.message = MessageId(std::string(suffix->message));
    if (!decode(scan.value(), row)) handle.fail_corrupt(Column::kTimelines, kMalformed);
  }
  return rows;
}

/// Reads one owner's conversations in order, without their last messages.
class ConversationPage {
 public:
  ConversationPage(const RocksDbHandle& handle, const AppId& app, const PartyId& owner, bool archived)
      : handle_(handle), app_(app), owner_(owner), archived_(archived), snapshot_(&handle.db()) {}

  std::vector<ConversationRow> read(std::size_t limit) {
    std::string prefix;
    order_prefix(prefix, app_, owner_, archived_);
    Scan scan(handle_, Column::kConversationOrder, prefix, after_prefix(prefix), snapshot_.snapshot());
    std::optional<std::int64_t> slot;
    for (scan.to_first(); scan.valid(); scan.next()) {
      const auto suffix = parse_order_suffix(scan.key().substr(prefix.size()));
      if (!suffix) handle_.fail_corrupt(Column::kConversationOrder, "a key is malformed");
      if (slot != suffix->slot) {
        end_slot();
        if (rows_.size() >= limit) break;
        slot = suffix->slot;
      }
      add(*suffix);
    }
    end_slot();
    rows_.resize(std::min(limit, rows_.size()));
    return std::move(rows_);
  }

 private:
  void add(const OrderSuffix& suffix) {
    ConversationRow wanted;
    wanted.key = {app_, owner_, PartyId(std::string(suffix.peer))};
    conversation_key(key_, wanted.key);
    auto row = find(handle_, Column::kConversations, key_, std::move(wanted), snapshot_.snapshot());
    // The row is what counts. A place that it does not have was left over by a commit that failed half-way to
    // the disk.
    if (row && place_of(row->timestamp, row->archived) == OrderPlace{archived_, suffix.slot}) {
      rows_.push_back(std::move(*row));
    }
  }

  /// The table keeps the slots in order; within a slot that is left to us. Its rows are in the order of their
  /// peers.
  void end_slot() {
    const auto begin = rows_.begin() + static_cast<std::ptrdiff_t>(sorted_);
    std::stable_sort(begin, rows_.end(), [](const ConversationRow& left, const ConversationRow& right) {
      return left.timestamp > right.timestamp;
    });
    sorted_ = rows_.size();
  }

  const RocksDbHandle& handle_;
  const AppId& app_;
  const PartyId& owner_;
  bool archived_;
  // One moment's state of both tables: a conversation that moves meanwhile would be missing otherwise.
  rocksdb::ManagedSnapshot snapshot_;
  std::string key_;
  std::vector<ConversationRow> rows_;
  std::size_t sorted_ = 0;  // how many of them are in their final order
};

}  // namespace

std::optional<StoredMessage> RocksDbStore::message(const AppId& app, const MessageId& id) const {
  const auto db = db_->lease();
  std::string key;
  message_key(key, app, id);
  StoredMessage wanted;
  wanted.app = app;
  wanted.id = id;
  return find(*db, Column::kMessages, key, std::move(wanted));
}

std::optional<TimelineRow> RocksDbStore::row(const TimelineKey& timeline, Millis timestamp,
                                             const MessageId& message) const {
  const auto db = db_->lease();
  std::string key;
  timeline_key(key, timeline, timestamp, message);
  TimelineRow wanted;
  wanted.timeline = timeline;
  wanted.timestamp = timestamp;
  wanted.message = message;
  return find(*db, Column::kTimelines, key, std::move(wanted));
}

std::vector<TimelineEntry> RocksDbStore::timeline(const TimelineKey& timeline,
                                                  const TimelinePage& page) const {
  const auto db = db_->lease();
  auto rows = page_of(*db, timeline, page);
  std::vector<MessageId> ids;
  ids.reserve(rows.size());
  for (const auto& row : rows) ids.push_back(row.message);
  auto messages = bodies(*db, timeline.app, ids);
  std::vector<TimelineEntry> entries;
  entries.reserve(messages.size());
  for (std::size_t i = 0; i < messages.size(); ++i)
    entries.push_back({std::move(rows[i]), std::move(messages[i])});
  return entries;
}

std::optional<Millis> RocksDbStore::newest_timestamp(const TimelineKey& timeline) const {
  const auto db = db_->lease();
  const auto newest = page_of(*db, timeline, {.limit = 1, .before = {}, .after = {}});
  if (newest.empty()) return std::nullopt;
  return newest.front().timestamp;
}

std::optional<ConversationRow> RocksDbStore::conversation(const TimelineKey& key) const {
  const auto db = db_->lease();
  std::string bytes;
  conversation_key(bytes, key);
  ConversationRow wanted;
  wanted.key = key;
  return find(*db, Column::kConversations, bytes, std::move(wanted));
}

std::vector<ConversationEntry> RocksDbStore::conversations(const AppId& app, const PartyId& owner,
                                                           bool archived, std::size_t limit) const {
  const auto db = db_->lease();
  auto rows = ConversationPage(*db, app, owner, archived).read(limit);
  std::vector<MessageId> ids;
  ids.reserve(rows.size());
  for (const auto& row : rows) ids.push_back(row.last_message);
  auto messages = bodies(*db, app, ids);
  std::vector<ConversationEntry> entries;
  entries.reserve(messages.size());
  for (std::size_t i = 0; i < messages.size(); ++i)
    entries.push_back({std::move(rows[i]), std::move(messages[i])});
  return entries;
}

std::optional<Group> RocksDbStore::group(const AppId& app, const PartyId& id) const {
  const auto db = db_->lease();
  std::string key;
  group_key(key, app, id);
  Group wanted;
  wanted.app = app;
  wanted.id = id;
  return find(*db, Column::kGroups, key, std::move(wanted));
}

std::optional<MessageId> RocksDbStore::idempotent(const IdempotencyKey& key, Millis now) const {
  const auto db = db_->lease();
  std::string bytes;
  idempotency_key(bytes, key);
  const auto row = find(*db, Column::kIdempotency, bytes, IdempotencyRow{});
  if (!row || row->expires_at <= now) return std::nullopt;
  return row->message;
}

std::vector<FingerprintRow> RocksDbStore::fingerprints() const {
  const auto db = db_->lease();
  std::vector<FingerprintRow> rows;
  Scan scan(*db, Column::kFingerprints);
  for (scan.to_first(); scan.valid(); scan.next()) {
    auto& row = rows.emplace_back();
    row.sequence = sequence_of(*db, Column::kFingerprints, scan.key());
    if (!decode(scan.value(), row)) db->fail_corrupt(Column::kFingerprints, kMalformed);
  }
  return rows;
}

std::optional<PublicationRow> RocksDbStore::publication(std::string_view client_id, std::uint16_t packet_id,
                                                        Millis now) const {
  const auto db = db_->lease();
  std::string key;
  publication_key(key, client_id, packet_id);
  PublicationRow wanted;
  wanted.client_id = client_id;
  wanted.packet_id = packet_id;
  auto row = find(*db, Column::kPublications, key, std::move(wanted));
  return row && row->expires_at > now ? row : std::nullopt;
}

std::vector<DeadLetter> RocksDbStore::dead_letters(std::size_t limit) const {
  const auto db = db_->lease();
  std::vector<DeadLetter> letters;
  Scan scan(*db, Column::kDeadLetters);
  for (scan.to_last(); letters.size() < limit && scan.valid(); scan.previous()) {
    auto& letter = letters.emplace_back();
    letter.id = scan.key();
    if (!decode(scan.value(), letter)) db->fail_corrupt(Column::kDeadLetters, kMalformed);
  }
  return letters;
}

std::optional<DeadLetter> RocksDbStore::dead_letter(std::string_view id) const {
  const auto db = db_->lease();
  DeadLetter wanted;
  wanted.id = id;
  return find(*db, Column::kDeadLetters, std::string(id), std::move(wanted));
}

std::vector<std::pair<FanoutJob, FanoutProgress>> RocksDbStore::jobs() const {
  const auto db = db_->lease();
  std::vector<std::pair<FanoutJob, FanoutProgress>> listing;
  rocksdb::ManagedSnapshot snapshot(&db->db());
  Scan scan(*db, Column::kJobs, {}, std::string(9, '\xff'), snapshot.snapshot());
  for (scan.to_first(); scan.valid(); scan.next()) {
    FanoutJob job;
    job.sequence = sequence_of(*db, Column::kJobs, scan.key());
    if (!decode_job_head(scan.value(), job)) db->fail_corrupt(Column::kJobs, kMalformed);
    const FanoutProgress none{.sequence = job.sequence};
    auto progress = find(*db, Column::kJobProgress, std::string(scan.key()), none, snapshot.snapshot());
    listing.emplace_back(std::move(job), progress.value_or(none));
  }
  return listing;
}

std::optional<FanoutJob> RocksDbStore::job(std::uint64_t sequence) const {
  const auto db = db_->lease();
  std::string key;
  sequence_key(key, sequence);
  FanoutJob job;
  job.sequence = sequence;
  rocksdb::ManagedSnapshot snapshot(&db->db());
  rocksdb::PinnableSlice head;
  rocksdb::PinnableSlice bulk;
  if (!get(*db, Column::kJobs, key, head, snapshot.snapshot())) return std::nullopt;
  if (!get(*db, Column::kJobBulk, key, bulk, snapshot.snapshot())) {
    db->fail_corrupt(Column::kJobBulk, "there is no row for a job");
  }
  if (!decode_job_head(view(head), job) || !decode_job_bulk(view(bulk), job)) {
    db->fail_corrupt(Column::kJobs, kMalformed);
  }
  return job;
}

}  // namespace inboxd::store
