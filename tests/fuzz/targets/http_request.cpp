// The bytes of a request: what is taken has one meaning, however it arrives.
#include <algorithm>
#include <string>

#include "core/http/request_parser.h"
#include "core/http/target.h"
#include "tests/fuzz/target.h"

namespace heliograph::http {
namespace {

using Progress = RequestParser::Progress;
constexpr std::size_t kBodyMax = 4'096;
const FramingLimits kLimits{.header_max = 2'048, .target_max = 512, .fields_max = 16};

struct Outcome {
  Progress progress = Progress::kNeedMore;
  std::size_t used = 0;
  unsigned status = 0;
  Request request;
};

// `steps`: how much arrives at a time.
Outcome parse(std::string_view input, std::size_t step) {
  Outcome out;
  RequestParser parser(kLimits, out.request);
  std::size_t arrived = 0;
  do {
    arrived = std::min(input.size(), arrived + step);
    out.progress = parser.parse_header(input.substr(0, arrived));
  } while (out.progress == Progress::kNeedMore && arrived < input.size());
  if (out.progress == Progress::kFailed) out.status = parser.error().status;
  if (out.progress != Progress::kDone) return out;
  out.used = parser.header_size();
  MUST(out.used <= arrived);
  out.progress = parser.start_body(kBodyMax);
  while (out.progress == Progress::kNeedMore) {
    std::size_t used = 0;
    out.progress = parser.parse_body(input.substr(out.used, arrived - out.used), used);
    MUST(used <= arrived - out.used);
    out.used += used;
    if (out.progress != Progress::kNeedMore || arrived == input.size()) break;
    arrived = std::min(input.size(), arrived + step);
  }
  if (out.progress == Progress::kFailed) out.status = parser.error().status;
  return out;
}

std::size_t count(const Request& request, std::string_view name) {
  return static_cast<std::size_t>(std::ranges::count(request.headers, name, &Header::first));
}

}  // namespace

FUZZ_TARGET(http_request) {
  const Outcome whole = parse(input, std::max<std::size_t>(1, input.size()));
  const Outcome bytewise = parse(input, 1);
  // In small pieces what is malformed may be seen only when more has come; it is never taken.
  MUST(whole.progress == bytewise.progress ||
       (whole.progress == Progress::kFailed && bytewise.progress == Progress::kNeedMore) ||
       (whole.progress == Progress::kNeedMore && bytewise.progress == Progress::kFailed));
  if (whole.progress == Progress::kFailed) {
    MUST(whole.status >= 400 && whole.status < 600);
    return;
  }
  if (whole.progress != Progress::kDone) return;
  MUST(whole.used == bytewise.used);
  MUST(whole.request.headers == bytewise.request.headers);
  MUST(whole.request.body == bytewise.request.body);
  MUST(whole.request.body.size() <= kBodyMax);
  // Nothing that two readers could understand differently (RFC 9112, 6.3).
  MUST(count(whole.request, "content-length") + count(whole.request, "transfer-encoding") <= 1);
  MUST(count(whole.request, "host") <= 1);
  MUST(split_target(whole.request.target).has_value());
  MUST(whole.request.headers.size() <= kLimits.fields_max);
  for (const auto& [name, value] : whole.request.headers) {
    MUST(!name.empty());
    MUST(name.find_first_of(" \t\r\n:") == std::string::npos);
    MUST(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
  }
}

}  // namespace heliograph::http
