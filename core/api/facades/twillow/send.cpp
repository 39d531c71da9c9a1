// POST /api/sms/send, /api/sms, /api/sms/ and /api/sms/<provider>: take a message.
#include <fmt/format.h>

#include <algorithm>
#include <expected>
#include <utility>

#include "core/api/endpoint.h"
#include "core/api/facades/twillow/shapes.h"
#include "core/api/facades/twillow/twillow.h"
#include "core/api/json_value.h"
#include "core/api/message_json.h"
#include "core/api/message_log.h"
#include "core/api/rate_limit_headers.h"
#include "core/api/store_answers.h"
#include "core/http/await.h"

namespace heliograph::api::twillow {
namespace {

constexpr std::string_view kSendPath = "/api/sms/send";
constexpr std::size_t kPhoneMin = 10;  // characters, as Twillow's clients know them
constexpr std::size_t kPhoneMax = 15;
// Twillow's messages name no sender, and a gateway need not have a default one.
constexpr std::string_view kSender = "Heliograph";
// Where Twillow's national numbers belong: "01921317475".
constexpr std::string_view kRegion = "BD";

using Faults = std::vector<FieldFault>;

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;  // not a continuation byte (RFC 3629)
  }));
}

std::string plural(std::size_t count) {
  return fmt::format("{} character{}", count, count == 1 ? "" : "s");
}

// The member as a string of `min` to `max` characters, or "" and what is wrong with it.
std::string read_text(const JsonValue& body, std::string_view name, std::size_t min,
                      std::size_t max, Faults& faults) {
  const JsonValue* value = body.find(name);
  if (value == nullptr) {
    faults.push_back({"missing", "body", name, "Field required"});
  } else if (value->kind != JsonKind::kString) {
    faults.push_back({"string_type", "body", name, "Input should be a valid string"});
  } else if (characters(value->text) < min) {
    faults.push_back({"string_too_short", "body", name,
                      fmt::format("String should have at least {}", plural(min))});
  } else if (characters(value->text) > max) {
    faults.push_back({"string_too_long", "body", name,
                      fmt::format("String should have at most {}", plural(max))});
  } else {
    return value->text;
  }
  return {};
}

// Members that Twillow does not know are ignored, as it did.
std::expected<pipeline::Submission, http::Response> read_body(const Call& call) {
  const auto body = facade::read_object(call.request);
  if (!body) return std::unexpected(body.error());
  Faults faults;
  pipeline::Submission submission;
  submission.to = read_text(*body, "phone", kPhoneMin, kPhoneMax, faults);
  submission.text = read_text(*body, "text", 1, call.context.settings.messages.text_max, faults);
  if (!faults.empty()) return std::unexpected(invalid(faults));
  return submission;
}

http::Response misjudged(const pipeline::FieldError& wrong) {
  const std::string_view field = wrong.pointer == "/to"     ? "phone"
                                 : wrong.pointer == "/text" ? "text"
                                                            : "";
  return invalid({{"value_error", "body", field, "Value error, " + wrong.detail}});
}

struct Answer : facade::StoreRefusals {
  using facade::StoreRefusals::operator();

  const std::string& provider;
  const pipeline::LimitState& limit;

  http::Response operator()(const ports::Accepted& accepted) const {
    JsonWriter json;
    json.begin_object();
    json.boolean("success", true);
    json.text("message_id", accepted.id.to_string());
    json.text("message", "SMS queued for sending");
    text_or_null(json, "provider", provider);
    json.boolean("queued", true);
    json.end_object();
    return json_response(200, json);
  }
  http::Response operator()(const pipeline::RateLimited& limited) const {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(limited.retry_after).count();
    JsonWriter json;
    json.begin_object();
    json.begin_object("detail");
    json.text("error", "Global rate limit exceeded");
    json.count("current_count", limit.limit - limit.remaining);
    json.count("limit", limit.limit);
    json.integer("reset_in_seconds", std::max<std::int64_t>(seconds, 1));
    json.end_object();
    json.end_object();
    http::Response response = json_response(429, json);
    add_retry_after(limited.retry_after, response);
    return response;
  }
  http::Response operator()(const ports::OptedOut&) const {
    return misjudged({.pointer = "/to", .detail = std::string(kOptedOutSentence)});
  }
  http::Response operator()(const ports::AcceptResult& result) const {
    return std::visit(*this, result);
  }
  // The rest is about idempotency keys, which Twillow does not have.
  template <class Other>
  http::Response operator()(const Other&) const {
    return error(500, "Internal server error");
  }
};

boost::asio::awaitable<http::Response> take(Call& call, std::string provider) {
  auto submission = read_body(call);
  if (!submission) co_return std::move(submission.error());
  submission->provider = provider;
  submission->fallback_region = kRegion;
  submission->digits_are_international = true;
  if (call.context.settings.messages.default_from.empty()) submission->from = kSender;
  auto message = call.ports().intake.judge(call.client(), *submission);
  if (!message) co_return misjudged(message.error());
  message->trace = call.trace();

  const std::string to = masked_for_log(call, message->to);
  pipeline::LimitState limit;
  const pipeline::Intake::Options options{.skip_client_limit = true};
  auto start = [&](ports::Done<pipeline::IntakeResult> done) {
    call.ports().intake.accept(call.client(), std::move(*message), std::nullopt, options, &limit,
                               call.executor(), std::move(done));
  };
  const auto result = co_await http::await_done<pipeline::IntakeResult>(start);
  log_accepted(call, result, to);
  const Answer answer{{}, provider, limit};
  co_return std::visit(answer, result);
}

boost::asio::awaitable<http::Response> send(Call& call) { return take(call, {}); }

// The provider is the last segment of the path, one of those that have a route.
boost::asio::awaitable<http::Response> send_pinned(Call& call) {
  const std::string& path = call.request.path;
  return take(call, path.substr(path.rfind('/') + 1));
}

}  // namespace

void add_send(Routes& routes) {
  using enum http::Method;
  routes.facade(kPost, kSendPath, kManners, send);
  routes.facade(kPost, "/api/sms", kManners, send);
  routes.facade(kPost, "/api/sms/", kManners, send);
  for (const std::string& provider : routes.settings().sms_providers) {
    const std::string path = "/api/sms/" + provider;
    if (path != kSendPath) {
      routes.facade(kPost, path, kManners, send_pinned);
    } else if (routes.log() != nullptr) {
      routes.log()->warn("facade twillow: a provider called send has no path of its own");
    }
  }
}

}  // namespace heliograph::api::twillow
