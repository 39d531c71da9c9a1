// The words and shapes that the Messaging service's answers share. Pure; thread-safe.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/api/facades/facade_door.h"
#include "core/api/facades/facade_words.h"
#include "core/model/message.h"
#include "core/model/status.h"

namespace heliograph::api::messaging {

using facade::error;
using facade::FieldFault;
using facade::invalid;
using facade::text_or_null;

// 429 {"error", "message"}: the one answer that has no "detail".
http::Response too_many();

// At the door: in the words of error(), JSON alone, requests counted.
inline constexpr FacadeManners kManners{.words = error, .too_many = too_many};

// "pending", "sending", "sent", "delivered", "failed" or "retry".
std::string_view status_word(model::Status status);
// Those that have this word: none for "queued", which the service knew and no message here is in.
// nullopt: it is none of its words.
std::optional<std::vector<model::Status>> statuses_of(std::string_view word);
inline constexpr std::string_view kStatusList =
    "'pending', 'queued', 'sending', 'sent', 'delivered', 'failed' or 'retry'";

// When it was taken by a provider and by the recipient, as far as it has been.
struct Times {
  std::optional<model::TimePoint> sent;
  std::optional<model::TimePoint> delivered;
};

// One message as an object: the document, or an element of an array.
void write_message(JsonWriter& json, const model::MessageView& message, const Times& times);

}  // namespace heliograph::api::messaging
