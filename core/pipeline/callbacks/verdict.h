// What a receiver's answer means for its callback (Standard Webhooks 1.0). Pure; thread-safe.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/model/ids.h"
#include "core/ports/http_client.h"

namespace heliograph::pipeline {

struct CallbackVerdict {
  bool delivered = false;  // 2xx, whatever became of the answer's body
  bool gone = false;       // 410: nothing more is to be sent there
  bool slow_down = false;  // 429, 502, 503, 504
  // Seconds or a date, at most a day; the next attempt is not made before.
  std::optional<std::chrono::milliseconds> retry_after;
  int status_code = 0;  // 0: no answer
  std::string error;    // a sentence for people; empty when delivered
};

// `now`: the real wall clock, which a date in Retry-After means.
CallbackVerdict judge_callback(const ports::OutgoingResponse& response, model::TimePoint now);

}  // namespace heliograph::pipeline
