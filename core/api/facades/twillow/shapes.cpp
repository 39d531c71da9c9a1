#include "core/api/facades/twillow/shapes.h"

#include <algorithm>

namespace heliograph::api::twillow {
std::string_view status_word(model::Status status) {
  using enum model::Status;
  switch (status) {
    case kScheduled:
    case kQueued:
      return "pending";
    case kSending:
    case kFailedTemp:
    case kUnknown:
      return "processing";
    case kSent:
    case kDelivered:
      return "completed";
    case kFailedPerm:
    case kExpired:
    case kCancelled:
      break;
  }
  return "failed";
}

std::vector<model::Status> statuses_of(std::string_view word) {
  std::vector<model::Status> found;
  std::ranges::copy_if(facade::kAllStatuses, std::back_inserter(found),
                       [&](model::Status status) { return status_word(status) == word; });
  return found;
}

bool carries_sms(const pipeline::ProviderStatus& provider) {
  return std::ranges::find(provider.channels, model::Channel::kSms) != provider.channels.end();
}

}  // namespace heliograph::api::twillow
