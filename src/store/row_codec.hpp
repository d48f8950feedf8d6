#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/rows.hpp"
#include "engine/ports.hpp"
#include "store/row_keys.hpp"

/// The values of the RocksDB tables (docs/storage.md). What a row's key says is not said again in its value.
/// The schema version in the table `meta` stands for all of these formats.
///
/// encode() replaces what `out` held; decode() fills the fields that the value holds, leaves those of the key
/// alone, and answers false where the bytes are not what encode() writes.
namespace inboxd::store {

/// A message's value but for its JSON, which follows and ends the value: large, so it is not copied to be
/// joined.
void encode_message_head(std::string& out, const StoredMessage& message);
bool decode(std::string_view value, StoredMessage& message);

void encode(std::string& out, const TimelineRow& row);
bool decode(std::string_view value, TimelineRow& row);

void encode(std::string& out, const ConversationRow& row);
bool decode(std::string_view value, ConversationRow& row);

/// The part of a conversation's row that the order table repeats.
std::optional<OrderPlace> decode_place(std::string_view value);

void encode(std::string& out, const Group& group);
bool decode(std::string_view value, Group& group);

void encode(std::string& out, const IdempotencyRow& row);
bool decode(std::string_view value, IdempotencyRow& row);
/// Of an idempotency or publication row: when it expires.
std::optional<Millis> decode_expiry(std::string_view value);

void encode(std::string& out, const FingerprintRow& row);
bool decode(std::string_view value, FingerprintRow& row);

void encode(std::string& out, const PublicationRow& row);
bool decode(std::string_view value, PublicationRow& row);

void encode(std::string& out, const DeadLetter& letter);
bool decode(std::string_view value, DeadLetter& letter);

void encode(std::string& out, const OutboxRow& row);
bool decode(std::string_view value, OutboxRow& row);

void encode(std::string& out, const UndeliveredEvent& event);
bool decode(std::string_view value, UndeliveredEvent& event);

/// The arrivals of one owner in one commit share a row. Appends one to those in `out`; `previous` is the
/// sequence of the last of them, 0 if there is none.
void append_arrival(std::string& out, std::uint64_t previous, const ArrivalRow& row);
/// Appends them all to `rows`, each with `timeline`'s app and owner.
bool decode_arrivals(std::string_view value, const TimelineKey& timeline, std::vector<ArrivalRow>& rows);

void encode(std::string& out, const PresenceRow& row);
bool decode(std::string_view value, PresenceRow& row);

void encode(std::string& out, const InstanceRow& row);
bool decode(std::string_view value, InstanceRow& row);

void encode(std::string& out, const BlockRow& row);
bool decode(std::string_view value, BlockRow& row);

void encode(std::string& out, const BanRow& row);
bool decode(std::string_view value, BanRow& row);

void encode(std::string& out, const FilterDocument& document);
bool decode(std::string_view value, FilterDocument& document);

/// A job is kept in two tables: what every listing wants, and the bulk that only its execution needs.
void encode_job_head(std::string& out, const FanoutJob& job);
bool decode_job_head(std::string_view value, FanoutJob& job);
void encode_job_bulk(std::string& out, const FanoutJob& job);
bool decode_job_bulk(std::string_view value, FanoutJob& job);

void encode(std::string& out, const FanoutProgress& progress);
bool decode(std::string_view value, FanoutProgress& progress);

}  // namespace inboxd::store
