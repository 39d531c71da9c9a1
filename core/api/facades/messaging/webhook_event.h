// What the webhooks of the Messaging service are told: forms of Twilio, arrays of SendGrid, JSON of
// anybody. Pure; thread-safe.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "core/http/message.h"
#include "core/model/conversation.h"
#include "core/model/receipt.h"

namespace heliograph::api::messaging {

// One report, by whichever names its members have. Strings only: numbers are their text, a list of
// strings is there as often as it has elements.
using EventFields = std::vector<http::Header>;

struct WebhookBody {
  std::vector<EventFields> events;
  bool is_form = false;
};
inline constexpr std::size_t kEventsMax = 1'000;  // of one request

// A form, a JSON object, or a JSON array of objects. The error is the 422 to send, or 415.
std::expected<WebhookBody, http::Response> read_webhook(const http::Request& request);

// A message that came in: addresses, text, media, whatever of these it has. `usual`: the channel of
// the webhook; a `type`, or media beside an SMS, say another one. nullopt: it is none.
std::optional<model::InboundMessage> inbound_of(const EventFields& event,
                                                std::optional<model::Channel> usual);

// A report of what became of a message: provider's id, state, detail, time; without provider.
// nullopt: it is none, or of something that says nothing about delivery ("open", "click").
std::optional<model::Receipt> receipt_of(const EventFields& event);

}  // namespace heliograph::api::messaging
