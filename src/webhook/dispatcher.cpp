#include "webhook/dispatcher.hpp"

#include <algorithm>
#include <vector>

namespace inboxd::webhook {
namespace {

std::size_t bytes_of(const OutboxRow& row) noexcept {
  return row.body.size() + row.endpoint.size() + row.ordering_key.size() + row.event_id.size();
}

constexpr unsigned kServerError = 500;

bool is_failure(const Reply& reply) noexcept {
  return reply.kind != Reply::Kind::kAnswered || reply.status >= kServerError;
}

std::string reason_of(const Reply& reply) {
  switch (reply.kind) {
    case Reply::Kind::kAnswered:
      return "answered " + std::to_string(reply.status);
    case Reply::Kind::kForbidden:
      return "forbidden: " + reply.why;
    case Reply::Kind::kNotSent:
    case Reply::Kind::kNoAnswer:
      break;
  }
  return reply.why;
}

}  // namespace

Dispatcher::Dispatcher(const Settings& settings, std::uint64_t seed)
    : settings_(settings), random_(static_cast<std::minstd_rand::result_type>(seed)) {}

bool Dispatcher::has_room() const noexcept {
  return rows_ < kMaxRows && bytes_ < kMaxBytes && settled_.size() < kMaxRows;
}

bool Dispatcher::offer(OutboxRow row) {
  const std::uint64_t sequence = row.sequence;
  if (!known_.contains(sequence)) {
    const auto found = lanes_.find(row.ordering_key);
    Lane* lane = found == lanes_.end() ? nullptr : &found->second;
    if (lane != nullptr && (lane->passed_over || lane->rows.size() >= kMaxLaneRows)) {
      lane->passed_over = std::min(lane->passed_over.value_or(sequence), sequence);
    } else {
      if (!has_room() || (rows_ > 0 && bytes_ + bytes_of(row) > kMaxBytes)) return false;
      if (lane == nullptr) {
        lane = &lanes_[row.ordering_key];
        lane->key = row.ordering_key;
      }
      place(*lane, std::move(row));
    }
  }
  from_ = std::max(from_, sequence + 1);
  return true;
}

void Dispatcher::place(Lane& lane, OutboxRow row) {
  known_.insert(row.sequence);
  ++rows_;
  bytes_ += bytes_of(row);
  // A row that was put back is older than others; the first one's turn has begun.
  auto at = lane.rows.end();
  while (at - lane.rows.begin() > 1 && (at - 1)->sequence > row.sequence) --at;
  lane.rows.insert(at, std::move(row));
  if (lane.rows.size() == 1) wait(lane, Time::min());
}

void Dispatcher::wait(Lane& lane, Time until) {
  lane.slot = Slot{until, lane.rows.front().sequence};
  waiting_.emplace(*lane.slot, &lane);
}

void Dispatcher::stop_waiting(Lane& lane) {
  if (lane.slot) waiting_.erase(*lane.slot);
  lane.slot.reset();
}

std::optional<Dispatcher::Attempt> Dispatcher::next(Time now, Millis wall) {
  while (flying_.size() < settings_.concurrency && settled_.size() < kMaxRows && circuit_.allows(now) &&
         !waiting_.empty()) {
    Lane& lane = *waiting_.begin()->second;
    // While it is open, its own pause is the one that counts.
    if (!circuit_.open() && lane.slot->first > now) return std::nullopt;
    const OutboxRow& row = lane.rows.front();
    if (wall - row.created_at > settings_.max_age.count()) {
      give_up(lane, 0, GivenUp::kTooOld, "too_old: not delivered within WEBHOOK_MAX_AGE", wall);
      continue;
    }
    stop_waiting(lane);
    lane.probe = circuit_.begin();
    flying_.emplace(row.sequence, &lane);
    return Attempt{&row, ++lane.attempts};
  }
  return std::nullopt;
}

void Dispatcher::replied(std::uint64_t sequence, const Reply& reply, Time now, Millis wall) {
  const auto found = flying_.find(sequence);
  if (found == flying_.end()) return;
  Lane& lane = *found->second;
  flying_.erase(found);
  const bool probe = std::exchange(lane.probe, false);
  const bool forbidden = reply.kind == Reply::Kind::kForbidden;
  if (is_failure(reply) && !forbidden) {
    // Receivers answer 500 as a matter of routine to what they do not want: where that is final, it says
    // nothing against the endpoint.
    if (reply.kind == Reply::Kind::kAnswered && settings_.retry == Retry::kConnect) {
      give_up(lane, 0, GivenUp::kFailed, reason_of(reply), wall);
      return endpoint_works(now);
    }
    circuit_.failed(probe, now, random_());
    const bool again = settings_.retry == Retry::kAll || reply.kind == Reply::Kind::kNotSent;
    if (again) return try_again(lane, now);
    return give_up(lane, 0, GivenUp::kFailed, reason_of(reply), wall);
  }
  if (forbidden) {
    give_up(lane, 0, GivenUp::kFailed, reason_of(reply), wall);
  } else {
    done(lane);
  }
  endpoint_works(now);
}

void Dispatcher::endpoint_works(Time now) {
  const bool was_open = circuit_.open();
  circuit_.succeeded();
  if (!was_open) return;
  // It is back: nobody has to wait out a pause that was meant for its absence.
  std::vector<Lane*> lanes;
  for (const auto& [slot, lane] : waiting_) {
    if (slot.first > now) lanes.push_back(lane);
  }
  for (Lane* const lane : lanes) {
    stop_waiting(*lane);
    wait(*lane, now);
  }
}

void Dispatcher::try_again(Lane& lane, Time now) { wait(lane, now + net::backoff(lane.attempts, random_())); }

OutboxRow Dispatcher::take_out(Lane& lane, std::size_t index) {
  const auto at = lane.rows.begin() + static_cast<std::ptrdiff_t>(index);
  OutboxRow row = std::move(*at);
  if (index == 0) stop_waiting(lane);
  lane.rows.erase(at);
  --rows_;
  bytes_ -= bytes_of(row);
  if (lane.passed_over && lane.rows.size() <= kMaxLaneRows / 2) {
    from_ = std::min(from_, *lane.passed_over);
    lane.passed_over.reset();
  }
  if (!lane.rows.empty()) {
    if (index == 0) {
      lane.attempts = 0;
      wait(lane, Time::min());
    }
    return row;
  }
  lanes_.erase(lanes_.find(lane.key));
  return row;
}

void Dispatcher::done(Lane& lane) {
  const OutboxRow row = take_out(lane, 0);
  settled_.push_back({.sequence = row.sequence});
}

void Dispatcher::give_up(Lane& lane, std::size_t index, GivenUp why, std::string reason, Millis wall) {
  const std::uint32_t attempts = index == 0 ? lane.attempts : 0;
  OutboxRow row = take_out(lane, index);
  bytes_ += bytes_of(row);
  const std::uint64_t sequence = row.sequence;
  settled_.push_back(
      {sequence,
       UndeliveredEvent{.row = std::move(row), .at = wall, .reason = std::move(reason), .attempts = attempts},
       why});
}

std::optional<Dispatcher::Time> Dispatcher::due() const {
  if (waiting_.empty() || flying_.size() >= settings_.concurrency) return std::nullopt;
  if (circuit_.open()) return circuit_.allows_at();
  return waiting_.begin()->first.first;
}

std::size_t Dispatcher::give_up_oldest(std::size_t count, Millis wall) {
  std::vector<std::pair<std::uint64_t, Lane*>> oldest;
  for (auto& [key, lane] : lanes_) {
    for (const OutboxRow& row : lane.rows) {
      if (!flying_.contains(row.sequence)) oldest.emplace_back(row.sequence, &lane);
    }
  }
  std::sort(oldest.begin(), oldest.end());
  if (oldest.size() > count) oldest.resize(count);
  for (const auto& [sequence, lane] : oldest) {
    const auto at =
        std::find_if(lane->rows.begin(), lane->rows.end(),
                     [wanted = sequence](const OutboxRow& row) { return row.sequence == wanted; });
    give_up(*lane, static_cast<std::size_t>(at - lane->rows.begin()), GivenUp::kOutboxFull,
            "outbox_full: more events waited than WEBHOOK_MAX_PENDING", wall);
  }
  return oldest.size();
}

void Dispatcher::forget_settled(std::size_t count) {
  for (; count > 0 && !settled_.empty(); --count) {
    const Settled& first = settled_.front();
    known_.erase(first.sequence);
    if (first.undelivered) bytes_ -= bytes_of(first.undelivered->row);
    settled_.pop_front();
  }
}

}  // namespace inboxd::webhook
