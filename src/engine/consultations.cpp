#include "engine/consultations.hpp"

namespace inboxd {

bool Consultations::has_room() {
  if (waiting_.size() < window_) return true;
  std::erase_if(waiting_, [](const auto& question) { return question->answered(); });
  return waiting_.size() < window_;
}

std::shared_ptr<const Consultations::Question> Consultations::ask(const HookQuestion& question) {
  auto asked = std::make_shared<Question>();
  waiting_.push_back(asked);
  hook_->ask(question, [asked, wake = wake_](const HookVerdict& verdict) {
    asked->verdict_ = verdict;
    asked->answered_.store(true, std::memory_order_release);
    wake();
  });
  return asked;
}

}  // namespace inboxd
