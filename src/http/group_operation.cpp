#include "http/group_operation.hpp"

#include <utility>

namespace inboxd::http {
namespace {

/// One request, from its turn to its answer.
struct Operation {
  Api& api;
  Call call;
  Answer answer;
  PartyId id;
  GroupDecision decide;
  GroupQueue::Turn turn = nullptr;
  GroupPlan plan = {};
  GroupHistory history = {};

  void reply(Response response) const { (*answer)(std::move(response)); }
};

Response not_ready() { return error_response(503, "not ready; try again later"); }

void submit(const std::shared_ptr<Operation>& operation, const std::vector<Contact>& contacts) {
  const auto lease = operation->api.backend.enter();
  if (!lease) return operation->reply(not_ready());
  const GroupPlan& plan = operation->plan;
  std::vector<Joiner> joiners;
  joiners.reserve(plan.newcomers.size());
  for (std::size_t i = 0; i < plan.newcomers.size(); ++i) joiners.push_back({plan.newcomers[i], contacts[i]});
  const Regrouped change{operation->api.topics, plan.group, plan.notify};
  (*lease)->submitter.submit(plan.events(change, joiners, operation->history), Submitter::Await::kCommit,
                             operation->api.settings.request_timeout, [operation](const Verdict& verdict) {
                               auto problem = problem_of(verdict);
                               operation->reply(problem ? *std::move(problem) : operation->plan.response);
                               operation->turn.reset();
                             });
}

void take_turn(const std::shared_ptr<Operation>& operation) {
  const auto lease = operation->api.backend.enter();
  if (!lease) return operation->reply(not_ready());
  const AppId& app = operation->api.topics.app;
  auto plan = operation->decide(operation->call, (*lease)->store.group(app, operation->id));
  if (!plan) return operation->reply(std::move(plan.error()));
  operation->plan = *std::move(plan);
  if (operation->plan.replays && !operation->plan.newcomers.empty()) {
    operation->history = (*lease)->store.timeline(
        {app, operation->id, operation->id},
        {.limit = kReplayedMessages, .newest_first = true, .before = {}, .after = {}});
  }
  (*lease)->contacts.lookup(operation->plan.newcomers, [operation](const std::vector<Contact>& contacts) {
    submit(operation, contacts);
  });
}

}  // namespace

void run_group_operation(Api& api, const Backend::Lease& lease, Call call, const Answer& answer,
                         const PartyId& group, GroupDecision decide) {
  auto operation =
      std::make_shared<Operation>(Operation{api, std::move(call), answer, group, std::move(decide)});
  const bool taken = api.group_queue.run(group, lease->loop, [operation](GroupQueue::Turn turn) {
    operation->turn = std::move(turn);
    try {
      take_turn(operation);
    } catch (const StoreError&) {
      operation->reply(error_response(503, "the store cannot be read and written; try again later"));
    }
  });
  if (!taken) (*answer)(error_response(503, "too many operations on groups wait; try again later"));
}

}  // namespace inboxd::http
