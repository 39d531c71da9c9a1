// Bodies of new messages, in the gateway's own words and in those of the systems it stands in for,
// read and judged as the intake does.
#include <string>

#include "core/api/facades/messaging/conversation_reader.h"
#include "core/api/facades/messaging/list_query.h"
#include "core/api/facades/messaging/message_reader.h"
#include "core/api/json_body.h"
#include "core/api/submission_reader.h"
#include "core/base/text.h"
#include "core/model/content.h"
#include "core/model/segments.h"
#include "core/pipeline/submission_judge.h"
#include "tests/fuzz/target.h"

#include <heliograph/json.hpp>

namespace heliograph {
namespace {

const pipeline::IntakeSettings& settings() {
  static const pipeline::IntakeSettings value = [] {
    pipeline::IntakeSettings made;
    made.messages.default_from = "Helio";
    made.messages.default_from_email = "post@example.com";
    made.numbers.default_region = "US";
    made.billing.price_per_part_cents = 5;
    made.providers = {{"acme", 7}};
    return made;
  }();
  return value;
}

void judge(const pipeline::Submission& submission) {
  model::Client client;
  client.name = "client";
  const auto message = pipeline::judge_submission(
      settings(), client, submission, model::TimePoint{std::chrono::seconds{1'700'000'000}});
  if (!message) {
    MUST(message.error().pointer.starts_with('/') && !message.error().detail.empty());
    return;
  }
  MUST(!message->to.empty() && message->parts >= 1 && message->cost_cents >= 0);
  MUST(message->validity.count() > 0);
  MUST(base::is_utf8(message->text) && base::is_utf8(message->to) && base::is_utf8(message->from));
  if (message->channel == model::Channel::kSms)
    MUST(message->parts == model::segment(message->text).parts);
  if (!message->content.empty()) MUST(model::unpack(message->content).has_value());
  if (!message->metadata_json.empty()) MUST(sdk::json::valid(message->metadata_json));
  // None of them may begin a line of a header.
  for (const std::string& line : {message->to, message->from, message->client_reference})
    MUST(line.find_first_of("\r\n") == std::string::npos);
}

void check_problem(const http::Problem& problem) {
  MUST(problem.status == 400 || problem.status == 415 || problem.status == 422);
  MUST(sdk::json::valid(http::problem_response(problem).body));
}

void check_answer(const http::Response& response) {
  MUST(response.status >= 400 && response.status < 500);
  MUST(sdk::json::valid(response.body));
}

http::Request request_of(std::string_view body) {
  http::Request request;
  request.method = http::Method::kPost;
  request.headers = {{"content-type", "application/json"}};
  request.body = body;
  return request;
}

void read_native(const http::Request& request) {
  const auto object = api::read_object(request, 1'000);
  if (!object) return check_problem(object.error());
  const auto submission = api::read_submission(*object);
  if (!submission) return check_problem(submission.error());
  judge(*submission);
}

void read_facade(const http::Request& request, unsigned char choice) {
  constexpr std::optional<model::Channel> kTypes[] = {std::nullopt, model::Channel::kSms,
                                                      model::Channel::kEmail, model::Channel::kMms};
  const auto submission = api::messaging::read_message(request, kTypes[choice & 3]);
  if (!submission) return check_answer(submission.error());
  judge(*submission);
}

void read_threads(const http::Request& request) {
  using namespace api::messaging;
  if (const auto search = read_search(request); !search) check_answer(search.error());
  if (const auto opened = read_new_conversation(request); !opened) check_answer(opened.error());
  if (const auto changes = read_conversation_changes(request); !changes)
    check_answer(changes.error());
  if (const auto status = read_status(request); !status) check_answer(status.error());
}

}  // namespace

FUZZ_TARGET(message_body) {
  fuzz::Pieces pieces(input);
  const unsigned char choice = pieces.byte();
  const http::Request request = request_of(pieces.rest());
  if (choice & 4) return read_facade(request, choice);
  if (choice & 8) return read_threads(request);
  read_native(request);
}

}  // namespace heliograph
