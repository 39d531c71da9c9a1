// The body of a callback: what a receiver reads. Pure; thread-safe.
//
// {"type": "message.delivered", "timestamp": ..., "data": {...}} as Standard Webhooks 1.0 shapes
// it, and below its 20 kB whatever the message holds: long texts are cut. Written once, with the
// event; every attempt sends the same bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/model/callback.h"
#include "core/model/message.h"

namespace heliograph::model {

// Views: valid while the body is written.
struct CallbackFacts {
  CallbackEvent event{};
  TimePoint at{};
  MessageId message;
  Status status{};
  FailReason reason = FailReason::kNone;
  Channel channel = Channel::kSms;
  std::string_view to;
  std::string_view from;
  std::string_view client_reference;
  std::string_view provider;
  std::string_view provider_message_id;
  std::string_view error;
  std::string_view metadata_json;  // an object, or empty
  std::uint16_t attempts = 0;
  std::uint16_t parts = 1;
  std::int64_t cost_cents = 0;
  bool possible_duplicate = false;
};

inline constexpr std::size_t kCallbackBodyMax = 20'000;

std::string callback_body(const CallbackFacts& facts);

// The id of the message that a body made here, or by received_body(), tells of; "" where it tells
// of none.
std::string_view message_of_callback(std::string_view body);

}  // namespace heliograph::model
