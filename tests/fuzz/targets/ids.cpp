// Ids, cursors, keys and encodings: each value has one spelling.
#include <span>
#include <string>

#include "core/api/cursor.h"
#include "core/api/idempotency.h"
#include "core/api/keys.h"
#include "core/base/base64.h"
#include "core/base/json_text.h"
#include "core/base/text.h"
#include "core/model/ids.h"
#include "core/model/trace_context.h"
#include "tests/fuzz/target.h"

namespace heliograph {

FUZZ_TARGET(ids) {
  if (const auto id = model::MessageId::parse(input)) {
    MUST(id->to_string() == base::to_lower_ascii(input));
    MUST(model::MessageId::from_parts(id->row(), id->random()) == *id);
  }
  if (const auto bytes = base::from_base64(input)) {
    MUST(base::to_base64(*bytes) == input);
    MUST(base::base64_decoded_size(input) == bytes->size());
  }
  MUST(base::from_base64(base::to_base64(input)) == input);
  if (const auto bytes = base::from_hex(input)) {
    MUST(base::to_hex(std::as_bytes(std::span(*bytes))) == base::to_lower_ascii(input));
  }
  if (const auto trace = model::parse_traceparent(input)) {
    const std::string written = model::format_traceparent(*trace);
    MUST(trace->valid() && written.substr(2, 51) == input.substr(2, 51));
    MUST(model::parse_traceparent(written) == trace);
    MUST(model::unpack_trace(model::pack_trace(*trace)) == *trace);
  }
  fuzz::Pieces pieces(input);
  const std::string_view scope = pieces.line();
  if (const auto row = api::decode_cursor(pieces.rest(), scope)) {
    MUST(*row > 0);
    MUST(api::encode_cursor(*row, scope) == pieces.rest());
  }
  MUST(api::hash_api_key(input) == api::hash_api_key(std::string(input)));

  http::Request request;
  request.headers = {{"idempotency-key", std::string(input)}};
  const auto key = api::idempotency_key(request);
  if (key && *key) {
    MUST(!(*key)->empty() && (*key)->size() <= api::kIdempotencyKeyMax);
    for (const char c : **key) MUST(c >= ' ' && c < 127);
  }
  std::string json;
  base::append_json_string(json, input);
  MUST(base::is_utf8(json) && json.size() >= 2);
  const std::string masked = base::mask_address(input);
  if (input.size() > 12 && !input.contains('@')) MUST(!masked.contains(input));
}

}  // namespace heliograph
