// POST /api/v1/webhooks/twilio, /sendgrid, /generic/{provider}, the older /api/webhooks/sms and
// /email, and GET /api/v1/webhooks/status/{provider}: what providers report.
//
// Where a provider's key is configured its webhook is open to everybody who has the other half of
// it: the signature stands in for the door, and nothing that comes without is kept. Such requests
// are not counted against an address, for one address has them all.
#include <fmt/format.h>

#include <utility>

#include "core/api/endpoint.h"
#include "core/api/facades/messaging/messaging.h"
#include "core/api/facades/messaging/receipts.h"
#include "core/api/facades/messaging/shapes.h"
#include "core/api/facades/messaging/webhook_event.h"
#include "core/api/message_json.h"
#include "core/api/rate_limit_headers.h"

namespace heliograph::api::messaging {
namespace {

constexpr std::size_t kBodyMax = 1'024 * 1'024;  // SendGrid's arrays have up to 768 KiB
constexpr std::size_t kFormMax = 64 * 1'024;     // Twilio's forms have a few KiB
constexpr std::string_view kTwilioSignature = "x-twilio-signature";

constexpr std::uint32_t bits(std::initializer_list<model::Channel> channels) {
  std::uint32_t all = 0;
  for (const model::Channel channel : channels) all |= static_cast<std::uint32_t>(channel);
  return all;
}
constexpr std::uint32_t kPhone = bits({model::Channel::kSms, model::Channel::kMms});
constexpr std::uint32_t kMail = bits({model::Channel::kEmail});

http::Response wrong_signature(WebhookCounts::Events& counts) {
  ++counts.refused;
  return error(401, "The signature is missing or wrong.");
}

// Twilio reads instructions out of the answer; there are none.
http::Response taken(bool is_form, const ReportCounts& reported, std::uint64_t ignored) {
  http::Response response;
  if (is_form) {
    response.content_type = "text/xml; charset=utf-8";
    response.body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response></Response>";
    return response;
  }
  JsonWriter json;
  json.begin_object();
  json.text("status", "success");
  json.count("applied", reported.applied);
  json.count("unchanged", reported.unchanged);
  json.count("parked", reported.parked);
  json.count("inbound", reported.inbound);
  json.count("ignored", ignored);
  json.end_object();
  return json_response(200, json);
}

void add(WebhookCounts::Events& counts, const ReportCounts& reported, std::uint64_t ignored) {
  counts.applied += reported.applied;
  counts.unchanged += reported.unchanged;
  counts.parked += reported.parked;
  counts.inbound += reported.inbound;
  counts.ignored += ignored;
}

ports::ProviderReport read_events(const WebhookBody& body, std::optional<model::Channel> usual) {
  ports::ProviderReport told;
  for (const EventFields& event : body.events) {
    if (auto receipt = receipt_of(event)) {
      told.receipts.push_back(*std::move(receipt));
    } else if (auto inbound = inbound_of(event, usual)) {
      told.inbound.push_back(*std::move(inbound));
    }
  }
  return told;
}

// `usual`: the channel of what comes in here; nullopt: any.
boost::asio::awaitable<http::Response> take(Call& call, const WebhookBody& body, Reporter from,
                                            std::optional<model::Channel> usual,
                                            WebhookCounts::Events& counts) {
  ports::ProviderReport told = read_events(body, usual);
  const std::uint64_t ignored = body.events.size() - told.size();
  const ReportCounts reported = co_await report(call, from, std::move(told));
  if (!reported.stored) {
    http::Response response = error(503, "Nothing can be stored now.");
    add_retry_after(std::chrono::seconds{5}, response);
    co_return response;
  }
  add(counts, reported, ignored);
  if (reported.parked > 0 && call.ports().log != nullptr) {
    call.ports().log->info("webhook: a report of no known message is kept",
                           {{"from", from.name}, {"reports", fmt::to_string(reported.parked)}});
  }
  co_return taken(body.is_form, reported, ignored);
}

boost::asio::awaitable<http::Response> twilio(Call& call) {
  WebhookCounts::Events& counts = call.context.webhook_counts.twilio;
  const WebhookSignatures& signatures = call.context.webhook_signatures;
  // Before anything is made of what everybody can send.
  if (signatures.checks_twilio() && !call.request.header(kTwilioSignature)) {
    co_return wrong_signature(counts);
  }
  const auto body = read_webhook(call.request);
  if (signatures.checks_twilio()) {
    const bool tls = call.context.listeners.tls(call.request.local_listener);
    const std::string url = call.context.peers.url(call.request, tls);
    const EventFields* form = body && body->is_form ? &body->events.front() : nullptr;
    if (!signatures.is_twilio(call.request, url, form)) co_return wrong_signature(counts);
  }
  if (!body) co_return body.error();
  Reporter from{.name = "twilio", .channels = kPhone, .proved = signatures.checks_twilio()};
  co_return co_await take(call, *body, std::move(from), model::Channel::kSms, counts);
}

boost::asio::awaitable<http::Response> sendgrid(Call& call) {
  WebhookCounts::Events& counts = call.context.webhook_counts.sendgrid;
  const WebhookSignatures& signatures = call.context.webhook_signatures;
  if (signatures.checks_sendgrid() && !signatures.is_sendgrid(call.request)) {
    co_return wrong_signature(counts);
  }
  const auto body = read_webhook(call.request);
  if (!body) co_return body.error();
  Reporter from{.name = "sendgrid", .channels = kMail, .proved = signatures.checks_sendgrid()};
  co_return co_await take(call, *body, std::move(from), model::Channel::kEmail, counts);
}

// Providers with a webhook of their own have to prove themselves here too.
boost::asio::awaitable<http::Response> generic(Call& call) {
  if (call.request.param("provider") == "twilio") co_return co_await twilio(call);
  if (call.request.param("provider") == "sendgrid") co_return co_await sendgrid(call);
  const auto body = read_webhook(call.request);
  if (!body) co_return body.error();
  Reporter from{.name = std::string(call.request.param("provider")), .channels = kPhone | kMail};
  co_return co_await take(call, *body, std::move(from), std::nullopt,
                          call.context.webhook_counts.generic);
}

void write_counts(JsonWriter& json, const WebhookCounts::Events& counts) {
  json.begin_object("events");
  json.count("applied", counts.applied);
  json.count("unchanged", counts.unchanged);
  json.count("parked", counts.parked);
  json.count("inbound", counts.inbound);
  json.count("ignored", counts.ignored);
  json.end_object();
  json.count("wrong_signatures", counts.refused);
}

// Every provider but the two with a webhook of their own shares the generic one and its counts.
boost::asio::awaitable<http::Response> status(Call& call) {
  const std::string_view provider = call.request.param("provider");
  const WebhookCounts& all = call.context.webhook_counts;
  const WebhookSignatures& signatures = call.context.webhook_signatures;
  const bool is_twilio = provider == "twilio";
  const bool is_sendgrid = provider == "sendgrid";
  JsonWriter json;
  json.begin_object();
  json.text("provider", provider);
  json.text("status", "active");
  json.text("webhook_url", is_twilio || is_sendgrid
                               ? fmt::format("/api/v1/webhooks/{}", provider)
                               : fmt::format("/api/v1/webhooks/generic/{}", provider));
  json.boolean("signature_required", (is_twilio && signatures.checks_twilio()) ||
                                         (is_sendgrid && signatures.checks_sendgrid()));
  write_counts(json, is_twilio ? all.twilio : is_sendgrid ? all.sendgrid : all.generic);
  json.end_object();
  co_return json_response(200, json);
}

FacadeManners manners(bool is_signed) {
  FacadeManners made = kManners;
  made.any_content_type = true;
  made.is_signed = is_signed;
  if (is_signed) made.too_many = nullptr;
  return made;
}

}  // namespace

void add_webhooks(Routes& routes) {
  using enum http::Method;
  const http::RouteOptions options{.body_max = kBodyMax};
  const http::RouteOptions small{.body_max = kFormMax};
  const FacadeManners twilio_manners =
      manners(!routes.settings().facades.twilio_auth_token.empty());
  const FacadeManners sendgrid_manners =
      manners(!routes.settings().facades.sendgrid_public_key.empty());
  routes.facade(kPost, "/api/v1/webhooks/twilio", twilio_manners, twilio, small);
  routes.facade(kPost, "/api/webhooks/sms", twilio_manners, twilio, small);
  routes.facade(kPost, "/api/v1/webhooks/sendgrid", sendgrid_manners, sendgrid, options);
  routes.facade(kPost, "/api/webhooks/email", sendgrid_manners, sendgrid, options);
  routes.facade(kPost, "/api/v1/webhooks/generic/{provider}", manners(false), generic, options);
  routes.facade(kGet, "/api/v1/webhooks/status/{provider}", kManners, status);
}

}  // namespace heliograph::api::messaging
