#include "core/pipeline/accept_span.h"

#include <string>
#include <utility>

namespace heliograph::pipeline {

AcceptSpan::AcceptSpan(ports::Tracer* tracer, const ports::Clock& clock,
                       const model::TraceContext& parent)
    : tracer_(tracer),
      clock_(&clock),
      context_(tracer == nullptr ? parent : tracer->begin(parent)) {
  if (parent.valid()) parent_ = parent.span_id;
  if (ports::is_recorded(tracer_, context_)) start_ = clock.mono();
}

void AcceptSpan::end(const std::optional<model::MessageId>& accepted) const {
  if (!ports::is_recorded(tracer_, context_)) return;
  ports::Span done = span();
  done.failed = !accepted.has_value();
  if (accepted) done.attributes.emplace_back("heliograph.message.id", accepted->to_string());
  tracer_->end(std::move(done));
}

void AcceptSpan::end_batch(std::size_t messages, std::size_t accepted) const {
  if (!ports::is_recorded(tracer_, context_)) return;
  ports::Span done = span();
  done.failed = accepted == 0;
  done.attributes.emplace_back("heliograph.batch.messages", static_cast<std::int64_t>(messages));
  done.attributes.emplace_back("heliograph.batch.accepted", static_cast<std::int64_t>(accepted));
  tracer_->end(std::move(done));
}

ports::Span AcceptSpan::span() const {
  ports::Span span;
  span.context = context_;
  span.parent = parent_;
  span.name = "accept";
  span.kind = ports::SpanKind::kServer;
  span.start = start_;
  span.end = clock_->mono();
  return span;
}

}  // namespace heliograph::pipeline
