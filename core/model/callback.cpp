#include "core/model/callback.h"

#include "core/model/words.h"

namespace heliograph::model {
namespace {

constexpr Words<CallbackEvent, 7> kEventWords{{{CallbackEvent::kSent, "message.sent"},
                                               {CallbackEvent::kDelivered, "message.delivered"},
                                               {CallbackEvent::kFailed, "message.failed"},
                                               {CallbackEvent::kExpired, "message.expired"},
                                               {CallbackEvent::kUnknown, "message.unknown"},
                                               {CallbackEvent::kCancelled, "message.cancelled"},
                                               {CallbackEvent::kReceived, "message.received"}}};

constexpr Words<CallbackState, 3> kStateWords{{{CallbackState::kPending, "pending"},
                                               {CallbackState::kDelivered, "delivered"},
                                               {CallbackState::kFailed, "failed"}}};

}  // namespace

std::string_view to_string(CallbackEvent event) { return word_of(kEventWords, event); }

std::optional<CallbackEvent> parse_callback_event(std::string_view text) {
  return value_of(kEventWords, text);
}

const std::vector<CallbackEvent>& known_callback_events() {
  static const auto events = [] {
    std::vector<CallbackEvent> all;
    for (const auto& [event, word] : kEventWords) all.push_back(event);
    return all;
  }();
  return events;
}

std::optional<CallbackEvent> callback_event_of(Status status) {
  switch (status) {
    case Status::kSent:
      return CallbackEvent::kSent;
    case Status::kDelivered:
      return CallbackEvent::kDelivered;
    case Status::kFailedPerm:
      return CallbackEvent::kFailed;
    case Status::kExpired:
      return CallbackEvent::kExpired;
    case Status::kUnknown:
      return CallbackEvent::kUnknown;
    case Status::kCancelled:
      return CallbackEvent::kCancelled;
    case Status::kScheduled:
    case Status::kQueued:
    case Status::kSending:
    case Status::kFailedTemp:
      return std::nullopt;
  }
  return std::nullopt;
}

std::string_view to_string(CallbackState state) { return word_of(kStateWords, state); }

std::optional<CallbackState> parse_callback_state(std::string_view text) {
  return value_of(kStateWords, text);
}

}  // namespace heliograph::model
