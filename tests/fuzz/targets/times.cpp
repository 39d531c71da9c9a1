// Times, durations and sizes, as clients, operators, providers and HTTP peers write them.
#include <string>

#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/http/response_head.h"
#include "core/pipeline/callbacks/verdict.h"
#include "plugins/providers/http/timestamp.h"
#include "tests/fuzz/target.h"

#include <heliograph/http_outcome.hpp>

namespace heliograph {
namespace {

void check_retry_after(std::string_view text) {
  using std::chrono::nanoseconds;
  const hg_kv header = sdk::kv("retry-after", text);
  hg_http_response raw{};
  raw.headers = &header;
  raw.n_headers = 1;
  const nanoseconds now{1'700'000'000'000'000'000};
  const nanoseconds wait = sdk::retry_after(sdk::HttpResponse(raw), now);
  MUST(wait.count() >= 0 && wait <= std::chrono::hours{24});

  ports::OutgoingResponse response;
  response.status = ports::HttpStatus::kOk;
  response.progress = ports::HttpProgress::kComplete;
  response.code = 503;
  response.headers = {{"retry-after", std::string(text)}};
  const auto verdict =
      pipeline::judge_callback(response, model::TimePoint{std::chrono::seconds{1'700'000'000}});
  MUST(!verdict.delivered && verdict.slow_down);
  if (verdict.retry_after) {
    MUST(verdict.retry_after->count() >= 0 && *verdict.retry_after <= std::chrono::hours{24});
  }
}

}  // namespace

FUZZ_TARGET(times) {
  if (const auto time = base::parse_rfc3339(input)) {
    MUST(base::parse_rfc3339(base::format_rfc3339(*time)) == time);
  }
  if (const auto duration = base::parse_duration(input)) {
    MUST(duration->count() >= 0);
    MUST(base::parse_duration(base::format_duration(*duration)) == duration);
  }
  static_cast<void>(base::parse_size(input));
  if (const auto number = base::parse_uint(input)) {
    MUST(input.find_first_not_of("0123456789") == std::string_view::npos);
    static_cast<void>(number);
  }
  if (const auto date = sdk::detail::http_date(input)) {
    MUST(input.size() == 29);
    const std::string formatted = http::format_http_date(*date);
    MUST(sdk::detail::http_date(formatted) == date);
  }
  static_cast<void>(plugins::http::parse_timestamp(input));
  check_retry_after(input);
}

}  // namespace heliograph
