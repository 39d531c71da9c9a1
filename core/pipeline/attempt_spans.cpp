#include "core/pipeline/attempt_spans.h"

#include <utility>

namespace heliograph::pipeline {
namespace {

bool has_failed(model::Outcome outcome) {
  return outcome != model::Outcome::kSent && outcome != model::Outcome::kNotTried;
}

}  // namespace

void AttemptSpans::attempt_begins(Job& job) {
  job.attempt_trace = ports::begin_span(tracer_, job.item.trace);
  job.send_trace = job.attempt_trace;
  if (ports::is_recorded(tracer_, job.attempt_trace)) job.begun_at = clock_.mono();
}

const model::TraceContext& AttemptSpans::send_begins(Job& job) {
  job.send_trace = ports::begin_span(tracer_, job.attempt_trace);
  return job.send_trace;
}

void AttemptSpans::send_ended(const Job& job, std::string_view provider,
                              const model::AttemptResult& result) {
  if (!ports::is_recorded(tracer_, job.send_trace)) return;
  ports::Span span = span_of(job, provider);
  span.context = job.send_trace;
  span.parent = job.attempt_trace.span_id;
  span.name = "send";
  span.kind = ports::SpanKind::kClient;
  span.start = job.sent_at;
  span.failed = has_failed(result.outcome);
  span.attributes.emplace_back("heliograph.outcome", std::string(model::to_string(result.outcome)));
  tracer_->end(std::move(span));
}

void AttemptSpans::attempt_ended(const Job& job, std::string_view provider) {
  if (!ports::is_recorded(tracer_, job.attempt_trace)) return;
  ports::Span span = span_of(job, provider);
  span.context = job.attempt_trace;
  if (job.item.trace.valid()) span.parent = job.item.trace.span_id;
  span.name = "attempt";
  span.start = job.begun_at;
  span.failed = has_failed(job.ending.outcome);
  span.attributes.emplace_back("heliograph.outcome",
                               std::string(model::to_string(job.ending.outcome)));
  tracer_->end(std::move(span));
}

// No number, address or text: traces are read by many.
ports::Span AttemptSpans::span_of(const Job& job, std::string_view provider) const {
  ports::Span span;
  span.end = clock_.mono();
  span.attributes.emplace_back("heliograph.message.id", job.item.id.to_string());
  span.attributes.emplace_back("heliograph.provider", std::string(provider));
  span.attributes.emplace_back("heliograph.attempt",
                               std::int64_t{job.item.attempt_number} + std::int64_t{1});
  return span;
}

}  // namespace heliograph::pipeline
