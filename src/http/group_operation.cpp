#include "http/group_operation.hpp"

#include <utility>

#include "http/group_policy.hpp"

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

Response store_fails() {
  return error_response(503, "the store cannot be read and written; try again later");
}

Response done(const GroupPlan& plan) {
  if (!plan.replies) return success();
  return {201, "application/json",
          json::ObjectWriter(plan.group.json.size() + 32)
              .boolean("success", true)
              .raw("group", plan.group.json)
              .finish()};
}

/// The group's new state is the first part. A later one is an announcement, or history: where it is refused,
/// the group is changed all the same, and who was told otherwise would try in vain to change it again.
Response outcome(const Operation& operation, const Verdict& verdict) {
  const bool is_changed = verdict.failure.empty() && verdict.refusal && verdict.refused_part > 0;
  if (is_changed) return done(operation.plan);
  return problem_of(verdict).value_or(done(operation.plan));
}

/// What the engine would refuse, once other parts of the operation were published.
std::optional<Response> too_large(const Api& api, const Group& group) {
  const std::size_t most = api.settings.max_group_members;
  if (group.members.size() <= most) return std::nullopt;
  return refusal_response({Reason::kGroupTooLarge, "a group may have " + std::to_string(most) + " members"});
}

void publish(const std::shared_ptr<Operation>& operation, const std::vector<Contact>& contacts) {
  const auto lease = operation->api.backend.enter();
  if (!lease) return operation->reply(not_ready());
  const GroupPlan& plan = operation->plan;
  std::vector<Joiner> joiners;
  joiners.reserve(plan.newcomers.size());
  for (std::size_t i = 0; i < plan.newcomers.size(); ++i) joiners.push_back({plan.newcomers[i], contacts[i]});
  const Regrouped change{
      operation->api.topics, plan.group, plan.notify,
      [&store = (*lease)->store, &app = plan.group.app](const PartyId& joiner, const PartyId& sender) {
        return store.block(app, joiner, sender).has_value();
      }};
  auto events = plan.events(change, joiners, operation->history);
  if (events.empty()) return operation->reply(done(plan));
  (*lease)->submitter.submit(std::move(events), Submitter::Await::kCommit,
                             operation->api.settings.request_timeout, [operation](const Verdict& verdict) {
                               operation->reply(outcome(*operation, verdict));
                               operation->turn.reset();
                             });
}

/// One step of it, whatever thread and callback it is called from.
template <class Step, class... Arguments>
void guarded(const std::shared_ptr<Operation>& operation, const Step& step, const Arguments&... arguments) {
  try {
    step(operation, arguments...);
  } catch (const StoreError&) {
    operation->reply(store_fails());
  }
}

void take_turn(const std::shared_ptr<Operation>& operation) {
  const auto lease = operation->api.backend.enter();
  if (!lease) return operation->reply(not_ready());
  const AppId& app = operation->api.topics.app;
  if (auto banned = ban_problem(operation->api, (*lease)->store, operation->call.caller.user)) {
    return operation->reply(*std::move(banned));
  }
  auto plan = operation->decide(operation->call, (*lease)->store.group(app, operation->id));
  if (!plan) return operation->reply(std::move(plan.error()));
  if (auto refused = too_large(operation->api, plan->group)) return operation->reply(*std::move(refused));
  if (auto refused = apply_policies(operation->api, *lease, operation->call.caller, *plan)) {
    return operation->reply(*std::move(refused));
  }
  operation->plan = *std::move(plan);
  if (operation->plan.replays && !operation->plan.newcomers.empty()) {
    operation->history = (*lease)->store.timeline(
        {app, operation->id, operation->id},
        {.limit = kReplayedMessages, .newest_first = true, .before = {}, .after = {}});
  }
  (*lease)->contacts.lookup(operation->plan.newcomers, [operation](const std::vector<Contact>& contacts) {
    guarded(operation, publish, contacts);
  });
}

}  // namespace

void run_group_operation(Api& api, const Backend::Lease& lease, Call call, const Answer& answer,
                         const PartyId& group, GroupDecision decide) {
  auto operation =
      std::make_shared<Operation>(Operation{api, std::move(call), answer, group, std::move(decide)});
  const bool taken = api.group_queue.run(group, lease->loop, [operation](GroupQueue::Turn turn) {
    operation->turn = std::move(turn);
    guarded(operation, take_turn);
  });
  if (!taken) (*answer)(error_response(503, "too many operations on groups wait; try again later"));
}

}  // namespace inboxd::http
