// Host, Timer, FdWatch, HttpClient and emit, as a plugin's class uses them.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <limits>
#include <optional>
#include <stdexcept>
#include <thread>

#include "glue_fixture.h"

namespace heliograph::sdk::testing {
namespace {

using namespace std::chrono_literals;

// A provider that lets the test do its work: `inside` runs as a [loop] call.
struct Workbench {
  explicit Workbench(Host h)
      : host(h),
        http(h),
        sends(h.counter("sends_total", "Sends.", {{"kind", "test"}})),
        load(h.gauge("load", "Load.")),
        size(h.histogram("size", "Sizes.", "bytes")),
        timer(h, [this] { on_timer(); }),
        watch(h, [this](std::uint32_t ready) { on_ready(ready); }) {
    current = this;
  }
  Caps caps() const { return {}; }
  SendResult send(const Outgoing&) {
    inside();
    return SendResult::sent("");
  }

  Host host;
  HttpClient http;
  Metric sends, load, size;
  Timer timer;
  FdWatch watch;
  std::function<void()> inside, on_timer;
  std::function<void(std::uint32_t)> on_ready;
  static inline Workbench* current = nullptr;
};

class ServicesTest : public ::testing::Test {
 protected:
  ServicesTest() : bench_(*Workbench::current) {}

  void inside(std::function<void()> work) {
    bench_.inside = std::move(work);
    ProviderDriver(*rig_.instance).send();
  }

  Rig<Workbench> rig_;
  FakeHost& host_ = rig_.host;
  Workbench& bench_;
};

TEST_F(ServicesTest, LogLinesCarryFields) {
  const std::string text = "value";
  bench_.host.info("hello", {{"text", text},
                             {"literal", "x"},
                             {"min", std::numeric_limits<std::int64_t>::min()},
                             {"max", std::numeric_limits<std::uint64_t>::max()},
                             {"yes", true}});
  const LogLine line = host_.logs().back();
  EXPECT_EQ(line.level, HG_LOG_INFO);
  EXPECT_EQ(line.text, "hello");
  EXPECT_EQ(line.fields, (Pairs{{"text", "value"},
                                {"literal", "x"},
                                {"min", "-9223372036854775808"},
                                {"max", "18446744073709551615"},
                                {"yes", "true"}}));
  EXPECT_EQ(bench_.host.instance(), "test");
}

TEST_F(ServicesTest, LinesBelowTheLevelAreNotWritten) {
  host_.set_log_level(HG_LOG_WARN);
  bench_.host.info("quiet");
  bench_.host.warn("loud");
  ASSERT_EQ(host_.logs().size(), 1U);
  EXPECT_EQ(host_.logs()[0].text, "loud");
}

TEST_F(ServicesTest, Metrics) {
  bench_.sends.add();
  bench_.sends.add(2);
  bench_.load.add(0.5);
  bench_.size.add(100);
  bench_.size.add(200);
  Metric().add(1);  // one that was never registered does nothing
  EXPECT_DOUBLE_EQ(host_.metric("sends_total")->value, 3);
  EXPECT_EQ(host_.metric("sends_total")->labels, (Pairs{{"kind", "test"}}));
  EXPECT_DOUBLE_EQ(host_.metric("load")->value, 0.5);
  EXPECT_EQ(host_.metric("size")->updates, 2U);
}

TEST_F(ServicesTest, PostedWorkRunsInOrderAndLater) {
  std::string order;
  EXPECT_TRUE(bench_.host.post([&] { order += 'a'; }));
  EXPECT_TRUE(bench_.host.post([&] { order += 'b'; }));
  EXPECT_EQ(order, "");
  host_.run();
  EXPECT_EQ(order, "ab");
}

TEST_F(ServicesTest, PostFromAnotherThread) {
  bool done = false;
  std::thread worker([&] { bench_.host.post([&] { done = true; }); });
  EXPECT_TRUE(host_.run_until([&] { return done; }));
  worker.join();
}

TEST_F(ServicesTest, PostAfterStopIsDropped) {
  const auto alive = std::make_shared<int>(1);
  rig_.instance->stop();
  EXPECT_FALSE(bench_.host.post([alive] {}));
  EXPECT_EQ(alive.use_count(), 1);
}

TEST_F(ServicesTest, AnExceptionInPostedWorkEndsThere) {
  bench_.host.post([] { throw std::runtime_error("posted"); });
  host_.run();
  EXPECT_TRUE(host_.logged("posted"));
}

TEST_F(ServicesTest, TimersRunOnceAndCanBeMovedAndCancelled) {
  int runs = 0;
  bench_.on_timer = [&] { ++runs; };
  inside([&] { EXPECT_TRUE(bench_.timer.start(bench_.host.now() + 10s)); });
  host_.advance(9s);
  EXPECT_EQ(runs, 0);
  inside([&] { bench_.timer.start(bench_.host.now() + 10s); });  // moved
  host_.advance(9s);
  EXPECT_EQ(runs, 0);
  EXPECT_TRUE(bench_.timer.running());
  host_.advance(1s);
  EXPECT_EQ(runs, 1);
  EXPECT_FALSE(bench_.timer.running());
  inside([&] { bench_.timer.start(bench_.host.now()); });
  inside([&] { bench_.timer.cancel(); });
  host_.advance(1h);
  EXPECT_EQ(runs, 1);
}

TEST_F(ServicesTest, ATimerMayStartItselfAgain) {
  int runs = 0;
  bench_.on_timer = [&] {
    if (++runs < 3) bench_.timer.start(bench_.host.now() + 1s);
    if (runs == 3) throw std::runtime_error("enough");
  };
  inside([&] { bench_.timer.start(bench_.host.now() + 1s); });
  host_.advance(1min);
  EXPECT_EQ(runs, 3);
  EXPECT_TRUE(host_.logged("enough"));
}

TEST_F(ServicesTest, DescriptorsAreWatched) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC), 0);
  std::string read_so_far;
  bench_.on_ready = [&](std::uint32_t ready) {
    EXPECT_NE(ready & HG_FD_READ, 0U);
    std::array<char, 16> buffer{};
    const ssize_t n = read(ends[0], buffer.data(), buffer.size());
    read_so_far.append(buffer.data(), static_cast<std::size_t>(n));
    bench_.watch.close();
  };
  inside([&] {
    EXPECT_EQ(bench_.watch.open(ends[0], HG_FD_READ), HG_OK);
    EXPECT_EQ(bench_.watch.open(ends[1], HG_FD_READ), HG_E_STATE);
    EXPECT_EQ(bench_.watch.set_interest(0), HG_OK);
    EXPECT_EQ(bench_.watch.set_interest(HG_FD_READ), HG_OK);
  });
  EXPECT_EQ(write(ends[1], "abc", 3), 3);
  EXPECT_TRUE(host_.run_until([&] { return read_so_far == "abc"; }));
  EXPECT_EQ(host_.fds().watched(), 0U);
  EXPECT_EQ(bench_.watch.set_interest(HG_FD_READ), HG_E_STALE);
  close(ends[0]);
  close(ends[1]);
}

