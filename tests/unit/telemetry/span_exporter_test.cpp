#include "core/telemetry/span_exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>
#include <vector>

#include "tests/support/virtual_time.h"

namespace heliograph::telemetry {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

// A collector that answers when the test says so.
class Collector final : public ports::HttpClient {
 public:
  std::expected<Id, ports::HttpRefusal> request(
      ports::OutgoingRequest request,
      base::UniqueFunction<void(ports::OutgoingResponse)> done) override {
    if (refuses) return std::unexpected(ports::HttpRefusal::kMalformed);
    requests.push_back(std::move(request));
    waiting.push_back(std::move(done));
    return requests.size();
  }
  void cancel(Id) override {}

  void answer(unsigned code) {
    auto done = std::move(waiting.front());
    waiting.pop_front();
    ports::OutgoingResponse response;
    response.status = code == 0 ? ports::HttpStatus::kIo : ports::HttpStatus::kOk;
    response.code = code;
    done(std::move(response));
  }
  // Spans of the n-th request.
  json spans(std::size_t n) const {
    return json::parse(requests.at(n).body)["resourceSpans"][0]["scopeSpans"][0]["spans"];
  }

  bool refuses = false;
  std::vector<ports::OutgoingRequest> requests;
  std::deque<base::UniqueFunction<void(ports::OutgoingResponse)>> waiting;
};

class SpanExporterTest : public testing::Test {
 protected:
  SpanExporter& exporter(double sample = 1.0) {
    SpanExporterSettings settings;
    settings.endpoint = "http://collector/v1/traces";
    settings.authorization = "Bearer x";
    settings.resource = {.service_name = "gateway", .service_version = "1.2.3"};
    settings.sample = sample;
    settings.queue_max = 4;
    settings.batch_max = 2;
    exporter_ = std::make_unique<SpanExporter>(settings, loop_, collector_, clock_, nullptr);
    exporter_->start();
    return *exporter_;
  }
  ports::Span span(std::string_view name = "send") {
    ports::Span span;
    span.context = exporter_->begin({});
    span.name = name;
    span.kind = ports::SpanKind::kClient;
    span.start = clock_.mono();
    span.end = clock_.mono() + milliseconds{3};
    return span;
  }
  void run_for(milliseconds time) { loop_.run_for(time); }

