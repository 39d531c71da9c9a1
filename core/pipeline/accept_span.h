// AcceptSpan: the span of a trace from what a client hands over to the answer of the store. What
// follows for the message stands below it. One thread at a time.
#pragma once

#include <cstddef>
#include <optional>

#include "core/model/ids.h"
#include "core/ports/clock.h"
#include "core/ports/tracer.h"

namespace heliograph::pipeline {

class AcceptSpan {
 public:
  // `parent`: the client's, may be invalid. `tracer` may be null; both outlive the span.
  AcceptSpan(ports::Tracer* tracer, const ports::Clock& clock, const model::TraceContext& parent);

  // What the message is to carry; may be invalid.
  const model::TraceContext& context() const { return context_; }
  // nullopt: it was refused.
  void end(const std::optional<model::MessageId>& accepted) const;
  void end_batch(std::size_t messages, std::size_t accepted) const;

 private:
  ports::Span span() const;

  ports::Tracer* tracer_;
  const ports::Clock* clock_;
  model::SpanId parent_{};
  model::TraceContext context_;
  ports::MonoTime start_{};
};

}  // namespace heliograph::pipeline
