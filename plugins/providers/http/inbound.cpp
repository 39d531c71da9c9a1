#include "plugins/providers/http/inbound.h"

#include <optional>
#include <utility>

#include <heliograph/json.hpp>

#include "plugins/providers/http/pointers.h"
#include "plugins/providers/http/timestamp.h"

namespace heliograph::plugins::http {

namespace {

constexpr std::size_t kMediaMax = 64;
constexpr std::string_view kNumber = "{n}";

// As given, else as it looks.
std::uint32_t channel_of(std::string_view word, const sdk::Inbound& message) {
  if (word == "sms") return HG_CH_SMS;
  if (word == "mms") return HG_CH_MMS;
  if (word == "email") return HG_CH_EMAIL;
  if (message.from.find('@') != std::string::npos) return HG_CH_EMAIL;
  return message.media.empty() ? HG_CH_SMS : HG_CH_MMS;
}

}  // namespace

InboundReader::InboundReader(const sdk::Config& config)
    : enabled_(config.flag("inbound.enabled")), kind_value_(config.text("inbound.kind_value")) {
  pointers_.kind = pointer_in(config, "inbound.kind");
  pointers_.id = pointer_in(config, "inbound.id");
  pointers_.from = pointer_in(config, "inbound.from");
  pointers_.to = pointer_in(config, "inbound.to");
  pointers_.text = pointer_in(config, "inbound.text");
  pointers_.subject = pointer_in(config, "inbound.subject");
  pointers_.html = pointer_in(config, "inbound.html");
  pointers_.media = pointer_in(config, "inbound.media");
  pointers_.channel = pointer_in(config, "inbound.channel");
  pointers_.timestamp = pointer_in(config, "inbound.timestamp");
  if (!enabled_) return;
  if (pointers_.kind.empty()) throw sdk::ConfigError("inbound.kind", "must not be empty");
  if (pointers_.from.empty()) throw sdk::ConfigError("inbound.from", "must not be empty");
  if (pointers_.to.empty()) throw sdk::ConfigError("inbound.to", "must not be empty");
}

bool InboundReader::matches(std::string_view element) const {
  return enabled_ && sdk::json::text_at(element, pointers_.kind) == kind_value_;
}

// A list, a single URL, or one field for each: "/MediaUrl{n}" is /MediaUrl0, /MediaUrl1 ...
std::vector<std::string> InboundReader::media_of(std::string_view element) const {
  std::vector<std::string> urls;
  const std::size_t number = pointers_.media.find(kNumber);
  if (number != std::string::npos) {
    while (urls.size() < kMediaMax) {
      std::string pointer = pointers_.media;
      pointer.replace(number, kNumber.size(), std::to_string(urls.size()));
      std::string url = text_at(element, pointer);
      if (url.empty()) break;
      urls.push_back(std::move(url));
    }
    return urls;
  }
  const auto found =
      pointers_.media.empty() ? std::nullopt : sdk::json::find(element, pointers_.media);
  if (!found) return urls;
  for (const std::string_view item : sdk::json::elements(*found)) {
    auto url = sdk::json::scalar_text(item);
    if (url && !url->empty() && urls.size() < kMediaMax) urls.push_back(*std::move(url));
  }
  return urls;
}

std::string InboundReader::add(std::string_view element, sdk::Events& events) const {
  sdk::Inbound message;
  message.from = text_at(element, pointers_.from);
  if (message.from.empty()) return pointers_.from + " is missing";
  message.to = text_at(element, pointers_.to);
  if (message.to.empty()) return pointers_.to + " is missing";
  message.provider_msg_id = text_at(element, pointers_.id);
  message.body = text_at(element, pointers_.text);
  message.subject = text_at(element, pointers_.subject);
  message.html = text_at(element, pointers_.html);
  message.media = media_of(element);
  message.channel = channel_of(text_at(element, pointers_.channel), message);
  const std::string timestamp = text_at(element, pointers_.timestamp);
  message.at_unix = parse_timestamp(timestamp).value_or(std::chrono::nanoseconds{0});
  events.add(std::move(message));
  return {};
}

}  // namespace heliograph::plugins::http
