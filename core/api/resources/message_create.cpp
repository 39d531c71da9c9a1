// POST /v1/messages: take a message. The hot path: one pass over the body, one store operation, one
// string written. In sync mode (`Prefer: wait`, messages.sync_wait) the answer waits for the
// message.
#include <fmt/format.h>

#include <utility>

#include "core/api/endpoint.h"
#include "core/api/idempotency.h"
#include "core/api/intake_answers.h"
#include "core/api/json_body.h"
#include "core/api/message_json.h"
#include "core/api/message_log.h"
#include "core/api/message_wait.h"
#include "core/api/one_time_code.h"
#include "core/api/preferred_wait.h"
#include "core/api/store_answers.h"
#include "core/api/submission_reader.h"
#include "core/http/await.h"
#include "core/http/problem.h"

namespace heliograph::api {
namespace {

struct Order {
  model::NewMessage message;
  std::optional<ports::IdempotencyKey> idempotency;
  std::optional<std::chrono::seconds> wish;  // to wait
  std::string otp_code;                      // empty: none was asked for
  std::string otp_text;                      // what it was put into
  // Until when the message is held back although its client did not ask for it.
  std::optional<model::TimePoint> held_until;
};

std::unexpected<http::Problem> bad(pipeline::FieldError error) {
  http::Problem problem;
  problem.detail = std::move(error.detail);
  problem.pointer = std::move(error.pointer);
  return std::unexpected(std::move(problem));
}

std::expected<Order, http::Problem> read_order(const Call& call) {
  Order order;
  auto idempotency = idempotency_record(call.request, call.client().id);
  if (!idempotency) return std::unexpected(std::move(idempotency.error()));
  order.idempotency = *idempotency;
  const auto wish = preferred_wait(call.request);
  if (!wish) return std::unexpected(wish.error());
  order.wish = *wish;
  const auto body = read_object(call.request);
  if (!body) return std::unexpected(body.error());
  auto submission = read_submission(*body);
  if (!submission) return std::unexpected(std::move(submission.error()));
  if (submission->otp) {
    order.otp_code = generate_otp();
    order.otp_text = std::exchange(submission->text, put_otp(submission->text, order.otp_code));
  }
  auto message = call.ports().intake.judge(call.client(), *submission);
  if (!message) return bad(std::move(message.error()));
  order.message = std::move(*message);
  order.message.trace = call.trace();
  if (order.message.schedule_reason != model::ScheduleReason::kNone) {
    order.held_until = order.message.send_at;
  }
  return order;
}

struct Answer {
  http::Response operator()(const ports::AcceptResult& result) const {
    return std::visit(StoreAnswers{}, result);
  }
  http::Response operator()(const pipeline::RateLimited& limited) const {
    return too_many_messages(limited.retry_after);
  }
  http::Response operator()(const pipeline::IdempotencyInFlight&) const { return key_in_flight(); }
};

const ports::Accepted* accepted_of(const pipeline::IntakeResult& result) {
  const auto* stored = std::get_if<ports::AcceptResult>(&result);
  return stored == nullptr ? nullptr : std::get_if<ports::Accepted>(stored);
}

std::chrono::seconds time_to_wait(const Call& call, const Order& order,
                                  const ports::Accepted& accepted) {
  // What is to be sent later is not worth waiting for.
  if (accepted.status == model::Status::kScheduled) return std::chrono::seconds{0};
  const auto standing =
      std::chrono::ceil<std::chrono::seconds>(call.context.settings.messages.sync_wait);
  return order.wish.value_or(standing);
}

// The message as it is now: 200 once it is settled, else 202.
boost::asio::awaitable<http::Response> answer_state(Call& call, const ports::Accepted& accepted,
                                                    AcceptedMembers members) {
  const auto message = co_await find_message(call, accepted.id);
  if (!message) co_return accepted_response(accepted.id, accepted.status, members.otp_code);
  JsonWriter json(1024);
  members.message_id = true;
  write_message(json, *message, members);
  http::Response response = json_response(model::is_settled(message->status) ? 200 : 202, json);
  response.headers.emplace_back("Location", "/v1/messages/" + accepted.id.to_string());
  co_return response;
}

boost::asio::awaitable<http::Response> answer_accepted(Call& call, Order& order,
                                                       const ports::Accepted& accepted) {
  AcceptedMembers members{.otp_code = order.otp_code};
  if (accepted.replayed && !order.otp_code.empty()) {
    const auto first = co_await find_message(call, accepted.id);
    auto code = first ? find_otp(order.otp_text, first->text) : std::nullopt;
    members.otp_code = std::move(code).value_or("");
  }
  const std::chrono::seconds wait = time_to_wait(call, order, accepted);
  bool waited = false;
  if (wait.count() > 0) waited = co_await wait_until_settled(call, accepted.id, wait);
  http::Response response;
  if (waited) {
    response = co_await answer_state(call, accepted, std::move(members));
    if (order.wish) {
      response.headers.emplace_back("Preference-Applied", fmt::format("wait={}", wait.count()));
    }
  } else {
    // A replay tells of a message that was judged at another time.
    const bool held = order.held_until && !accepted.replayed;
    response = held ? held_response(accepted.id, *order.held_until, members.otp_code)
                    : accepted_response(accepted.id, accepted.status, members.otp_code);
  }
  if (accepted.replayed) response.headers.emplace_back("Idempotent-Replayed", "true");
  co_return response;
}

http::Response refused(const Call& call, const http::Problem& problem) {
  http::Response response = http::problem_response(problem);
  tell_limit(call.ports().intake.limit_state(call.client(), {}), nullptr, response);
  return response;
}

boost::asio::awaitable<http::Response> create_message(Call& call) {
  auto order = read_order(call);
  if (!order) co_return refused(call, order.error());

  const std::string to = masked_for_log(call, order->message.to);
  pipeline::LimitState limit;
  auto start = [&](ports::Done<pipeline::IntakeResult> done) {
    call.ports().intake.accept(call.client(), std::move(order->message), order->idempotency, {},
                               &limit, call.executor(), std::move(done));
  };
  const auto result = co_await http::await_done<pipeline::IntakeResult>(start);
  http::Response response;
  const ports::Accepted* const accepted = accepted_of(result);
  if (accepted != nullptr) {
    log_accepted(call, *accepted, to);
    response = co_await answer_accepted(call, *order, *accepted);
  } else {
    response = std::visit(Answer{}, result);
  }
  tell_limit(std::move(limit), std::get_if<pipeline::RateLimited>(&result), response);
  co_return response;
}

}  // namespace

void add_message_create(Routes& routes) {
  routes.client(http::Method::kPost, "/v1/messages", model::kScopeSend, create_message,
                routes.message_body());
}

}  // namespace heliograph::api
