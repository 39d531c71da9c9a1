#include "core/api/requeue.h"

#include <utility>

#include "core/api/duration_field.h"
#include "core/api/json_body.h"
#include "core/api/json_fields.h"
#include "core/api/store_answers.h"
#include "core/http/await.h"
#include "core/http/problem.h"

namespace heliograph::api {
namespace {

struct RequeueAnswer {
  http::Response operator()(const ports::Conflict& other) const {
    return conflict(other.status, "requeued");
  }
  template <class Result>
  http::Response operator()(const Result& result) const {
    return StoreAnswers{}(result);
  }
};

std::expected<std::chrono::milliseconds, http::Problem> requeue_validity(const Call& call) {
  const auto body = read_optional_object(call.request);
  if (!body) return std::unexpected(body.error());
  JsonFields fields(*body);
  const auto validity = read_validity(fields, "validity");
  if (auto problem = fields.finish()) return std::unexpected(std::move(*problem));
  return validity.value_or(call.context.settings.messages.validity);
}

}  // namespace

boost::asio::awaitable<http::Response> requeue_dead_letter(Call& call,
                                                           std::optional<model::ClientId> owner) {
  const auto validity = requeue_validity(call);
  if (!validity) co_return http::problem_response(validity.error());
  const auto id = model::MessageId::parse(call.request.param("id"));
  if (!id) co_return StoreAnswers{}(ports::NotFound{});
  auto start = [&](ports::Done<ports::RequeueResult> done) {
    call.ports().store.requeue(owner, *id, *validity, call.executor(), std::move(done));
  };
  const auto result = co_await http::await_done<ports::RequeueResult>(start);
  co_return std::visit(RequeueAnswer{}, result);
}

}  // namespace heliograph::api
