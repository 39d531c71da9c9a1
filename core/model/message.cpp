#include "core/model/message.h"

#include "core/model/words.h"

namespace heliograph::model {
namespace {

constexpr Words<Lane, kLanes> kLaneWords{
    {{Lane::kUrgent, "urgent"}, {Lane::kNormal, "normal"}, {Lane::kBulk, "bulk"}}};

constexpr Words<InDoubt, 4> kInDoubtWords{{{InDoubt::kAuto, "auto"},
                                           {InDoubt::kResolveSame, "resolve_same"},
                                           {InDoubt::kAtLeastOnce, "at_least_once"},
                                           {InDoubt::kAtMostOnce, "at_most_once"}}};

constexpr Words<CaptureOn, 3> kCaptureOnWords{{{CaptureOn::kDelivered, "delivered"},
                                               {CaptureOn::kSent, "sent"},
                                               {CaptureOn::kAccepted, "accepted"}}};

constexpr Words<ScheduleReason, 2> kScheduleReasonWords{
    {{ScheduleReason::kNone, ""}, {ScheduleReason::kQuietHours, "quiet_hours"}}};

}  // namespace

std::string_view to_string(Lane lane) { return word_of(kLaneWords, lane); }

std::optional<Lane> parse_lane(std::string_view text) { return value_of(kLaneWords, text); }

std::string_view to_string(InDoubt policy) { return word_of(kInDoubtWords, policy); }

std::optional<InDoubt> parse_in_doubt(std::string_view text) {
  return value_of(kInDoubtWords, text);
}

std::string_view to_string(ScheduleReason reason) { return word_of(kScheduleReasonWords, reason); }

std::string_view to_string(CaptureOn moment) { return word_of(kCaptureOnWords, moment); }

std::optional<CaptureOn> parse_capture_on(std::string_view text) {
  return value_of(kCaptureOnWords, text);
}

}  // namespace heliograph::model
