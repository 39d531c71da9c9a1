#include "core/api/batch_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/api/intake_answers.h"
#include "core/api/json_writer.h"
#include "core/api/rate_limit_headers.h"
#include "core/api/store_answers.h"

namespace heliograph::api {
namespace {

// An item that was not accepted, as it would have been answered alone.
struct Refusal {
  std::size_t index = 0;

  http::Response operator()(const ports::NotSubmitted& item) const {
    if (item.retry_after.count() > 0) return too_many_messages(item.retry_after);
    http::Response response;
    response.status = 400;
    response.body = item.answer;
    return response;
  }
  template <class Result>
  http::Response operator()(const Result& result) const {
    return StoreAnswers{}(result);
  }
  http::Response operator()(const ports::OptedOut&) const {
    return opted_out(fmt::format("/messages/{}/to", index));
  }
};

struct RetryAfter {
  std::chrono::milliseconds operator()(const ports::NotSubmitted& item) const {
    return item.retry_after;
  }
  std::chrono::milliseconds operator()(const ports::Overloaded& item) const {
    return item.retry_after;
  }
  template <class Result>
  std::chrono::milliseconds operator()(const Result&) const {
    return {};
  }
};

class Composer {
 public:
  explicit Composer(std::size_t items) : json_(items * 96 + 64) {
    json_.begin_object();
    json_.begin_array("messages");
  }

  void add(const ports::BatchItemResult& item, std::string_view otp_code) {
    json_.begin_object();
    if (const auto* accepted = std::get_if<ports::Accepted>(&item)) {
      add_accepted(*accepted, otp_code);
    } else {
      add_refused(item);
    }
    json_.end_object();
  }

  http::Response finish(bool replayed) {
    json_.end_array();
    json_.count("accepted", accepted_);
    json_.count("refused", refused_);
    json_.end_object();
    http::Response response;
    response.body = json_.take();
    response.content_type = "application/json";
    if (accepted_ == 0 && one_code_) wrap(response);
    if (wait_.count() > 0) add_retry_after(wait_, response);
    if (replayed) response.headers.emplace_back("Idempotent-Replayed", "true");
    return response;
  }

 private:
  void add_accepted(const ports::Accepted& accepted, std::string_view otp_code) {
    ++accepted_;
    json_.integer("code", 202);
    json_.text("message_id", accepted.id.to_string());
    json_.text("status", model::to_string(accepted.status));
    json_.text_unless_empty("otp_code", otp_code);
  }

  void add_refused(const ports::BatchItemResult& item) {
    const http::Response refusal = std::visit(Refusal{accepted_ + refused_}, item);
    if (refused_++ == 0) first_ = refusal;
    one_code_ = one_code_ && refusal.status == first_.status;
    wait_ = std::max(wait_, std::visit(RetryAfter{}, item));
    json_.integer("code", refusal.status);
    json_.raw("problem", refusal.body);
  }

  // The first problem's document, with the members of the list behind its own.
  void wrap(http::Response& response) {
    std::string problem = std::move(first_.body);
    problem.back() = ',';
    response.body.replace(0, 1, problem);
    response.status = first_.status;
    response.content_type = "application/problem+json";
  }

  JsonWriter json_;
  std::size_t accepted_ = 0;
  std::size_t refused_ = 0;
  bool one_code_ = true;
  http::Response first_;
  std::chrono::milliseconds wait_{0};
};

}  // namespace

ports::NotSubmitted refused_item(http::Problem problem, std::size_t index) {
  problem.pointer = fmt::format("/messages/{}{}", index, problem.pointer);
  return {.answer = http::problem_response(problem).body};
}

http::Response batch_response(const ports::BatchAnswer& answer,
                              const std::vector<std::string>& otp_codes) {
  Composer composer(answer.items.size());
  for (std::size_t i = 0; i < answer.items.size(); ++i) {
    composer.add(answer.items[i], i < otp_codes.size() ? std::string_view(otp_codes[i]) : "");
  }
  return composer.finish(answer.replayed);
}

}  // namespace heliograph::api
