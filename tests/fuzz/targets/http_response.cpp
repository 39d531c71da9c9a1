// The bytes of a provider's or receiver's answer.
#include <algorithm>
#include <string>

#include "core/http/response_parser.h"
#include "tests/fuzz/target.h"

namespace heliograph::http {
namespace {

using Progress = ResponseParser::Progress;
constexpr std::size_t kBodyMax = 512;

struct Outcome {
  Progress progress = Progress::kNeedMore;
  std::size_t used = 0;
  bool keep_alive = false;
  ports::OutgoingResponse response;
};

Outcome parse(std::string_view input, std::size_t step, bool to_head) {
  Outcome out;
  ResponseParser parser(out.response, kBodyMax, to_head);
  std::size_t arrived = 0;
  do {
    arrived = std::min(input.size(), arrived + step);
    std::size_t used = 0;
    out.progress = parser.parse(input.substr(out.used, arrived - out.used), used);
    MUST(used <= arrived - out.used);
    out.used += used;
  } while (out.progress == Progress::kNeedMore && arrived < input.size());
  if (out.progress == Progress::kNeedMore) out.progress = parser.parse_end();
  if (out.progress == Progress::kComplete) out.keep_alive = parser.keep_alive();
  if (out.progress == Progress::kFailed) MUST(!parser.what().empty());
  if (const auto idle = parser.idle_timeout()) MUST(idle->count() >= 0);
  return out;
}

}  // namespace

FUZZ_TARGET(http_response) {
  fuzz::Pieces pieces(input);
  const bool to_head = (pieces.byte() & 1) != 0;
  const std::string_view bytes = pieces.rest();
  const Outcome whole = parse(bytes, std::max<std::size_t>(1, bytes.size()), to_head);
  const Outcome bytewise = parse(bytes, 1, to_head);
  // In small pieces what is malformed may be seen only when more has come; it is never taken.
  MUST(whole.progress == bytewise.progress ||
       (whole.progress == Progress::kFailed && bytewise.progress == Progress::kNeedMore) ||
       (whole.progress == Progress::kNeedMore && bytewise.progress == Progress::kFailed));
  MUST(whole.response.body.size() <= kBodyMax);
  MUST(whole.response.headers.size() <= ResponseParser::kFieldsMax);
  if (whole.progress != Progress::kComplete) return;
  MUST(whole.response.code == bytewise.response.code);
  MUST(whole.response.body == bytewise.response.body);
  MUST(whole.response.headers == bytewise.response.headers);
  MUST(whole.keep_alive == bytewise.keep_alive);
  MUST(whole.used == bytewise.used);
}

}  // namespace heliograph::http
