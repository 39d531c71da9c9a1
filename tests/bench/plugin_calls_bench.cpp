// What the border to the plugins costs: pick, acquire and send through the handles the pipeline
// uses, into the shipped distributor and limiter and a provider that completes inside the call. The
// clock is read once for the three, as the dispatcher does it.
#include <benchmark/benchmark.h>

#include "tests/unit/plugin/harness.h"

namespace heliograph::plugin {
namespace {

// Between two turns of the loop, which hands on the results: about the places in flight of a busy
// provider.
constexpr int kCalls = 64;
constexpr int kTurns = 20'000;

// Takes the pipeline's place and does nothing.
class CountingEvents final : public ports::ProviderEvents {
 public:
  void on_send_result(model::ProviderKey, ports::SendTicket, model::AttemptResult) override {
    ++results;
  }
  void on_begin_missed(model::ProviderKey, ports::SendTicket) override {}
  void on_window(model::ProviderKey, std::uint32_t) override {}
  void on_quarantine(model::ProviderKey, std::string) override {}
  void on_report(model::ProviderKey, ports::ProviderReport,
                 base::UniqueFunction<void(bool)>) override {}
  std::uint64_t results = 0;  // [loop]
};

class World {
 public:
  World() {
    host_.options.plugins.path = {BENCH_PLUGINS};
    host_.options.distributor.plugin = "weighted_round_robin";
    host_.options.limiter.plugin = "memory";
    host_.options.rules = {{.id = "p1",
                            .algorithm = ports::LimitAlgorithm::kTokenBucket,
                            .window = std::chrono::seconds{1},
                            .limit = 1'000'000'000,
                            .burst = 1'000'000'000}};
    host_.options.providers = {probe("p1"), probe("p2"), probe("p3")};
    host_.load();
    host_.loop.start();
    host_.host->start(
        [key = std::int32_t{0}](const std::string&) mutable { return model::ProviderKey{++key}; });
    host_.host->connect(events_);
    std::vector<ports::Candidate> candidates;
    for (std::int32_t i = 1; i <= 3; ++i)
      candidates.push_back({.provider = model::ProviderKey{i}, .name = "p" + std::to_string(i)});
    host_.loop.run([&] { host_.host->distributor().on_candidates(candidates); });
    provider_ = host_.host->provider("p1");
    item_.id = model::MessageId::from_parts(1'000'000, 1);
    item_.to = "+14155552671";
    item_.from = "BENCH";
    item_.text = "sent";  // the probe completes it inside send()
  }

  // Runs `call(now)` kCalls times on the loop; returns how long they took.
  template <class Call>
  std::chrono::duration<double> run(Call call) {
    return host_.loop.run([&] {
      const auto began = std::chrono::steady_clock::now();
      for (int i = 0; i < kCalls; ++i) call(host_.clock.mono());
      return std::chrono::duration<double>{std::chrono::steady_clock::now() - began};
    });
  }

  void pick(ports::MonoTime now) {
    const auto pick = host_.host->distributor().pick(
        {.item = &item_, .now = now, .excluded = excluded_, .in_flight = in_flight_});
    if (!pick) std::abort();
    host_.host->distributor().on_result(*pick, model::ProviderKey{1}, model::Outcome::kSent,
                                        std::chrono::milliseconds{1});
  }
  void acquire(ports::MonoTime now) {
    const auto answer =
        host_.host->limiter()->acquire({.keys = keys_, .now = now, .deadline = now}, {});
    if (!answer || answer->granted == 0) std::abort();
  }
  void send(ports::MonoTime now) {
    const ports::SendRequest request{.ticket = ports::SendTicket{++ticket_},
                                     .item = &item_,
                                     .content = {},
                                     .attempt_number = 1,
                                     .resend = false,
                                     .deadline = now + std::chrono::seconds{30},
                                     .begin_by = ports::MonoTime::max()};
    if (!provider_->send(request)) std::abort();
  }

 private:
  Host host_;
  CountingEvents events_;
  ports::Provider* provider_ = nullptr;
  model::WorkItem item_;
  std::vector<std::uint64_t> excluded_{0};
  std::vector<std::uint32_t> in_flight_{0, 0, 0};
  std::vector<ports::LimitKey> keys_{{.rule = 0, .cost = 1}};
  std::uint64_t ticket_ = 0;
};

template <class Call>
void measure(benchmark::State& state, Call call) {
  World world;
  for (auto _ : state) {
    state.SetIterationTime(world.run([&](ports::MonoTime now) { call(world, now); }).count() /
                           kCalls);
  }
}

void clock_alone(benchmark::State& state) {
  measure(state, [](World&, ports::MonoTime now) { benchmark::DoNotOptimize(now); });
}
void pick(benchmark::State& state) {
  measure(state, [](World& world, ports::MonoTime now) { world.pick(now); });
}
void acquire(benchmark::State& state) {
  measure(state, [](World& world, ports::MonoTime now) { world.acquire(now); });
}
void send(benchmark::State& state) {
  measure(state, [](World& world, ports::MonoTime now) { world.send(now); });
}
void pick_acquire_send(benchmark::State& state) {
  measure(state, [](World& world, ports::MonoTime now) {
    world.pick(now);
    world.acquire(now);
    world.send(now);
  });
}

BENCHMARK(clock_alone)->UseManualTime()->Iterations(kTurns);
BENCHMARK(pick)->UseManualTime()->Iterations(kTurns);
BENCHMARK(acquire)->UseManualTime()->Iterations(kTurns);
BENCHMARK(send)->UseManualTime()->Iterations(kTurns);
BENCHMARK(pick_acquire_send)->UseManualTime()->Iterations(kTurns);

}  // namespace
}  // namespace heliograph::plugin

BENCHMARK_MAIN();
