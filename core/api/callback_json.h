// Callback endpoints and their deliveries as the API shows them. What is not known is left out,
// never null. Pure; thread-safe.
#pragma once

#include <string_view>

#include "core/api/json_writer.h"
#include "core/model/callback.h"

namespace heliograph::api {

// One object. `now`: a previous secret is shown as valid until its time. Secrets are shown where
// `secret` says so.
enum class ShowSecret : std::uint8_t { kNever, kOfCallbackUrls, kAlways };
void write_callback(JsonWriter& json, const model::CallbackEndpoint& endpoint, model::TimePoint now,
                    ShowSecret secret);
void write_callback_delivery(JsonWriter& json, const model::CallbackDelivery& delivery);
// Members of an object that is begun: how far its attempts have come.
void write_delivery_progress(JsonWriter& json, const model::CallbackDelivery& delivery);

}  // namespace heliograph::api
