// AttemptSpans: what an attempt leaves in the trace of its message: one span from its begin to the
// record of its end, and below it one for the time in the provider's hands. [loop]
#pragma once

#include <string>
#include <string_view>

#include "core/model/attempt.h"
#include "core/pipeline/job.h"
#include "core/ports/clock.h"
#include "core/ports/tracer.h"

namespace heliograph::pipeline {

class AttemptSpans {
 public:
  // Both outlive it; `tracer` may be null.
  AttemptSpans(ports::Tracer* tracer, const ports::Clock& clock) : tracer_(tracer), clock_(clock) {}

  void attempt_begins(Job& job);
  // Result: what the provider passes on; may be invalid.
  const model::TraceContext& send_begins(Job& job);
  void send_ended(const Job& job, std::string_view provider, const model::AttemptResult& result);
  // Its outcome is recorded, or it was not tried after all.
  void attempt_ended(const Job& job, std::string_view provider);

 private:
  ports::Span span_of(const Job& job, std::string_view provider) const;

  ports::Tracer* const tracer_;
  const ports::Clock& clock_;
};

}  // namespace heliograph::pipeline
