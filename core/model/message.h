// What a message is, at the three moments it is spoken of: as a client gives it (NewMessage), as
// the dispatcher works on it (WorkItem) and as it is shown (MessageView).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/channel.h"
#include "core/model/content.h"
#include "core/model/ids.h"
#include "core/model/status.h"
#include "core/model/trace_context.h"

namespace heliograph::model {

// Stored: append only. Smaller is more urgent.
enum class Lane : std::uint8_t { kUrgent = 0, kNormal = 1, kBulk = 2 };
inline constexpr int kLanes = 3;
std::string_view to_string(Lane lane);  // "urgent"
std::optional<Lane> parse_lane(std::string_view text);

// What to do when an attempt may or may not have reached the recipient. Stored.
enum class InDoubt : std::uint8_t {
  kAuto = 0,         // resolve_same where the provider dedupes, else at_least_once
  kResolveSame = 1,  // the same provider again, with the same idempotency key
  kAtLeastOnce = 2,  // wait for a receipt, then send again, flagged possible_duplicate
  kAtMostOnce = 3,   // never again; UNKNOWN until a receipt comes
};
std::string_view to_string(InDoubt policy);  // "at_least_once"
std::optional<InDoubt> parse_in_doubt(std::string_view text);

// Stored.
enum class HoldState : std::uint8_t { kNone = 0, kHeld = 1, kCaptured = 2, kReleased = 3 };
// What a change of status does to the hold.
enum class HoldAction : std::uint8_t { kKeep, kCapture, kRelease };

// When a held amount is charged (billing.capture_on).
enum class CaptureOn : std::uint8_t { kDelivered, kSent, kAccepted };
std::string_view to_string(CaptureOn moment);  // "delivered"
std::optional<CaptureOn> parse_capture_on(std::string_view text);

// Why a message goes out later than its client asked for. Stored: append only.
enum class ScheduleReason : std::uint8_t { kNone = 0, kQuietHours = 1 };
std::string_view to_string(ScheduleReason reason);  // "quiet_hours"; "" for kNone

// A message as accepted: validated, completed with the client's and the gateway's defaults, priced.
struct NewMessage {
  ClientId client{};
  Channel channel = Channel::kSms;
  Lane lane = Lane::kNormal;
  std::string to;        // E.164 ("+14155552671") or an e-mail address
  std::string to_given;  // as the client wrote it; empty when the same as `to`
  std::string from;
  std::string text;
  std::string content;           // pack(Content); empty: the text is all there is
  std::string client_reference;  // <= 64 characters
  std::string callback_url;
  std::string metadata_json;    // a JSON object, or empty
  std::string pinned_provider;  // empty: any provider of the channel or of `route`
  std::string route;            // name of the rule whose providers may carry it; empty: none
  InDoubt in_doubt = InDoubt::kAuto;
  std::uint16_t parts = 1;           // segments on the air; 1 for e-mail
  std::int64_t cost_cents = 0;       // held at accept; 0: nothing to hold
  std::optional<TimePoint> send_at;  // real wall clock
  ScheduleReason schedule_reason = ScheduleReason::kNone;
  std::chrono::milliseconds validity{};  // from acceptance (or send_at) on; > 0
  bool in_conversation = false;  // joins the thread of its two addresses: a row more to write
  TraceContext trace;            // the span that its sends stand below; often invalid
};

// What the dispatcher needs of a message that waits, and what it hands to a provider.
struct WorkItem {
  MessageId id;
  ClientId client{};
  ClassId dispatch_class{};
  Channel channel = Channel::kSms;
  Lane lane = Lane::kNormal;
  Status status = Status::kQueued;  // SCHEDULED, QUEUED, FAILED_TEMP; SENDING and UNKNOWN when read
                                    // for recovery
  InDoubt in_doubt = InDoubt::kAuto;
  bool possible_duplicate = false;
  bool doubtful = false;  // the last attempt ended UNKNOWN and is not resolved
  bool rich = false;      // it has content, which is read when an attempt begins: memory is bounded
                          // by the sends in flight, not by the queue
  std::uint16_t parts = 1;
  std::uint16_t attempts = 0;        // sends begun so far in this cycle; max_attempts counts these
  std::uint16_t attempt_number = 0;  // sends begun over all cycles; the number of the last attempt
  std::uint16_t round = 0;           // rounds of exclusion finished; the backoff grows with it
  std::uint16_t cycle = 0;
  std::uint16_t key_cycle = 0;  // whose idempotency key the sends carry: a requeue out of doubt
                                // goes on with that of the doubtful send
  TimePoint started_at{};       // of the attempt under way; SENDING only
  TimePoint due{};
  TimePoint expires_at{};
  std::optional<ProviderKey> last_provider;  // of the last attempt
  std::optional<ProviderKey> pinned;
  std::vector<ProviderKey> excluded;  // providers that certainly failed this message in this round
  std::string from;
  std::string to;
  std::string text;
  std::string metadata_json;
  TraceContext trace;  // as in NewMessage
};

// A message as the API shows it.
struct MessageView {
  MessageId id;
  ClientId client{};
  Channel channel = Channel::kSms;
  Lane lane = Lane::kNormal;
  Status status = Status::kQueued;
  FailReason reason = FailReason::kNone;
  InDoubt in_doubt = InDoubt::kAuto;
  HoldState hold = HoldState::kNone;
  bool possible_duplicate = false;
  std::uint16_t parts = 1;
  std::uint16_t attempts = 0;  // over all cycles
  std::int64_t cost_cents = 0;
  TimePoint created_at{};
  TimePoint updated_at{};
  TimePoint due{};
  TimePoint expires_at{};
  std::optional<TimePoint> send_at;
  ScheduleReason schedule_reason = ScheduleReason::kNone;  // why it is not the client's
  std::string to;
  std::string to_given;
  std::string from;
  std::string text;                    // empty once its retention is over
  std::optional<ContentView> content;  // of one message that has any; never in lists
  std::string client_reference;
  std::string callback_url;
  std::string metadata_json;
  std::string provider;  // name of the provider that took or last tried it; may be empty
  std::string pinned_provider;
  std::string provider_message_id;
  std::string last_error;                 // for people; empty when there is none
  std::optional<MessageId> conversation;  // the thread it has joined
  // Names of those that failed to send it, each once, in order. Only where it was asked for.
  std::vector<std::string> failed_providers;
};

}  // namespace heliograph::model
