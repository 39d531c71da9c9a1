// Tracer: takes what was done for a message, as spans of a trace. core/telemetry implements it; no
// tracer (nullptr) means that nothing is recorded, and traces of clients are passed on as they are.
//
// All functions: any thread. None blocks, allocates without bound, or fails.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/model/trace_context.h"
#include "core/ports/clock.h"

namespace heliograph::ports {

// The numbers of OpenTelemetry's protocol (trace.proto, Span.SpanKind).
enum class SpanKind : std::uint8_t { kInternal = 1, kServer = 2, kClient = 3 };

struct Span {
  using Value = std::variant<std::string, std::int64_t, bool>;

  model::TraceContext context;  // its own
  model::SpanId parent{};       // zero: it is the first of its trace
  std::string_view name;        // of static storage
  SpanKind kind = SpanKind::kInternal;
  MonoTime start{};
  MonoTime end{};
  bool failed = false;
  std::vector<std::pair<std::string_view, Value>> attributes;  // names of static storage
};

class Tracer {
 public:
  virtual ~Tracer() = default;
  // The context of a new span below `parent`; of a new trace where that is not valid. Not sampled:
  // `parent` itself, which is passed on, and there is no span.
  virtual model::TraceContext begin(const model::TraceContext& parent) = 0;
  // Dropped (and counted) when there is no room.
  virtual void end(Span span) = 0;
};

// The context of a span below `parent`, with or without a tracer; never of a new trace: whether a
// message is traced is decided once, when it is accepted.
inline model::TraceContext begin_span(Tracer* tracer, const model::TraceContext& parent) {
  return tracer == nullptr || !parent.sampled ? parent : tracer->begin(parent);
}
// Whether `context` is a span of its own, to be ended, rather than the parent passed on.
inline bool is_recorded(const Tracer* tracer, const model::TraceContext& context) {
  return tracer != nullptr && context.sampled;
}

}  // namespace heliograph::ports