TEST_F(ServicesTest, HttpCallsBackOnceWhateverHappens) {
  std::vector<std::string> told;
  const auto ask = [&](std::string_view url) {
    const std::array headers{kv("x-a", "1")};
    const HttpRequest request{.method = "PUT",
                              .url = url,
                              .headers = headers,
                              .body = "b",
                              .deadline = bench_.host.now() + 5s,
                              .body_max = 3,
                              .safe_to_resend = true,
                              .no_reuse = true};
    return bench_.http.send(request, [&](const HttpResponse& answer) {
      told.push_back(std::to_string(answer.status()) + " " + std::string(answer.body()));
    });
  };
  hg_id id = 0;
  inside([&] { id = ask("http://peer/"); });
  const HttpRequestRecord request = host_.http().requests()[0];
  EXPECT_EQ(request.flags, HG_HTTP_F_SAFE_TO_RESEND | HG_HTTP_F_NO_REUSE);
  EXPECT_EQ(request.method, "PUT");
  EXPECT_EQ(request.body_max, 3U);
  host_.http().answer(HttpReply::json(200, "abc"));
  host_.run();
  EXPECT_EQ(told, std::vector<std::string>{"0 abc"});
  inside([&] { id = ask("http://peer/"); });
  inside([&] { bench_.http.cancel(id); });
  host_.run();
  EXPECT_EQ(told.back(), std::to_string(HG_E_CANCELLED) + " ");
  inside([&] { EXPECT_EQ(ask("ftp://peer/"), 0U); });
  EXPECT_EQ(told.back(), std::to_string(HG_E_CONFIG) + " ");
  EXPECT_EQ(told.size(), 3U);
}

TEST_F(ServicesTest, AnExceptionInAnHttpCallbackEndsThere) {
  inside([&] {
    bench_.http.send({.url = "http://peer/"},
                     [](const HttpResponse&) { throw std::runtime_error("callback"); });
  });
  host_.http().answer(HttpReply::json(200, ""));
  host_.run();
  EXPECT_TRUE(host_.logged("callback"));
}

TEST_F(ServicesTest, EmittedEventsAreAcknowledgedWhenDurable) {
  Events events;
  events.add(Receipt{.provider_msg_id = "p-1", .state = HG_RCPT_DELIVERED, .dedup_key = "d"});
  events.add(Inbound{.from = "+1", .to = "+2", .body = "hi"});
  const Events moved = std::move(events);
  host_.events().hold();
  std::optional<hg_status> durable;
  EXPECT_EQ(emit(bench_.host, moved, [&](hg_status status) { durable = status; }), HG_PENDING);
  host_.run();
  EXPECT_EQ(durable, std::nullopt);
  EXPECT_TRUE(host_.events().settle(HG_OK));
  host_.run();
  EXPECT_EQ(durable, HG_OK);
  ASSERT_EQ(host_.events().stored().size(), 2U);
  EXPECT_EQ(host_.events().stored()[0].provider_msg_id, "p-1");
  EXPECT_EQ(host_.events().stored()[0].receipt_state, HG_RCPT_DELIVERED);
  EXPECT_EQ(host_.events().stored()[1].body, "hi");
  host_.events().set_busy(true);
  const auto alive = std::make_shared<int>(1);
  EXPECT_EQ(emit(bench_.host, moved, [alive](hg_status) {}), HG_E_BUSY);
  EXPECT_EQ(alive.use_count(), 1);
}

}  // namespace
}  // namespace heliograph::sdk::testing
