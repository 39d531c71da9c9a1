#include "core/api/callback_json.h"

#include "core/http/webhook_signature.h"

namespace heliograph::api {

void write_callback(JsonWriter& json, const model::CallbackEndpoint& endpoint, model::TimePoint now,
                    ShowSecret secret) {
  json.begin_object();
  json.text("id", endpoint.id.to_string());
  json.text("url", endpoint.url);
  json.text("source", endpoint.implicit ? "callback_url" : "api");
  json.begin_array("events");
  for (const model::CallbackEvent event : model::known_callback_events()) {
    const bool wanted = (endpoint.events & static_cast<model::CallbackEvents>(event)) != 0;
    if (wanted) json.text_element(model::to_string(event));
  }
  json.end_array();
  json.text_unless_empty("description", endpoint.description);
  json.boolean("enabled", endpoint.enabled);
  json.text_unless_empty("disabled_reason", endpoint.disabled_reason);
  const bool shown =
      secret == ShowSecret::kAlways || (secret == ShowSecret::kOfCallbackUrls && endpoint.implicit);
  if (shown) json.text("secret", http::webhook_secret_text(endpoint.secrets.current));
  if (endpoint.secrets.previous_until > now) {
    json.time("previous_secret_until", endpoint.secrets.previous_until);
  }
  json.time("created_at", endpoint.created_at);
  json.time("updated_at", endpoint.updated_at);
  json.end_object();
}

void write_delivery_progress(JsonWriter& json, const model::CallbackDelivery& delivery) {
  json.count("attempts", delivery.attempts);
  if (delivery.status_code != 0) json.integer("last_status_code", delivery.status_code);
  json.text_unless_empty("error", delivery.error);
  json.time("created_at", delivery.id.created_at());
  if (delivery.attempted_at) json.time("last_attempt_at", *delivery.attempted_at);
  if (delivery.state == model::CallbackState::kPending) json.time("next_attempt_at", delivery.due);
}

void write_callback_delivery(JsonWriter& json, const model::CallbackDelivery& delivery) {
  json.begin_object();
  json.text("id", delivery.id.to_string());
  json.text("type", model::to_string(delivery.event));
  json.text("message_id", delivery.message.to_string());
  json.text("status", model::to_string(delivery.state));
  json.text("url", delivery.url);
  write_delivery_progress(json, delivery);
  json.end_object();
}

}  // namespace heliograph::api
