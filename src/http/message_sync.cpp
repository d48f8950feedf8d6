#include <atomic>
#include <utility>

#include "core/message.hpp"
#include "http/outgoing.hpp"
#include "http/resources.hpp"

namespace inboxd::http {
namespace {

/// One request that waits for the reply to its message. Shared by all that may end the waiting.
struct Waiting {
  Api& api;
  Answer answer;
  std::uint64_t waiter = 0;

  void end(Response response) const {
    if (api.replies.remove(waiter)) (*answer)(std::move(response));
  }
};

Response reply_response(const TimelineRow& row, const StoredMessage& message) {
  return with_result(render_copy(message, row));
}

/// On the server's thread: sees who sent it where the engine's thread could not tell.
void look_up(const Waiting& waiting, const ReplyWaiters::Arrival& arrival) {
  if (arrival.message) return waiting.end(reply_response(arrival.row, *arrival.message));
  const auto lease = waiting.api.backend.enter();
  if (!lease) return;
  try {
    const auto message = (*lease)->store.message(arrival.row.timeline.app, arrival.row.message);
    if (message && message->sender != arrival.row.timeline.owner) {
      waiting.end(reply_response(arrival.row, *message));
    }
  } catch (const StoreError&) {
    return;  // the time limit answers
  }
}

void after_send(Waiting& waiting, const Verdict& verdict) {
  if (auto problem = problem_of(verdict)) return waiting.end(*std::move(problem));
  waiting.api.replies.arm(waiting.waiter);
}

void send_and_wait(Api& api, const Backend::Lease& lease, const Call& call, const Answer& answer) {
  auto outgoing = read_outgoing(call);
  if (!outgoing) return (*answer)(std::move(outgoing.error()));
  const auto waiting = std::make_shared<Waiting>(Waiting{api, answer});
  Loop& loop = lease->loop;
  const auto waiter = api.replies.add({api.topics.app, outgoing->sender, outgoing->recipient},
                                      [&loop, waiting](const ReplyWaiters::Arrival& arrival) {
                                        loop.post([waiting, arrival] { look_up(*waiting, arrival); });
                                      });
  if (!waiter) return (*answer)(error_response(503, "too many wait for a reply; try again later"));
  waiting->waiter = *waiter;
  loop.after(api.settings.reply_timeout, [late = std::weak_ptr(waiting)] {
    if (const auto still = late.lock()) still->end(error_response(504, "nobody replied in time"));
  });
  lease->submitter.submit({publication_of(api.topics, *std::move(outgoing))}, Submitter::Await::kCommit,
                          api.settings.request_timeout,
                          [waiting](const Verdict& verdict) { after_send(*waiting, verdict); });
}

}  // namespace

void add_message_sync(Router& router, Api& api) {
  add_async_resource(router, api, Method::kPost, "/messages/sync",
                     [&api](const Backend::Lease& lease, const Call& call, const Answer& answer) {
                       send_and_wait(api, lease, call, answer);
                     });
}

}  // namespace inboxd::http
