// An HTTP provider in C++: posts each message as JSON and reads the provider's id from the answer.
//
// It shows what a real adapter needs: a schema with defaults and a secret, outcomes that tell
// "certainly not sent" from "may have been sent", and receipts that come in over HTTP.
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <heliograph/sdk.hpp>

namespace {

namespace sdk = heliograph::sdk;

constexpr std::string_view kSchema = R"json({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["url"],
  "properties": {
    "url": {
      "type": "string", "pattern": "^https?://",
      "description": "Where messages are posted.",
      "examples": ["http://127.0.0.1:8071/api/sms/provider1"]
    },
    "token": {
      "type": "string", "default": "", "x-secret": true,
      "description": "Bearer token of the requests; empty: none."
    },
    "timeout": {
      "type": "string", "default": "5s", "x-unit": "duration",
      "description": "How long one exchange may take, within the message's own deadline."
    },
    "id_pointer": {
      "type": "string", "default": "/message_id", "pattern": "^(/.*)?$",
      "description": "JSON pointer to the provider's message id in an answer."
    },
    "max_in_flight": {
      "type": "integer", "default": 64, "minimum": 1, "maximum": 100000,
      "description": "Sends that may wait for an answer at once."
    }
  }
})json";

class Provider {
 public:
  Provider(sdk::Host host, const sdk::Config& config)
      : host_(host),
        http_(host),
        url_(config.text("url")),
        id_pointer_(config.text("id_pointer")),
        timeout_(config.duration("timeout")),
        max_in_flight_(static_cast<std::uint32_t>(config.integer("max_in_flight"))) {
    if (timeout_ <= timeout_.zero()) throw sdk::ConfigError("timeout", "must be above 0");
    const std::string_view token = config.text("token");
    if (!token.empty()) authorization_ = "Bearer " + std::string(token);
  }

  sdk::Caps caps() const {
    return {
        .channels = HG_CH_SMS, .max_in_flight = max_in_flight_, .dedupes = true, .receipts = true};
  }

  void send(const sdk::Outgoing& outgoing, sdk::SendTicket&& ticket) {
    const sdk::Message& message = outgoing.message;
    const std::string body = sdk::json::Object()
                                 .text("phone", message.to())
                                 .text("text", message.body())
                                 .text("message_id", message.id())
                                 .finish();
    const std::array headers{sdk::kv("content-type", "application/json"),
                             sdk::kv("idempotency-key", message.idempotency_key()),
                             sdk::kv("authorization", authorization_)};
    const std::size_t used = authorization_.empty() ? headers.size() - 1 : headers.size();
    const sdk::HttpRequest request{.url = url_,
                                   .headers = std::span(headers).first(used),
                                   .body = body,
                                   .deadline = deadline(outgoing),
                                   .safe_to_resend = true};
    http_.send(request,
               [this, ticket = std::move(ticket)](const sdk::HttpResponse& answer) mutable {
                 ticket.complete(result_of(answer));
               });
  }

  sdk::IngressAnswer ingress(const sdk::IngressRequest& request) {
    if (!request.local()) return sdk::IngressAnswer::error(403, "receipts are taken locally only");
    sdk::IngressAnswer answer;
    for (const std::string_view item : sdk::json::elements(request.body())) {
      sdk::Receipt receipt;
      receipt.provider_msg_id = sdk::json::text_at(item, "/provider_message_id").value_or("");
      receipt.message_id = sdk::json::text_at(item, "/message_id").value_or("");
      receipt.state = state_of(sdk::json::text_at(item, "/status").value_or(""));
      receipt.raw = item;
      if (receipt.provider_msg_id.empty() && receipt.message_id.empty()) {
        return sdk::IngressAnswer::error(400, "provider_message_id is missing");
      }
      answer.events.add(std::move(receipt));
    }
    if (answer.events.empty()) return sdk::IngressAnswer::error(400, "the body is no JSON");
    return answer;
  }

 private:
  sdk::MonoTime deadline(const sdk::Outgoing& outgoing) const {
    const sdk::MonoTime own = host_.now() + timeout_;
    const bool open = outgoing.deadline == sdk::MonoTime{};
    return open ? own : std::min(own, outgoing.deadline);
  }

  sdk::SendResult result_of(const sdk::HttpResponse& answer) const {
    sdk::SendResult result = sdk::classify(answer, host_);
    if (result.outcome == HG_SENT) {
      result.provider_msg_id = sdk::json::text_at(answer.body(), id_pointer_).value_or("");
    }
    return result;
  }

  static std::uint32_t state_of(std::string_view status) {
    if (status == "DELIVERED") return HG_RCPT_DELIVERED;
    if (status == "ACCEPTED") return HG_RCPT_ACCEPTED;
    if (status == "EXPIRED") return HG_RCPT_EXPIRED;
    if (status == "REJECTED") return HG_RCPT_REJECTED;
    return status == "FAILED_PERM" ? HG_RCPT_UNDELIVERED : HG_RCPT_UNKNOWN;
  }

  sdk::Host host_;
  sdk::HttpClient http_;
  std::string_view url_;
  std::string_view id_pointer_;
  std::chrono::nanoseconds timeout_;
  std::uint32_t max_in_flight_;
  std::string authorization_;
};

}  // namespace

HELIOGRAPH_PLUGIN(
    sdk::ModuleInfo{.name = "@NAME@", .version = "0.1.0", .vendor = "me", .license = "MIT"},
    sdk::component<Provider>(
        {.id = "@NAME@", .summary = "Posts messages as JSON over HTTP.", .schema = kSchema}))
