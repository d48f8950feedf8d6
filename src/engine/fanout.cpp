#include "engine/fanout.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "core/decide.hpp"

namespace inboxd {
namespace {

/// Jobs whose members stay in memory between slices; those of more groups are read anew for each slice.
constexpr std::size_t kMaxLoaded = 16;

}  // namespace

Fanout::Fanout(const Topics& topics, std::size_t slice, const Store& store, EventWriter& events, Ids& ids,
               Sanctions& sanctions)
    : topics_(topics), slice_(slice), store_(store), events_(events), ids_(ids), sanctions_(sanctions) {
  for (const auto& [job, progress] : store.jobs()) {
    add(job);
    Job& added = queues_[job.group].back();
    added.done = progress.done;
    added.again = true;
  }
}

void Fanout::add(const FanoutJob& job) {
  auto& queue = queues_[job.group];
  if (queue.empty()) turns_.push_back(job.group);
  queue.push_back({.sequence = job.sequence, .loaded = std::nullopt});
  ++jobs_;
}

void Fanout::load(Job& job) {
  if (job.loaded) return;
  job.loaded = store_.job(job.sequence);
  if (!job.loaded) {
    throw StoreError(StoreError::Kind::kCorrupt,
                     "fan-out job " + std::to_string(job.sequence) + " is missing");
  }
  job.members = job.loaded->members.size();
  ++loaded_;
}

void Fanout::unload(Job& job) {
  if (!job.loaded) return;
  job.loaded.reset();
  --loaded_;
}

std::optional<Fanout::Slice> Fanout::next(Transaction& transaction) {
  if (turns_.empty()) return std::nullopt;
  PartyId group = turns_.front();
  Job& job = queues_.at(group).front();
  load(job);
  const std::size_t end = std::min<std::size_t>(job.loaded->members.size(), job.done + slice_);
  std::size_t withheld = 0;
  if (job.loaded->message.empty()) {
    write_notices(job, end, transaction);
  } else {
    withheld = write_messages(job, end, transaction);
  }
  turns_.pop_front();
  if (loaded_ > kMaxLoaded) unload(job);
  return Slice{job.sequence, std::move(group), end, withheld};
}

std::size_t Fanout::write_messages(const Job& job, std::size_t end, Transaction& transaction) const {
  const auto message = store_.message(job.loaded->app, job.loaded->message);
  if (!message) {
    throw StoreError(StoreError::Kind::kCorrupt,
                     "message " + job.loaded->message.str() + " of a fan-out job is missing");
  }
  CopyWriter writer(topics_, *message, transaction, events_, ids_);
  std::size_t withheld = 0;
  for (std::size_t i = job.done; i < end; ++i) {
    const PartyId& member = job.loaded->members[i];
    // He may have blocked the sender since the message was decided.
    if (message->sender.view() != kSystemSender && sanctions_.blocks(member, message->sender, transaction)) {
      ++withheld;
      continue;
    }
    Copy copy = member_copy(*message, member);
    const auto existing =
        job.again ? store_.row(copy.row.timeline, copy.row.timestamp, copy.row.message) : std::nullopt;
    if (existing) {
      writer.announce(*existing);
    } else {
      writer.deliver(std::move(copy), job.loaded->update_conversations);
    }
  }
  return withheld;
}

void Fanout::write_notices(const Job& job, std::size_t end, Transaction& transaction) const {
  const auto payload = std::make_shared<const std::string>(job.loaded->notice);
  for (std::size_t i = job.done; i < end; ++i) {
    for (std::string& key : group_updated_keys(topics_, job.loaded->members[i], job.loaded->group)) {
      transaction.publish({std::move(key), payload});
    }
  }
}

void Fanout::confirmed(const Slice& slice, Commit& chores) {
  const auto found = queues_.find(slice.group);
  std::deque<Job>& queue = found->second;
  Job& job = queue.front();
  job.done = slice.end;
  job.again = false;
  if (job.done < job.members) {
    chores.job_progress.push_back({job.sequence, job.done});
    turns_.push_back(slice.group);
    return;
  }
  chores.finished_jobs.push_back(job.sequence);
  unload(job);
  queue.pop_front();
  --jobs_;
  if (queue.empty()) {
    queues_.erase(found);
  } else {
    turns_.push_back(slice.group);
  }
}

void Fanout::session_lost() {
  turns_.clear();
  for (auto& [group, queue] : queues_) {
    queue.front().again = true;
    turns_.push_back(group);
  }
}

}  // namespace inboxd
