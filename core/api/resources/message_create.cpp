// POST /v1/messages: take a message. The hot path: one pass over the body, one store operation, one
// string written.
#include <algorithm>
#include <utility>

#include "core/api/endpoint.h"
#include "core/api/idempotency.h"
#include "core/api/json_body.h"
#include "core/api/message_json.h"
#include "core/api/rate_limit_headers.h"
#include "core/api/store_answers.h"
#include "core/api/submission_reader.h"
#include "core/base/text.h"
#include "core/http/await.h"
#include "core/http/problem.h"

namespace heliograph::api {
namespace {

struct Order {
  model::NewMessage message;
  std::optional<ports::IdempotencyKey> idempotency;
};

// RFC 7240 lets a server ignore what it does not know; `wait` is documented, so it is refused until
// it works.
bool asks_to_wait(const http::Request& request) {
  return std::ranges::any_of(request.headers, [](const http::Header& header) {
    if (header.first != "prefer") return false;
    return base::to_lower_ascii(header.second).find("wait") != std::string::npos;
  });
}

std::unexpected<http::Problem> bad(std::string detail, std::string pointer = {}) {
  http::Problem problem;
  problem.detail = std::move(detail);
  problem.pointer = std::move(pointer);
  return std::unexpected(std::move(problem));
}

std::expected<Order, http::Problem> read_order(const Call& call) {
  auto idempotency = idempotency_record(call.request, call.client().id);
  if (!idempotency) return std::unexpected(std::move(idempotency.error()));
  if (asks_to_wait(call.request)) return bad("Prefer: wait is not supported yet");
  const auto body = read_object(call.request);
  if (!body) return std::unexpected(body.error());
  auto submission = read_submission(*body);
  if (!submission) return std::unexpected(std::move(submission.error()));
  auto message = call.ports().intake.judge(call.client(), *submission);
  if (!message) return bad(std::move(message.error().detail), std::move(message.error().pointer));
  return Order{.message = std::move(*message), .idempotency = *idempotency};
}

struct Answer {
  pipeline::LimitState& limit;

  http::Response operator()(const ports::AcceptResult& result) const {
    return std::visit(StoreAnswers{}, result);
  }
  http::Response operator()(const pipeline::RateLimited& limited) const {
    http::Response response =
        http::problem_response(429, "Too many messages; try again after Retry-After.");
    add_retry_after(limited.retry_after, response);
    // Both say when the next message will be taken, so that no reader waits for the wrong one.
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(limited.retry_after).count();
    limit.reset_seconds = static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 1));
    return response;
  }
  http::Response operator()(const pipeline::IdempotencyInFlight&) const {
    http::Response response =
        http::problem_response(409, "A request with this Idempotency-Key is still being answered.");
    response.headers.emplace_back("Retry-After", "1");
    return response;
  }
};

boost::asio::awaitable<http::Response> create_message(Call& call) {
  auto order = read_order(call);
  if (!order) co_return http::problem_response(order.error());

  pipeline::LimitState limit;
  auto start = [&](ports::Done<pipeline::IntakeResult> done) {
    call.ports().intake.accept(call.client(), std::move(order->message), order->idempotency, {},
                               &limit, call.executor(), std::move(done));
  };
  const auto result = co_await http::await_done<pipeline::IntakeResult>(start);
  const Answer answer{limit};
  http::Response response = std::visit(answer, result);
  add_rate_limit_headers(limit, response);
  co_return response;
}

}  // namespace

void add_message_create(Routes& routes) {
  routes.client(http::Method::kPost, "/v1/messages", model::kScopeSend, create_message,
                routes.message_body());
}

}  // namespace heliograph::api
