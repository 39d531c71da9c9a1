#include "core/api/store_answers.h"

#include <fmt/format.h>

#include <utility>

#include "core/api/message_json.h"
#include "core/api/rate_limit_headers.h"
#include "core/http/problem.h"

namespace heliograph::api {

http::Response StoreAnswers::operator()(const ports::Accepted& accepted) const {
  http::Response response = accepted_response(accepted.id, accepted.status);
  if (accepted.replayed) response.headers.emplace_back("Idempotent-Replayed", "true");
  return response;
}

http::Response StoreAnswers::operator()(const ports::IdempotencyMismatch&) const {
  return http::problem_response(
      422, "This Idempotency-Key was used for another request; a new request needs a new key.");
}

http::Response StoreAnswers::operator()(const ports::InsufficientCredit& lack) const {
  http::Problem problem;
  problem.status = 402;
  problem.detail =
      fmt::format("The message costs {} cents, more than is available.", lack.required_cents);
  problem.error = "insufficient credits";  // the older API's words, which its clients compare
  problem.numbers.emplace_back("required_cents", lack.required_cents);
  return http::problem_response(problem);
}

http::Response StoreAnswers::operator()(const ports::OptedOut&) const { return opted_out("/to"); }

http::Response StoreAnswers::operator()(const ports::Overloaded& overloaded) const {
  http::Response response = http::problem_response(
      503, fmt::format("The gateway takes no messages now: {}.", overloaded.reason));
  add_retry_after(overloaded.retry_after, response);
  return response;
}

http::Response StoreAnswers::operator()(const ports::NotReplayed&) const {
  return http::problem_response(429, "Too many requests.");
}

http::Response StoreAnswers::operator()(const ports::Requeued& requeued) const {
  return accepted_response(requeued.id, model::Status::kQueued);
}

http::Response StoreAnswers::operator()(const ports::NotFound&) const {
  return http::problem_response(404, "There is no such message.");
}

// As every message that cannot be taken as it is; the type tells it from a mistake in the body.
http::Response opted_out(std::string pointer) {
  http::Problem problem;
  problem.status = 400;
  problem.type = kOptedOutProblem;
  problem.title = "Opted out";
  problem.detail = kOptedOutSentence;
  problem.pointer = std::move(pointer);
  return http::problem_response(problem);
}

http::Response conflict(model::Status status, std::string_view what) {
  http::Problem problem;
  problem.status = 409;
  problem.detail =
      fmt::format("The message is {} and cannot be {}.", model::to_string(status), what);
  problem.texts.emplace_back("message_status", model::to_string(status));
  return http::problem_response(problem);
}

}  // namespace heliograph::api
