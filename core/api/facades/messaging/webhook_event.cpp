#include "core/api/facades/messaging/webhook_event.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include "core/api/facades/facade_words.h"
#include "core/api/facades/messaging/message_reader.h"
#include "core/api/json_body.h"
#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/http/target.h"
#include "core/model/addresses.h"
#include "core/pipeline/content_judge.h"

namespace heliograph::api::messaging {
namespace {

using model::ReceiptState;

constexpr std::string_view kForm = "application/x-www-form-urlencoded";
constexpr std::ptrdiff_t kFieldsMax = 1'000;  // of a form
constexpr std::size_t kIdMax = 256;           // characters
constexpr std::size_t kDetailMax = 256;
constexpr std::size_t kAddressMax = 320;

struct Word {
  std::string_view word;
  ReceiptState state;
};
// Of Twilio (MessageStatus), of SendGrid (event), and what others say.
constexpr std::array<Word, 21> kWords{{
    {"accepted", ReceiptState::kAccepted},       {"scheduled", ReceiptState::kAccepted},
    {"queued", ReceiptState::kAccepted},         {"buffered", ReceiptState::kAccepted},
    {"sending", ReceiptState::kAccepted},        {"sent", ReceiptState::kAccepted},
    {"processed", ReceiptState::kAccepted},      {"deferred", ReceiptState::kAccepted},
    {"delivered", ReceiptState::kDelivered},     {"read", ReceiptState::kDelivered},
    {"failed", ReceiptState::kUndelivered},      {"failed_perm", ReceiptState::kUndelivered},
    {"undelivered", ReceiptState::kUndelivered}, {"bounce", ReceiptState::kUndelivered},
    {"bounced", ReceiptState::kUndelivered},     {"blocked", ReceiptState::kUndelivered},
    {"dropped", ReceiptState::kRejected},        {"rejected", ReceiptState::kRejected},
    {"canceled", ReceiptState::kRejected},       {"cancelled", ReceiptState::kRejected},
    {"expired", ReceiptState::kExpired},
}};

// The first of these members that is there and not empty.
std::string_view first_of(const EventFields& event, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const auto found = std::ranges::find(event, name, &http::Header::first);
    if (found != event.end() && !found->second.empty()) return found->second;
  }
  return {};
}

EventFields fields_of(const JsonValue& object) {
  EventFields fields;
  for (std::size_t i = 0; i < object.names.size(); ++i) {
    const JsonValue& item = object.items[i];
    if (item.kind == JsonKind::kString) fields.emplace_back(object.names[i], item.text);
    if (item.kind == JsonKind::kInteger) {
      fields.emplace_back(object.names[i], fmt::to_string(item.integer));
    }
    for (const JsonValue& element : item.items) {
      if (item.kind == JsonKind::kArray && element.kind == JsonKind::kString) {
        fields.emplace_back(object.names[i], element.text);
      }
    }
  }
  return fields;
}

std::unexpected<http::Response> bad(std::string_view type, std::string message) {
  return std::unexpected(facade::invalid({{type, "body", "", std::move(message)}}));
}

std::expected<WebhookBody, http::Response> read_json(const http::Request& request) {
  const auto document = parse_json(request.body, kEventsMax);
  if (!document) return bad("json_invalid", "JSON decode error: " + document.error().detail);
  WebhookBody body;
  if (document->kind == JsonKind::kObject) {
    body.events.push_back(fields_of(*document));
    return body;
  }
  const auto is_object = [](const JsonValue& item) { return item.kind == JsonKind::kObject; };
  if (document->kind != JsonKind::kArray || !std::ranges::all_of(document->items, is_object)) {
    return bad("model_attributes_type", "Input should be a valid object or a list of objects");
  }
  std::ranges::transform(document->items, std::back_inserter(body.events), fields_of);
  return body;
}

bool is_form(const http::Request& request) {
  const std::string_view type = request.header("content-type").value_or("");
  return base::equals_ignore_case(base::trim(type.substr(0, type.find(';'))), kForm);
}

ReceiptState state_of(std::string_view word) {
  const std::string lower = base::to_lower_ascii(word);
  const auto* found = std::ranges::find(kWords, std::string_view(lower), &Word::word);
  return found == kWords.end() ? ReceiptState::kUnknown : found->state;
}

// SendGrid's events carry the id that the send was answered with, and behind a dot which of its
// machines had it.
std::string_view id_of(const EventFields& event) {
  const std::string_view sendgrid = first_of(event, {"sg_message_id"});
  if (!sendgrid.empty()) return sendgrid.substr(0, sendgrid.find('.'));
  return first_of(event, {"MessageSid", "SmsSid", "messaging_provider_id", "xillio_id",
                          "provider_message_id", "message_id", "id"});
}

// RFC 3339, or seconds since 1970.
std::optional<model::TimePoint> time_of(const EventFields& event) {
  const std::string_view text = first_of(event, {"timestamp"});
  if (const auto time = base::parse_rfc3339(text)) return time;
  constexpr std::uint64_t kYear3000 = 32'503'680'000;
  const auto seconds = base::parse_uint(text);
  if (!seconds || *seconds == 0 || *seconds > kYear3000) return std::nullopt;
  return model::TimePoint{std::chrono::seconds{*seconds}};
}

// Providers' words end up in answers and logs: one line of text, and not all of it.
std::string clean(std::string_view text) {
  std::string out(text.substr(0, kDetailMax));
  while (!base::is_utf8(out)) out.pop_back();
  std::ranges::replace_if(
      out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return out;
}

// "MediaUrl0", "MediaUrl1" of Twilio, "attachments" of the others.
std::vector<model::Media> media_of(const EventFields& event) {
  std::vector<model::Media> media;
  for (const auto& [name, value] : event) {
    const bool named = name.starts_with("MediaUrl") || name == "attachments" || name == "media";
    if (named && media.size() < pipeline::kMediaMax && model::is_web_address(value)) {
      media.push_back({.url = value, .content_type = {}});
    }
  }
  return media;
}

model::Channel channel_of(const EventFields& event, std::string_view from, bool has_media,
                          std::optional<model::Channel> usual) {
  if (const auto named = model::parse_open_channel(first_of(event, {"type"}))) return *named;
  const bool mail = from.find('@') != std::string_view::npos;
  const auto channel = usual.value_or(mail ? model::Channel::kEmail : model::Channel::kSms);
  return channel == model::Channel::kSms && has_media ? model::Channel::kMms : channel;
}

}  // namespace

std::expected<WebhookBody, http::Response> read_webhook(const http::Request& request) {
  if (request.header("content-encoding").has_value()) {
    return std::unexpected(facade::error(415, "Content-Encoding is not supported."));
  }
  if (is_json(request)) return read_json(request);
  if (!is_form(request)) {
    return std::unexpected(facade::error(
        415, "Content-Type must be application/json or application/x-www-form-urlencoded."));
  }
  if (std::ranges::count(request.body, '&') >= kFieldsMax) {
    return bad("value_error", "Value error, this form has more than 1000 fields");
  }
  auto fields = http::parse_query(request.body);
  const auto is_text = [](const http::Header& field) {
    return base::is_utf8(field.first) && base::is_utf8(field.second);
  };
  if (!fields || !std::ranges::all_of(*fields, is_text)) {
    return bad("value_error", "Value error, this is no well-formed form in UTF-8");
  }
  WebhookBody body{.events = {}, .is_form = true};
  body.events.push_back(*std::move(fields));
  return body;
}

std::optional<model::InboundMessage> inbound_of(const EventFields& event,
                                                std::optional<model::Channel> usual) {
  const std::string_view from = first_of(event, {"From", "from"});
  const std::string_view to = first_of(event, {"To", "to"});
  const std::string_view text = first_of(event, {"Body", "body", "text"});
  const std::string_view id = id_of(event);
  if (from.empty() || to.empty() || std::max(from.size(), to.size()) > kAddressMax ||
      id.size() > kIdMax) {
    return std::nullopt;
  }
  model::InboundMessage message;
  message.content.media = media_of(event);
  if (text.empty() && message.content.media.empty()) return std::nullopt;
  message.provider_message_id = id;
  message.channel = channel_of(event, from, !message.content.media.empty(), usual);
  message.from = from;
  message.to = to;
  if (message.channel == model::Channel::kEmail) {
    message.content.subject = clean(first_of(event, {"subject"}));
    if (is_html(text)) message.content.html = text;
  }
  if (message.content.html.empty()) message.text = text;
  message.at = time_of(event);
  return message;
}

std::optional<model::Receipt> receipt_of(const EventFields& event) {
  const std::string_view id = id_of(event);
  const std::string_view word = first_of(event, {"MessageStatus", "SmsStatus", "event", "status"});
  const ReceiptState state = state_of(word);
  if (id.empty() || id.size() > kIdMax || !base::is_utf8(id) || state == ReceiptState::kUnknown) {
    return std::nullopt;
  }
  model::Receipt receipt;
  receipt.state = state;
  receipt.provider_message_id = id;
  receipt.dedup_key = clean(first_of(event, {"sg_event_id"}));
  receipt.detail = clean(first_of(event, {"ErrorCode", "reason", "error", "ErrorMessage"}));
  receipt.at = time_of(event);
  return receipt;
}

}  // namespace heliograph::api::messaging
