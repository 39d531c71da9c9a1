// TraceContext: to which trace something belongs, and under which span: the W3C's `traceparent`
// (Trace Context, Recommendation of 2021-11-23, section 3.2), which a client sends along, which is
// kept with its message, and which providers and receivers of callbacks get.
//
// A value; pure functions, thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace heliograph::model {

using TraceId = std::array<std::uint8_t, 16>;
using SpanId = std::array<std::uint8_t, 8>;

struct TraceContext {
  TraceId trace_id{};  // zero: there is none
  SpanId span_id{};
  bool sampled = false;  // whoever began the trace wants it recorded

  bool valid() const { return trace_id != TraceId{} && span_id != SpanId{}; }
  bool operator==(const TraceContext&) const = default;
};

// nullopt for what is not a version 00, nor a later one that begins like it.
std::optional<TraceContext> parse_traceparent(std::string_view header);
// "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"; `context` is valid.
std::string format_traceparent(const TraceContext& context);

// As it is kept: ids and flag, one after the other.
using PackedTrace = std::array<std::uint8_t, 25>;
PackedTrace pack_trace(const TraceContext& context);
TraceContext unpack_trace(std::span<const std::uint8_t> packed);  // invalid for another length

}  // namespace heliograph::model
