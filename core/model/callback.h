// Callbacks: what clients are told of the life of their messages, and where to.
//
// An endpoint is a URL of a client's that wants certain events; a delivery is one event on its way
// to one endpoint. Values only.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/ids.h"
#include "core/model/status.h"
#include "core/model/trace_context.h"

namespace heliograph::model {

// Bits: what an endpoint wants is a set of them. Stored: append only.
enum class CallbackEvent : std::uint32_t {
  kSent = 1,
  kDelivered = 2,
  kFailed = 4,
  kExpired = 8,
  kUnknown = 16,
  kCancelled = 32,
  kReceived = 64,  // a message came in
};
using CallbackEvents = std::uint32_t;
// Also the events that later versions add: who asks for all means all.
inline constexpr CallbackEvents kAllCallbackEvents = 0xFFFF'FFFF;

std::string_view to_string(CallbackEvent event);  // "message.delivered"
std::optional<CallbackEvent> parse_callback_event(std::string_view text);
const std::vector<CallbackEvent>& known_callback_events();
// What a message's arrival at `status` is called; nullopt: nobody is told of it.
std::optional<CallbackEvent> callback_event_of(Status status);

// Endpoints and deliveries have ids of the same form as messages. A delivery's is its webhook-id.
using CallbackId = MessageId;

// 32 bytes each (Standard Webhooks 1.0: 24 to 64), as they are, not as text.
struct CallbackSecrets {
  std::string current;
  std::string previous;  // still signed with until then; empty: none
  TimePoint previous_until{};
};

struct CallbackEndpoint {
  CallbackId id;
  ClientId client{};
  std::string url;
  std::string description;
  CallbackEvents events = kAllCallbackEvents;
  // Made by a message's `callback_url`: it gets the events of such messages alone, and is signed
  // with the secret that all of a client's callback_urls share.
  bool implicit = false;
  bool enabled = true;
  std::string disabled_reason;  // for people; empty when enabled or disabled by its client
  CallbackSecrets secrets;
  TimePoint created_at{};
  TimePoint updated_at{};
};

// Stored.
enum class CallbackState : std::uint8_t { kPending = 0, kDelivered = 1, kFailed = 2 };
std::string_view to_string(CallbackState state);  // "pending"
std::optional<CallbackState> parse_callback_state(std::string_view text);

// A delivery as it waits to be sent.
struct CallbackJob {
  CallbackId id;
  std::string url;  // the message's own where it has a query of its own, else the endpoint's
  std::string body;
  std::uint16_t attempts = 0;  // made so far
  TimePoint due{};
  TraceContext trace;  // of the message it tells of; invalid for one that came in
};

// A delivery as the API shows it.
struct CallbackDelivery {
  CallbackId id;
  CallbackEvent event{};
  MessageId message;
  CallbackState state = CallbackState::kPending;
  std::uint16_t attempts = 0;
  int status_code = 0;  // of the last attempt; 0: no answer
  std::string error;    // of the last attempt, for people
  std::string url;
  TimePoint due{};  // pending: of the next attempt
  std::optional<TimePoint> attempted_at;
};

}  // namespace heliograph::model
