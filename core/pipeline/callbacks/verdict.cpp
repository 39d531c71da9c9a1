#include "core/pipeline/callbacks/verdict.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>

#include "core/base/text.h"

namespace heliograph::pipeline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kRetryAfterMax = std::chrono::hours{24};
constexpr std::size_t kErrorMax = 256;

// RFC 9110, 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT", the one form that is still sent.
std::optional<model::TimePoint> parse_http_date(const std::string& text) {
  tm parts{};
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return model::TimePoint{seconds{::timegm(&parts)}};
}

std::optional<milliseconds> retry_after(const ports::OutgoingResponse& response,
                                        model::TimePoint now) {
  const auto header = std::ranges::find(response.headers, "retry-after",
                                        [](const auto& entry) { return entry.first; });
  if (header == response.headers.end()) return std::nullopt;
  const std::string value(base::trim(header->second));
  milliseconds wait{0};
  if (const auto count = base::parse_uint(value)) {
    const auto longest = static_cast<std::uint64_t>(kRetryAfterMax.count());
    wait = seconds{static_cast<std::int64_t>(std::min(*count, longest))};
  } else if (const auto date = parse_http_date(value)) {
    wait = *date - now;
  } else {
    return std::nullopt;
  }
  return std::clamp<milliseconds>(wait, milliseconds{0}, kRetryAfterMax);
}

std::string no_answer(const ports::OutgoingResponse& response) {
  if (response.status == ports::HttpStatus::kDeadline) return "no answer in time";
  if (response.detail.empty()) return "no answer";
  return response.detail.substr(0, kErrorMax);
}

}  // namespace

CallbackVerdict judge_callback(const ports::OutgoingResponse& response, model::TimePoint now) {
  CallbackVerdict verdict;
  if (response.progress < ports::HttpProgress::kHead) {
    verdict.error = no_answer(response);
    return verdict;
  }
  const unsigned code = response.code;
  verdict.status_code = static_cast<int>(code);
  verdict.delivered = code >= 200 && code < 300;
  if (verdict.delivered) return verdict;
  verdict.gone = code == 410;
  verdict.slow_down = code == 429 || code == 502 || code == 503 || code == 504;
  verdict.retry_after = retry_after(response, now);
  const bool redirect = code >= 300 && code < 400;
  verdict.error = fmt::format("the receiver answered {}{}", code,
                              redirect ? "; redirects are not followed" : "");
  return verdict;
}

}  // namespace heliograph::pipeline
