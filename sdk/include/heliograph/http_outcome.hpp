// What an HTTP answer means for the message: the classification most HTTP providers share.
//
// A provider whose peer speaks another dialect looks at the answer first and falls back on this.
#pragma once

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <heliograph/host.hpp>
#include <heliograph/http.hpp>
#include <heliograph/send_result.hpp>

namespace heliograph::sdk {

namespace detail {

inline std::optional<int> digits(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool all = error == std::errc{} && end == text.data() + text.size();
  return all && value >= 0 ? std::optional(value) : std::nullopt;
}

// "Sun, 06 Nov 1994 08:49:37 GMT", the one form that senders must use (RFC 9110, section 5.6.7), as
// seconds since 1970.
inline std::optional<std::int64_t> http_date(std::string_view text) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 29 || text.substr(25) != " GMT") return std::nullopt;
  const auto day = digits(text.substr(5, 2)), year = digits(text.substr(12, 4));
  const auto hour = digits(text.substr(17, 2)), minute = digits(text.substr(20, 2));
  const auto second = digits(text.substr(23, 2));
  const std::size_t month = kMonths.find(text.substr(8, 3));
  if (!day || !year || !hour || !minute || !second || month % 3 != 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(month / 3 + 1)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const std::chrono::seconds since_1970 =
      std::chrono::sys_days{date}.time_since_epoch() + std::chrono::hours{*hour} +
      std::chrono::minutes{*minute} + std::chrono::seconds{*second};
  return since_1970.count();
}

}  // namespace detail

// Retry-After in either of its forms (RFC 9110, section 10.2.3); 0 when absent, unreadable or past.
// At most a day: longer pauses are a mistake of the peer's more often than its wish.
inline std::chrono::nanoseconds retry_after(const HttpResponse& response,
                                            std::chrono::nanoseconds unix_now) {
  constexpr std::chrono::seconds kMax = std::chrono::hours{24};
  const std::string_view text = response.header("retry-after").value_or("");
  if (const std::optional<int> seconds = detail::digits(text)) {
    return std::min(std::chrono::seconds{*seconds}, kMax);
  }
  const std::optional<std::int64_t> when = detail::http_date(text);
  if (!when) return std::chrono::nanoseconds{0};
  // In seconds first: dates centuries away do not fit into nanoseconds.
  const auto now = std::chrono::floor<std::chrono::seconds>(unix_now);
  const std::chrono::nanoseconds end = std::clamp(std::chrono::seconds{*when}, now, now + kMax);
  return std::clamp<std::chrono::nanoseconds>(end - unix_now, std::chrono::nanoseconds{0}, kMax);
}

// The outcome that a status code stands for: 2xx sent; 429 and 503 throttled; 401 refused (our
// credentials); 408, other 5xx, 403 and redirects (never followed) a certain failure, so retry; any
// other 4xx rejected, the message's own fault.
constexpr std::uint32_t outcome_of_code(int code) {
  if (code >= 200 && code < 300) return HG_SENT;
  if (code == 429 || code == 503) return HG_THROTTLED;
  if (code == 401) return HG_REFUSED;
  if (code == 403 || code == 408 || code < 400 || code >= 500) return HG_RETRY;
  return HG_REJECTED;
}

// The whole classification, the provider's message id excepted: that is the caller's to read from
// the body. Without an answer the progress decides between a certain failure and an unknown
// outcome.
inline SendResult classify(const HttpResponse& response, Host host) {
  SendResult result;
  if (!response.answered()) {
    result.outcome = response.certainly_not_sent() ? HG_RETRY : HG_UNKNOWN;
    result.detail = response.detail();
    return result;
  }
  result.outcome = outcome_of_code(response.code());
  result.status_code = response.code();
  if (result.outcome == HG_SENT) return result;
  result.detail = "the provider answered " + std::to_string(response.code());
  if (result.outcome == HG_THROTTLED || result.outcome == HG_RETRY) {
    result.retry_after = retry_after(response, host.unix_time());
  }
  return result;
}

}  // namespace heliograph::sdk
