#include "webhook/sender.hpp"

#include <utility>
#include <vector>

#include "webhook/leftovers.hpp"
#include "webhook/worker.hpp"

namespace inboxd::webhook {

class WebhookSender::Impl {
 public:
  Impl(Settings settings, Store& store, Clock& clock, Entropy& entropy, Log& log, WebhookProbe& probe)
      : settings_(std::move(settings)), clock_(clock) {
    const Surroundings around{settings_, store, clock, log, probe};
    for (std::size_t i = 0; i < settings_.endpoints.size(); ++i) {
      workers_.push_back(std::make_unique<Worker>(around, i, entropy.next()));
    }
    leftovers_.emplace(around);
  }
  ~Impl() { stop(clock_.steady()); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void wake() {
    for (const auto& worker : workers_) worker->wake();
  }
  void rescan() {
    for (const auto& worker : workers_) worker->rescan();
  }
  void stop(SteadyClock::time_point deadline) {
    if (std::exchange(stopped_, true)) return;
    for (const auto& worker : workers_) worker->stop(deadline);
    for (const auto& worker : workers_) worker->join();
    leftovers_.reset();
  }

 private:
  const Settings settings_;
  Clock& clock_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::optional<Leftovers> leftovers_;
  bool stopped_ = false;
};

WebhookSender::WebhookSender(Settings settings, Store& store, Clock& clock, Entropy& entropy, Log& log,
                             WebhookProbe& probe)
    : impl_(std::make_unique<Impl>(std::move(settings), store, clock, entropy, log, probe)) {}

WebhookSender::~WebhookSender() = default;

void WebhookSender::wake() { impl_->wake(); }
void WebhookSender::rescan() { impl_->rescan(); }
void WebhookSender::stop(SteadyClock::time_point deadline) { impl_->stop(deadline); }

}  // namespace inboxd::webhook
