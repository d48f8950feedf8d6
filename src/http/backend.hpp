#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>

#include "engine/ports.hpp"
#include "http/contacts.hpp"
#include "http/loop.hpp"

namespace inboxd::http {

/// What the resources work on.
struct Parts {
  Store& store;
  Submitter& submitter;
  Contacts& contacts;
  Loop& loop;
  FilterAdmin* filters = nullptr;          ///< null: content filters cannot be changed here
  const FilterSource* content = nullptr;   ///< those in force; null: none
  ConnectionAdmin* connections = nullptr;  ///< null: clients connect to another broker
};

/// Whether there is anything to work on: the server listens before the store is opened, and after it is
/// closed. Safe for use from several threads.
class Backend {
 public:
  /// Keeps the parts while it lives.
  class Lease {
   public:
    Lease(Backend& backend, const Parts& parts) : backend_(&backend), parts_(parts) {}
    ~Lease() {
      if (backend_ != nullptr) backend_->leave();
    }
    Lease(Lease&& other) noexcept : backend_(std::exchange(other.backend_, nullptr)), parts_(other.parts_) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Lease& operator=(Lease&&) = delete;

    const Parts* operator->() const noexcept { return &parts_; }

   private:
    Backend* backend_;
    Parts parts_;
  };

  void open(const Parts& parts) {
    const std::lock_guard lock(mutex_);
    parts_.emplace(parts);
  }

  /// No lease is given from now on; returns once none is left.
  void close() {
    std::unique_lock lock(mutex_);
    parts_.reset();
    left_.wait(lock, [this] { return leases_ == 0; });
  }

  /// Nothing where there is none.
  std::optional<Lease> enter() {
    const std::lock_guard lock(mutex_);
    if (!parts_) return std::nullopt;
    ++leases_;
    return std::optional<Lease>(std::in_place, *this, *parts_);
  }

 private:
  void leave() {
    const std::lock_guard lock(mutex_);
    if (--leases_ == 0) left_.notify_all();
  }

  std::mutex mutex_;  // guards all that follows
  std::condition_variable left_;
  std::optional<Parts> parts_;
  std::size_t leases_ = 0;
};

}  // namespace inboxd::http
