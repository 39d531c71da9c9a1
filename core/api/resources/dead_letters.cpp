// GET /v1/dead-letters and the requeueing of dead letters, one or many: messages that were given up
// (FAILED_PERM, EXPIRED) or are in doubt for good (UNKNOWN).
#include <memory>
#include <utility>

#include "core/api/bulk_requeue.h"
#include "core/api/cursor.h"
#include "core/api/endpoint.h"
#include "core/api/json_body.h"
#include "core/api/message_json.h"
#include "core/api/message_list.h"
#include "core/api/requeue.h"
#include "core/http/await.h"
#include "core/http/problem.h"

namespace heliograph::api {
namespace {

boost::asio::awaitable<http::Response> list_dead_letters(Call& call) {
  co_return co_await answer_list(call, ListKind::kDeadLetters);
}

boost::asio::awaitable<http::Response> requeue_one(Call& call) {
  co_return co_await requeue_dead_letter(call, call.client().id);
}

struct FailureWriter {
  JsonWriter& json;

  void operator()(const ports::Requeued&) const {}
  void operator()(const ports::Conflict& other) const {
    json.text("error", "not a dead letter any more");
    json.text("message_status", model::to_string(other.status));
  }
  void operator()(const ports::InsufficientCredit& lack) const {
    json.text("error", "insufficient credits");
    json.integer("required_cents", lack.required_cents);
  }
  void operator()(const ports::OptedOut&) const {
    json.text("error", "the recipient has opted out");
  }
  void operator()(const ports::NotFound&) const { json.text("error", "not found"); }
};

http::Response bulk_response(const BulkResult& result, const BulkRequest& request) {
  JsonWriter json(128 * (result.failed.size() + 1));
  json.begin_object();
  json.count("requeued", result.requeued);
  json.begin_array("failed");
  for (const auto& [id, failure] : result.failed) {
    json.begin_object();
    json.text("id", id.to_string());
    const FailureWriter writer{json};
    std::visit(writer, failure);
    json.end_object();
  }
  json.end_array();
  if (result.next_row > 0) {
    json.text("next_cursor", encode_cursor(result.next_row, request.scope));
  } else {
    json.null("next_cursor");
  }
  json.end_object();
  return json_response(200, json);
}

boost::asio::awaitable<http::Response> requeue_many(Call& call) {
  const auto body = read_optional_object(call.request);
  if (!body) co_return http::problem_response(body.error());
  const auto request =
      read_bulk_request(*body, call.client().id, call.context.settings.messages.validity);
  if (!request) co_return http::problem_response(request.error());
  const BulkResult result = co_await requeue_matching(call.ports().queries, call.ports().store,
                                                      *request, call.executor());
  co_return bulk_response(result, *request);
}

}  // namespace

void add_dead_letters(Routes& routes) {
  using enum http::Method;
  routes.client(kGet, "/v1/dead-letters", model::kScopeRead, list_dead_letters);
  routes.client(kPost, "/v1/dead-letters/requeue", model::kScopeSend, requeue_many);
  routes.client(kPost, "/v1/dead-letters/{id}/requeue", model::kScopeSend, requeue_one);
}

}  // namespace heliograph::api
