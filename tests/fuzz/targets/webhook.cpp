// What comes in at the webhooks of the Messaging facade: forms, JSON, signatures.
#include <string>

#include "core/api/facades/messaging/webhook_event.h"
#include "core/api/facades/webhook_signatures.h"
#include "core/http/target.h"
#include "tests/fuzz/target.h"

namespace heliograph::api {
namespace {

constexpr std::string_view kUrl = "https://gateway.example.com/webhooks/twilio";
constexpr const char* kToken = "0123456789abcdef0123456789abcdef";

void check_signature(http::Request request, const std::vector<http::Header>& form) {
  static const WebhookSignatures kSignatures(kToken, "");
  MUST(!kSignatures.is_twilio(request, kUrl, &form));
  static_cast<void>(kSignatures.is_sendgrid(request));
  const std::string right = twilio_signature(kToken, kUrl, form);
  request.headers.emplace_back("x-twilio-signature", right);
  MUST(kSignatures.is_twilio(request, kUrl, &form));
  request.headers.back().second[0] ^= 1;
  MUST(!kSignatures.is_twilio(request, kUrl, &form));
}

}  // namespace

FUZZ_TARGET(webhook) {
  fuzz::Pieces pieces(input);
  http::Request request;
  const bool form = (pieces.byte() & 1) != 0;
  request.method = http::Method::kPost;
  request.headers = {
      {"content-type", form ? "application/x-www-form-urlencoded" : "application/json"}};
  request.body = pieces.rest();
  if (form) {
    if (const auto pairs = http::parse_query(request.body)) check_signature(request, *pairs);
  }
  const auto body = messaging::read_webhook(request);
  if (!body) {
    MUST(body.error().status >= 400 && body.error().status < 500);
    return;
  }
  MUST(body->events.size() <= messaging::kEventsMax);
  MUST(body->is_form == form);
  for (const auto& event : body->events) {
    const auto receipt = messaging::receipt_of(event);
    if (receipt) MUST(!receipt->provider_message_id.empty() || receipt->message_id);
    const auto inbound = messaging::inbound_of(event, model::Channel::kSms);
    if (inbound) MUST(!inbound->from.empty() && !inbound->to.empty());
  }
}

}  // namespace heliograph::api
