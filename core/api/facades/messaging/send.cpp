// POST /api/v1/messages/send, and the older paths /api/messages/sms and /api/messages/email.
//
// The answer comes once the message is on disk. Where messages.sync_wait or the request asks for
// it, it waits for the message to be sent: SYNC_MESSAGE_PROCESSING of the service.
#include <fmt/format.h>

#include <utility>

#include "core/api/endpoint.h"
#include "core/api/facades/messaging/message_details.h"
#include "core/api/facades/messaging/message_reader.h"
#include "core/api/facades/messaging/messaging.h"
#include "core/api/facades/messaging/shapes.h"
#include "core/api/idempotency.h"
#include "core/api/message_json.h"
#include "core/api/message_log.h"
#include "core/api/message_wait.h"
#include "core/api/preferred_wait.h"
#include "core/api/rate_limit_headers.h"
#include "core/api/store_answers.h"
#include "core/http/await.h"

namespace heliograph::api::messaging {
namespace {

struct Order {
  model::NewMessage message;
  std::optional<ports::IdempotencyKey> idempotency;
  std::chrono::seconds wait{0};
};

std::expected<Order, http::Response> read_order(const Call& call,
                                                std::optional<model::Channel> type) {
  const auto problem = [](const http::Problem& found) {
    return std::unexpected(error(found.status, found.detail));
  };
  Order order;
  auto idempotency = idempotency_record(call.request, call.client().id);
  if (!idempotency) return problem(idempotency.error());
  order.idempotency = *idempotency;
  const auto wish = preferred_wait(call.request);
  if (!wish) return problem(wish.error());
  order.wait = wish->value_or(
      std::chrono::ceil<std::chrono::seconds>(call.context.settings.messages.sync_wait));
  auto submission = read_message(call.request, type);
  if (!submission) return std::unexpected(std::move(submission.error()));
  auto message = call.ports().intake.judge(call.client(), *submission);
  if (!message) return std::unexpected(misjudged(message.error()));
  order.message = *std::move(message);
  order.message.in_conversation = true;
  order.message.trace = call.trace();
  return order;
}

// What there is to show of a message that was just taken, without reading it again.
model::MessageView view_of(const model::NewMessage& message, const ports::Accepted& accepted) {
  model::MessageView view;
  view.id = accepted.id;
  view.channel = message.channel;
  view.status = accepted.status;
  view.created_at = view.updated_at = accepted.id.created_at();
  view.to = message.to;
  view.to_given = message.to_given;
  view.from = message.from;
  view.text = message.text;
  view.content = model::unpack_view(message.content);
  view.client_reference = message.client_reference;
  view.metadata_json = message.metadata_json;
  view.conversation = accepted.conversation;
  return view;
}

// What was not taken.
struct Refusal : facade::StoreRefusals {
  using facade::StoreRefusals::operator();

  http::Response operator()(const pipeline::RateLimited& limited) const {
    http::Response response = too_many();
    add_retry_after(limited.retry_after, response);
    return response;
  }
  http::Response operator()(const pipeline::IdempotencyInFlight&) const {
    http::Response response =
        error(409, "The first request with this Idempotency-Key is not answered yet.");
    add_retry_after(std::chrono::seconds{1}, response);
    return response;
  }
  http::Response operator()(const ports::IdempotencyMismatch&) const {
    return error(422, "This Idempotency-Key was used with another body.");
  }
  http::Response operator()(const ports::OptedOut&) const {
    return misjudged({.pointer = "/to", .detail = std::string(kOptedOutSentence)});
  }
  http::Response operator()(const ports::AcceptResult& result) const {
    return std::visit(*this, result);
  }
  // Accepted is none; NotReplayed comes with a RateLimited around it.
  template <class Other>
  http::Response operator()(const Other&) const {
    return error(500, "Internal server error");
  }
};

const ports::Accepted* accepted_of(const pipeline::IntakeResult& result) {
  const auto* stored = std::get_if<ports::AcceptResult>(&result);
  return stored == nullptr ? nullptr : std::get_if<ports::Accepted>(stored);
}

// As it was taken, or after waiting as it is then.
boost::asio::awaitable<Shown> show_accepted(Call& call, const Order& order,
                                            const ports::Accepted& accepted) {
  const bool later = accepted.status == model::Status::kScheduled;
  if (!later && order.wait.count() > 0) {
    co_await wait_until_settled(call, accepted.id, order.wait);
    auto now = co_await find_shown(call, accepted.id);
    if (now) co_return *std::move(now);
  }
  Shown shown{.message = view_of(order.message, accepted), .times = {}};
  if (accepted.replayed) {
    const auto first = co_await find_message(call, accepted.id);
    if (first) shown.message.conversation = first->conversation;
  }
  co_return shown;
}

using Words = http::Response (*)(const Shown& shown);

http::Response created(const Shown& shown) {
  JsonWriter json(1024);
  write_message(json, shown.message, shown.times);
  return json_response(201, json);
}

// The older paths' few words.
http::Response success(const Shown& shown) {
  JsonWriter json;
  json.begin_object();
  json.text("status", "success");
  json.text("message_id", shown.message.id.to_string());
  text_or_null(json, "conversation_id",
               shown.message.conversation ? shown.message.conversation->to_string() : "");
  json.text("type", model::to_string(shown.message.channel));
  text_or_null(json, "provider", shown.message.provider);
  json.end_object();
  return json_response(200, json);
}

boost::asio::awaitable<http::Response> take(Call& call, std::optional<model::Channel> type,
                                            Words words) {
  auto order = read_order(call, type);
  if (!order) co_return std::move(order.error());
  const pipeline::Intake::Options options{.skip_client_limit = true};
  auto start = [&](ports::Done<pipeline::IntakeResult> done) {
    call.ports().intake.accept(call.client(), order->message, order->idempotency, options, nullptr,
                               call.executor(), std::move(done));
  };
  const auto result = co_await http::await_done<pipeline::IntakeResult>(start);
  const ports::Accepted* const accepted = accepted_of(result);
  if (accepted == nullptr) co_return std::visit(Refusal{}, result);
  log_accepted(call, *accepted, masked_for_log(call, order->message.to));
  const Shown shown = co_await show_accepted(call, *order, *accepted);
  http::Response response = words(shown);
  if (accepted->replayed) response.headers.emplace_back("Idempotent-Replayed", "true");
  co_return response;
}

boost::asio::awaitable<http::Response> send(Call& call) {
  return take(call, std::nullopt, created);
}
boost::asio::awaitable<http::Response> send_sms(Call& call) {
  return take(call, model::Channel::kSms, success);
}
boost::asio::awaitable<http::Response> send_email(Call& call) {
  return take(call, model::Channel::kEmail, success);
}

}  // namespace

void add_send(Routes& routes) {
  using enum http::Method;
  const http::RouteOptions body = routes.message_body();
  routes.facade(kPost, "/api/v1/messages/send", kManners, send, body);
  routes.facade(kPost, "/api/messages/sms", kManners, send_sms, body);
  routes.facade(kPost, "/api/messages/email", kManners, send_email, body);
}

}  // namespace heliograph::api::messaging
