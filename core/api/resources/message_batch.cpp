// POST /v1/messages/batch: up to a thousand messages in one request, one transaction, each with an
// answer of its own.
#include <fmt/format.h>

#include <utility>

#include "core/api/batch_answer.h"
#include "core/api/endpoint.h"
#include "core/api/idempotency.h"
#include "core/api/intake_answers.h"
#include "core/api/json_body.h"
#include "core/api/json_fields.h"
#include "core/api/message_log.h"
#include "core/api/message_wait.h"
#include "core/api/one_time_code.h"
#include "core/api/store_answers.h"
#include "core/api/submission_reader.h"
#include "core/http/await.h"
#include "core/http/problem.h"

namespace heliograph::api {
namespace {

constexpr std::size_t kMessagesMax = 1'000;
// A thousand messages of the longest text in ASCII, with as much again for their other fields.
constexpr std::size_t kBodyMax = 4 * 1024 * 1024;

struct Batch {
  std::optional<ports::IdempotencyKey> idempotency;
  std::vector<pipeline::BatchItem> items;
  // Of each item once any asks for a code; "" where it does not.
  std::vector<std::string> otp_codes;
  std::vector<std::string> otp_texts;
};

http::Problem problem_of(pipeline::FieldError error) {
  http::Problem problem;
  problem.detail = std::move(error.detail);
  problem.pointer = std::move(error.pointer);
  return problem;
}

void put_code(pipeline::Submission& submission, std::size_t index, Batch& batch) {
  batch.otp_codes.resize(index + 1);
  batch.otp_texts.resize(index + 1);
  batch.otp_codes[index] = generate_otp();
  batch.otp_texts[index] =
      std::exchange(submission.text, put_otp(submission.text, batch.otp_codes[index]));
}

std::expected<model::NewMessage, http::Problem> read_item(const Call& call, const JsonValue& value,
                                                          std::size_t index, Batch& batch) {
  if (value.kind != JsonKind::kObject) {
    http::Problem problem;
    problem.detail = "Must be an object.";
    return std::unexpected(std::move(problem));
  }
  auto submission = read_submission(value);
  if (!submission) return std::unexpected(std::move(submission.error()));
  if (submission->otp) put_code(*submission, index, batch);
  auto message = call.ports().intake.judge(call.client(), *submission);
  if (!message) return std::unexpected(problem_of(std::move(message.error())));
  message->trace = call.trace();
  return std::move(*message);
}

std::expected<Batch, http::Problem> read_batch(const Call& call) {
  Batch batch;
  auto idempotency = idempotency_record(call.request, call.client().id);
  if (!idempotency) return std::unexpected(std::move(idempotency.error()));
  batch.idempotency = *idempotency;
  const auto body = read_object(call.request, kMessagesMax);
  if (!body) return std::unexpected(body.error());
  JsonFields fields(*body);
  const JsonValue* list = fields.value("messages");
  if (list == nullptr) {
    fields.fail("messages", "Is required.");
  } else if (list->kind != JsonKind::kArray || list->items.empty()) {
    fields.fail("messages", fmt::format("Must be a list of 1 to {} messages.", kMessagesMax));
  }
  if (auto problem = fields.finish()) return std::unexpected(std::move(*problem));
  batch.items.reserve(list->items.size());
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    auto message = read_item(call, list->items[i], i, batch);
    if (message) {
      batch.items.emplace_back(std::move(*message));
    } else {
      batch.items.emplace_back(refused_item(std::move(message.error()), i));
    }
  }
  return batch;
}

// The codes of the first request, which the messages' texts still hold.
boost::asio::awaitable<void> recover_codes(Call& call, const ports::BatchAnswer& answer,
                                           Batch& batch) {
  for (std::size_t i = 0; i < batch.otp_codes.size(); ++i) {
    if (batch.otp_codes[i].empty()) continue;
    batch.otp_codes[i].clear();
    const auto* accepted = std::get_if<ports::Accepted>(&answer.items[i]);
    if (accepted == nullptr) continue;
    const auto first = co_await find_message(call, accepted->id);
    auto code = first ? find_otp(batch.otp_texts[i], first->text) : std::nullopt;
    batch.otp_codes[i] = std::move(code).value_or("");
  }
}

// Only where it is met now: what a replay tells again is over.
std::optional<pipeline::RateLimited> limit_met(const ports::BatchAnswer& answer) {
  if (answer.replayed) return std::nullopt;
  for (const ports::BatchItemResult& item : answer.items) {
    const auto* refused = std::get_if<ports::NotSubmitted>(&item);
    if (refused == nullptr || refused->retry_after.count() == 0) continue;
    return pipeline::RateLimited{refused->retry_after};
  }
  return std::nullopt;
}

struct Answer {
  http::Response operator()(const ports::BatchAnswer& answer) const {
    return batch_response(answer, batch.otp_codes);
  }
  http::Response operator()(const pipeline::IdempotencyInFlight&) const { return key_in_flight(); }
  template <class Result>
  http::Response operator()(const Result& result) const {
    return StoreAnswers{}(result);
  }
  const Batch& batch;
};

boost::asio::awaitable<http::Response> create_batch(Call& call) {
  auto batch = read_batch(call);
  if (!batch) {
    http::Response response = http::problem_response(batch.error());
    tell_limit(call.ports().intake.limit_state(call.client(), {}), nullptr, response);
    co_return response;
  }
  pipeline::LimitState limit;
  auto start = [&](ports::Done<pipeline::IntakeBatchResult> done) {
    call.ports().intake.accept_batch(call.client(), std::move(batch->items), batch->idempotency, {},
                                     &limit, call.executor(), std::move(done));
  };
  const auto result = co_await http::await_done<pipeline::IntakeBatchResult>(start);
  const auto* items = std::get_if<ports::BatchAnswer>(&result);
  if (items != nullptr) log_accepted(call, *items);
  if (items != nullptr && items->replayed) co_await recover_codes(call, *items, *batch);
  const Answer answer{*batch};
  http::Response response = std::visit(answer, result);
  const auto limited = items == nullptr ? std::nullopt : limit_met(*items);
  tell_limit(std::move(limit), limited ? &*limited : nullptr, response);
  co_return response;
}

}  // namespace

void add_message_batch(Routes& routes) {
  const http::RouteOptions large{.body_max = kBodyMax};
  routes.client(http::Method::kPost, "/v1/messages/batch", model::kScopeSend, create_batch, large);
}

}  // namespace heliograph::api
