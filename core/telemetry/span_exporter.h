// SpanExporter: the Tracer that hands spans to a collector, by OTLP over HTTP, in batches.
//
// Nobody waits for it: spans wait in a bounded queue, those that find no room are dropped and
// counted, and a collector that is away costs a request now and then. begin() and end(): any
// thread, begin() without a lock; the rest, and all requests, on the loop given. What is handed in
// outlives it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/unique_function.h"
#include "core/ports/clock.h"
#include "core/ports/executor.h"
#include "core/ports/http_client.h"
#include "core/ports/log.h"
#include "core/ports/tracer.h"
#include "core/telemetry/otlp_json.h"

namespace heliograph::telemetry {

struct SpanExporterSettings {
  std::string endpoint;       // "http://127.0.0.1:4318/v1/traces"
  std::string authorization;  // of the header Authorization; empty: none
  OtlpResource resource;
  double sample = 1.0;           // share of the messages without a trace of their client's
  std::size_t queue_max = 8192;  // spans
  std::size_t batch_max = 512;
  std::chrono::milliseconds interval{1'000};  // the longest that a span waits for others
  std::chrono::milliseconds timeout{10'000};  // of a request
};

class SpanExporter final : public ports::Tracer {
 public:
  // `log` may be null.
  SpanExporter(SpanExporterSettings settings, ports::Loop& loop, ports::HttpClient& http,
               const ports::Clock& clock, ports::Log* log);
  ~SpanExporter() override;

  model::TraceContext begin(const model::TraceContext& parent) override;
  void end(ports::Span span) override;

  // [loop]
  void start();
  // [loop] One last request with what waits; `done` when it is answered or over, and nothing
  // happens after it.
  void finish(base::Task done);

  struct Stats {
    std::uint64_t exported = 0;  // spans
    std::uint64_t dropped = 0;
  };
  Stats stats() const { return {exported_.load(), dropped_.load()}; }  // [any thread]

 private:
  void wake();
  void send_some();
  void send(std::vector<ports::Span> spans);
  void on_answer(std::vector<ports::Span> spans, const ports::OutgoingResponse& response);
  void lose(std::size_t spans);
  void tell(bool works, const std::string& why);
  std::chrono::nanoseconds epoch();

  const SpanExporterSettings settings_;
  ports::Loop& loop_;
  ports::HttpClient& http_;
  const ports::Clock& clock_;
  ports::Log* const log_;

  std::mutex mutex_;
  std::deque<ports::Span> waiting_;  // guarded by it

  // On the loop.
  std::chrono::nanoseconds epoch_{};
  bool under_way_ = false;
  bool works_ = true;
  int failures_ = 0;  // in a row
  base::Task finished_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // false: it is gone or finished

  std::atomic<std::uint64_t> exported_{0};
  std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace heliograph::telemetry