  test::VirtualClock clock_;
  test::VirtualLoop loop_{clock_, 1};
  Collector collector_;
  std::unique_ptr<SpanExporter> exporter_;
};

TEST_F(SpanExporterTest, TellsWhatWasDone) {
  SpanExporter& exporter = this->exporter();
  ports::Span done = span();
  done.parent = {1, 2, 3, 4, 5, 6, 7, 8};
  done.failed = true;
  done.attributes = {{"text", std::string("a\"b")}, {"number", std::int64_t{7}}, {"flag", true}};
  const auto context = done.context;
  exporter.end(std::move(done));
  run_for(milliseconds{1'000});
  ASSERT_EQ(collector_.requests.size(), 1u);
  const ports::OutgoingRequest& request = collector_.requests[0];
  EXPECT_EQ(request.url, "http://collector/v1/traces");
  EXPECT_THAT(request.headers, testing::Contains(testing::Pair("Authorization", "Bearer x")));
  const json told = collector_.spans(0).at(0);
  const std::string header = model::format_traceparent(context);
  EXPECT_EQ(told["traceId"], header.substr(3, 32));
  EXPECT_EQ(told["spanId"], header.substr(36, 16));
  EXPECT_EQ(told["parentSpanId"], "0102030405060708");
  EXPECT_EQ(told["kind"], 3);
  EXPECT_EQ(told["status"]["code"], 2);
  // 2026-01-01 is where the virtual clock begins, 1,000 s before.
  EXPECT_EQ(told["startTimeUnixNano"], "1767226600000000000");
  EXPECT_EQ(told["endTimeUnixNano"], "1767226600003000000");
  EXPECT_EQ(told["attributes"], json::parse(R"([
      {"key": "text", "value": {"stringValue": "a\"b"}},
      {"key": "number", "value": {"intValue": "7"}},
      {"key": "flag", "value": {"boolValue": true}}])"));
}

TEST_F(SpanExporterTest, ChildrenStayInTheirTrace) {
  SpanExporter& exporter = this->exporter();
  const auto root = exporter.begin({});
  const auto child = exporter.begin(root);
  EXPECT_TRUE(root.valid() && root.sampled);
  EXPECT_EQ(child.trace_id, root.trace_id);
  EXPECT_NE(child.span_id, root.span_id);
  auto unwanted = root;
  unwanted.sampled = false;
  EXPECT_EQ(exporter.begin(unwanted), unwanted);
}

TEST_F(SpanExporterTest, DrawsAShareOfThoseWithoutATrace) {
  SpanExporter& exporter = this->exporter(0.25);
  int drawn = 0;
  for (int i = 0; i < 4'000; ++i) drawn += exporter.begin({}).valid() ? 1 : 0;
  EXPECT_NEAR(drawn, 1'000, 200);  // seven standard deviations
  EXPECT_FALSE(this->exporter(0.0).begin({}).valid());
}

// Threads draw beside each other, each from dice of its own: none must repeat another's.
TEST_F(SpanExporterTest, IdsOfAllThreadsDiffer) {
  SpanExporter& exporter = this->exporter();
  constexpr std::size_t kThreads = 8;
  constexpr std::size_t kEach = 2'000;
  std::array<std::vector<model::TraceContext>, kThreads> drawn;
  {
    std::vector<std::jthread> threads;
    for (auto& mine : drawn) {
      threads.emplace_back([&exporter, &mine] {
        for (std::size_t i = 0; i < kEach; ++i) mine.push_back(exporter.begin({}));
      });
    }
  }
  std::set<decltype(model::TraceContext::trace_id)> traces;
  std::set<model::SpanId> spans;
  for (const auto& mine : drawn) {
    for (const model::TraceContext& context : mine) {
      EXPECT_TRUE(context.valid());
      traces.insert(context.trace_id);
      spans.insert(context.span_id);
    }
  }
  EXPECT_EQ(traces.size(), kThreads * kEach);
  EXPECT_EQ(spans.size(), kThreads * kEach);
  EXPECT_FALSE(spans.contains(model::SpanId{}));
}

TEST_F(SpanExporterTest, SendsInBatchesOneAfterTheOther) {
  SpanExporter& exporter = this->exporter();
  for (int i = 0; i < 3; ++i) exporter.end(span());
  run_for(milliseconds{5'000});
  ASSERT_EQ(collector_.requests.size(), 1u);
  EXPECT_EQ(collector_.spans(0).size(), 2u);
  collector_.answer(200);
  ASSERT_EQ(collector_.requests.size(), 2u);
  EXPECT_EQ(collector_.spans(1).size(), 1u);
  collector_.answer(200);
  EXPECT_EQ(exporter.stats().exported, 3u);
  EXPECT_EQ(exporter.stats().dropped, 0u);
}

TEST_F(SpanExporterTest, DropsWhatFindsNoRoom) {
  SpanExporter& exporter = this->exporter();
  for (int i = 0; i < 7; ++i) exporter.end(span());
  EXPECT_EQ(exporter.stats().dropped, 3u);
}

TEST_F(SpanExporterTest, TriesAgainWhatMayWorkLaterAndThenDropsIt) {
  SpanExporter& exporter = this->exporter();
  exporter.end(span());
  for (std::size_t tries = 1; tries <= 4; ++tries) {
    run_for(milliseconds{1'000});
    ASSERT_EQ(collector_.requests.size(), tries);
    collector_.answer(tries == 1 ? 0 : 503);
  }
  run_for(milliseconds{5'000});
  EXPECT_EQ(collector_.requests.size(), 4u);
  EXPECT_EQ(exporter.stats().dropped, 1u);
  exporter.end(span());
  run_for(milliseconds{1'000});
  collector_.answer(400);  // will not get better
  run_for(milliseconds{5'000});
  EXPECT_EQ(collector_.requests.size(), 5u);
  EXPECT_EQ(exporter.stats().dropped, 2u);
}

TEST_F(SpanExporterTest, AnEndpointThatCannotBeUsedCostsSpansAlone) {
  SpanExporter& exporter = this->exporter();
  collector_.refuses = true;
  exporter.end(span());
  run_for(milliseconds{1'000});
  EXPECT_EQ(exporter.stats().dropped, 1u);
}

TEST_F(SpanExporterTest, DeliversWhatWaitsAtTheEnd) {
  SpanExporter& exporter = this->exporter();
  for (int i = 0; i < 3; ++i) exporter.end(span());
  bool finished = false;
  exporter.finish([&] { finished = true; });
  collector_.answer(200);
  EXPECT_FALSE(finished);
  collector_.answer(200);
  EXPECT_TRUE(finished);
  EXPECT_EQ(exporter.stats().exported, 3u);
}

TEST_F(SpanExporterTest, TheEndDoesNotWaitForACollectorThatIsAway) {
  SpanExporter& exporter = this->exporter();
  exporter.end(span());
  bool finished = false;
  exporter.finish([&] { finished = true; });
  collector_.answer(0);
  EXPECT_TRUE(finished);
}

}  // namespace
}  // namespace heliograph::telemetry
