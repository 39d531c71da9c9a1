#include "core/api/admin_json.h"

#include <algorithm>

#include "core/api/callback_json.h"
#include "core/api/message_json.h"
#include "core/base/text.h"

namespace heliograph::api {
namespace {

using pipeline::LimitUse;
using pipeline::ProviderStatus;

void write_window(JsonWriter& json, const ProviderStatus& provider) {
  const std::uint64_t judged = provider.window_successes + provider.window_failures;
  json.begin_object("window");
  json.count("successes", provider.window_successes);
  json.count("failures", provider.window_failures);
  json.count("throttles", provider.window_throttles);
  json.count("timeouts", provider.window_timeouts);
  json.number("failure_rate", judged == 0 ? 0.0
                                          : static_cast<double>(provider.window_failures) /
                                                static_cast<double>(judged));
  json.end_object();
}

void write_outcomes(JsonWriter& json, const ProviderStatus& provider) {
  json.begin_object("outcomes");
  for (std::size_t i = 0; i < provider.outcomes.size(); ++i) {
    json.count(model::to_string(static_cast<model::Outcome>(i)), provider.outcomes[i]);
  }
  json.end_object();
}

void write_use(JsonWriter& json, std::string_view name, const std::optional<LimitUse>& use) {
  if (!use) return json.null(name);
  json.begin_object(name);
  json.text("algorithm", use->limit.algorithm);
  json.text("unit", use->limit.unit);
  json.count("limit", use->limit.limit);
  json.integer("window_ms", use->limit.window.count());
  json.count("count", use->count);
  json.count("remaining", use->quota - use->count);
  json.boolean("limited", use->limited());
  json.integer("retry_after_ms", use->retry_after.count());
  json.end_object();
}

void write_lane(JsonWriter& json, model::Lane lane, const ports::LaneDepth& depth,
                model::TimePoint now) {
  json.begin_object(model::to_string(lane));
  json.count("live", std::min<std::uint64_t>(depth.live, ports::kLaneCountMax));
  json.count("later", depth.later);
  json.boolean("more", depth.more);
  const auto age = depth.oldest ? now - *depth.oldest : std::chrono::milliseconds{0};
  json.number("oldest_seconds", std::max(0.0, std::chrono::duration<double>(age).count()));
  json.end_object();
}

// A sender may be a name ("ACME"), which is nobody's.
bool is_personal(std::string_view sender) {
  const auto digits = std::ranges::count_if(sender, [](char c) { return c >= '0' && c <= '9'; });
  return digits >= 7 || sender.contains('@');
}

// "https://app.example/hooks?token=1" -> "https://app.example".
std::string_view origin_of(std::string_view url) {
  const std::size_t authority = url.find("://");
  if (authority == std::string_view::npos) return {};
  const std::size_t begin = authority + 3;
  const std::size_t end = std::min(url.find_first_of("/?#", begin), url.size());
  const std::size_t at = url.substr(0, end).rfind('@');
  if (at != std::string_view::npos && at >= begin) return url.substr(at + 1, end - at - 1);
  return url.substr(0, end);
}

}  // namespace

void write_provider(JsonWriter& json, const ProviderStatus& provider) {
  json.begin_object();
  json.text("id", provider.id);
  json.begin_array("channels");
  for (const model::Channel channel : provider.channels) {
    json.text_element(model::to_string(channel));
  }
  json.end_array();
  json.count("weight", provider.weight);
  json.boolean("healthy", provider.healthy());
  json.boolean("enabled", provider.enabled);
  json.boolean("draining", provider.draining);
  json.text_unless_empty("quarantined", provider.quarantined);
  json.text("circuit", pipeline::to_string(provider.circuit));
  json.text_unless_empty("reason", provider.reason);
  if (provider.retry_at) json.time("retry_at", *provider.retry_at);
  if (provider.paused_until) json.time("paused_until", *provider.paused_until);
  json.count("in_flight", provider.in_flight);
  json.count("max_in_flight", provider.max_in_flight);
  write_window(json, provider);
  write_outcomes(json, provider);
  if (provider.last_used) json.time("last_used", *provider.last_used);
  json.end_object();
}

void write_queue_members(JsonWriter& json, const ports::StoreQueries& queries,
                         const ports::LaneDepths& lanes, model::TimePoint now) {
  const ports::QueueDepth depth = queries.depth();
  json.count("waiting", depth.waiting);
  json.count("sending", depth.sending);
  std::uint64_t later = 0;
  for (const ports::LaneDepth& lane : lanes) later += lane.later;
  json.count("later", later);
  json.begin_object("lanes");
  for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
    write_lane(json, static_cast<model::Lane>(lane), lanes[lane], now);
  }
  json.end_object();
  json.boolean("accepting", queries.accepting());
  json.text("store", queries.engine_version());
}

void write_limits_members(JsonWriter& json, const pipeline::Distribution& sending,
                          const std::optional<LimitUse>& total) {
  write_use(json, "total", total);
  write_use(json, "dispatch", sending.dispatch_limit);
  json.begin_array("providers");
  for (const ProviderStatus& provider : sending.providers) {
    json.begin_object();
    json.text("id", provider.id);
    write_use(json, "limit", provider.limit);
    json.end_object();
  }
  json.end_array();
}

void write_operator_message(JsonWriter& json, const model::MessageView& message,
                            const ClientNames& clients, Personal personal) {
  json.begin_object();
  write_operator_message_members(json, message, clients, personal);
  json.end_object();
}

std::string without_numbers(std::string_view text) {
  constexpr std::size_t kNumberLeast = 7;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  std::string out;
  while (!text.empty()) {
    const auto end = std::ranges::find_if_not(text, is_digit);
    const auto digits = static_cast<std::size_t>(end - text.begin());
    if (digits >= kNumberLeast) {
      out += base::mask_address(text.substr(0, digits));
    } else {
      out += text.substr(0, digits);
    }
    text.remove_prefix(digits);
    if (text.empty()) break;
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

void write_operator_message_members(JsonWriter& json, const model::MessageView& message,
                                    const ClientNames& clients, Personal personal) {
  const bool shown = personal == Personal::kShown;
  const auto client = clients.find(message.client);
  json.text("id", message.id.to_string());
  json.text("client", client == clients.end() ? std::string_view{} : client->second);
  write_message_state(json, message);
  json.text("to", shown ? message.to : base::mask_address(message.to));
  const bool open_sender = shown || !is_personal(message.from);
  json.text("from", open_sender ? message.from : base::mask_address(message.from));
  if (shown) json.text("text", message.text);
  json.text("priority", model::to_string(message.lane));
  write_message_counts(json, message);
  write_message_route(json, message);
  json.text_unless_empty("last_error",
                         shown ? message.last_error : without_numbers(message.last_error));
  if (message.possible_duplicate) json.boolean("possible_duplicate", true);
  write_message_times(json, message);
}

void write_operator_delivery(JsonWriter& json, const model::CallbackDelivery& delivery) {
  json.begin_object();
  json.text("id", delivery.id.to_string());
  json.text("type", model::to_string(delivery.event));
  json.text("status", model::to_string(delivery.state));
  json.text("origin", origin_of(delivery.url));
  write_delivery_progress(json, delivery);
  json.end_object();
}

}  // namespace heliograph::api
