// Pipeline world: the real pipeline with everything around it made of fakes on a virtual clock. A
// test says what the providers do, submits messages and lets time pass.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/pipeline/pipeline.h"
#include "tests/support/fake_provider.h"
#include "tests/support/fake_strategies.h"
#include "tests/support/memory_store.h"
#include "tests/support/virtual_time.h"

namespace heliograph::test {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

struct WorldOptions {
  std::uint64_t seed = 1;
  pipeline::PipelineSettings settings;
  nanoseconds commit_min = std::chrono::microseconds{300};
  nanoseconds commit_max = std::chrono::microseconds{3'000};
};

class PipelineWorld {
 public:
  explicit PipelineWorld(WorldOptions given = {})
      : options(std::move(given)),
        random(options.seed),
        loop(clock, options.seed + 1),
        store(clock) {
    store.on_queued = [this] { plan_commit(); };
  }
  ~PipelineWorld() { crash(); }

  // Before start().
  FakeProvider& add_provider(const std::string& name, ports::ProviderTraits traits = {},
                             config::Provider settings = {}) {
    settings.id = name;
    traits.channels = 1;
    providers.push_back(std::make_unique<FakeProvider>(name, traits, clock, loop));
    provider_settings.push_back(std::move(settings));
    providers.back()->set_key(store.intern_provider(name));
    return *providers.back();
  }
  void start() {
    pipeline = make_pipeline();
    for (auto& provider : providers) provider->events = pipeline.get();
    pipeline->start();
    store.start(*pipeline);
  }
  // Of what is configured now, with strategies and (unless it is kept) a limiter of its own.
  std::unique_ptr<pipeline::Pipeline> make_pipeline(bool keep_limiter = false) {
    const auto rules = pipeline::limit_rules(options.settings, provider_settings);
    if (!keep_limiter) limiter.reset();
    if (!rules.empty() && !keep_limiter) limiter = std::make_unique<FakeLimiter>(rules, loop);
    distributor = std::make_unique<FakeDistributor>();
    route_distributors.clear();
    std::vector<ports::Distributor*> of_routes;
    for (std::size_t i = 0; i < options.settings.routes.size(); ++i) {
      route_distributors.push_back(std::make_unique<FakeDistributor>());
      of_routes.push_back(route_distributors.back().get());
    }
    std::vector<pipeline::ProviderSlot> slots;
    for (std::size_t i = 0; i < providers.size(); ++i)
      slots.push_back({provider_settings[i], providers[i].get(), ""});
    return std::make_unique<pipeline::Pipeline>(
        options.settings,
        pipeline::PipelinePorts{.clock = clock,
                                .random = random,
                                .loop = loop,
                                .store = store,
                                .distributor = *distributor,
                                .limiter = limiter.get(),
                                .shared_window = shared_window,
                                .route_distributors = of_routes,
                                .metrics = metrics},
        std::move(slots), [](const std::string&) { FAIL() << "fatal"; });
  }
  // The process is gone: nothing that was queued, running or timed happens.
  void crash() {
    for (auto& provider : providers) {
      provider->events = nullptr;
      provider->in_flight = 0;
    }
    pipeline.reset();
    loop.forget_all();
    store.forget_queued();
    store.stop();
    commit_planned_ = false;
  }
  void restart() {
    crash();
    start();
  }

  static model::NewMessage message(std::int64_t client = 1) {
    model::NewMessage message;
    message.client = model::ClientId{client};
    message.to = "+14155552671";
    message.from = "TEST";
    message.text = "hello";
    message.validity = hours{1};
    return message;
  }
  // Accepted at the next commit; `ids` grows then.
  void submit(model::NewMessage given = message(), int count = 1) {
    for (int i = 0; i < count; ++i) {
      store.accept({given, std::nullopt}, loop, [this](ports::AcceptResult result) {
        ids.push_back(std::get<ports::Accepted>(result).id);
      });
    }
  }
  void run_for(nanoseconds time) { loop.run_for(time); }
  const StoredMessage& stored(std::size_t i) const { return store.at(ids.at(i)); }
  model::Status status(std::size_t i) const { return stored(i).item.status; }
  std::size_t count(model::Status status) const {
    std::size_t n = 0;
    for (const auto& [number, row] : store.rows()) n += row.item.status == status ? 1U : 0U;
    return n;
  }
  int reached(model::MessageId id) const {
    int sum = 0;
    for (const auto& provider : providers) sum += provider->reached(id);
    return sum;
  }
  pipeline::ProviderStatus provider_status(std::size_t i) {
    std::optional<pipeline::ProviderStatus> found;
    pipeline->providers(loop,
                        [&](std::vector<pipeline::ProviderStatus> all) { found = all.at(i); });
    while (!found && loop.run_one(clock.mono())) {
    }
    return *found;
  }

  WorldOptions options;
  VirtualClock clock;
  SeededRandom random;
  VirtualLoop loop;
  MemoryStore store;
  std::vector<std::unique_ptr<FakeProvider>> providers;
  std::vector<config::Provider> provider_settings;
  std::unique_ptr<FakeLimiter> limiter;
  ports::Metrics* metrics = nullptr;             // set before start()
  ports::SharedWindow* shared_window = nullptr;  // set before start(); may be shared by worlds
  std::unique_ptr<FakeDistributor> distributor;
  std::vector<std::unique_ptr<FakeDistributor>> route_distributors;
  std::unique_ptr<pipeline::Pipeline> pipeline;
  std::vector<model::MessageId> ids;

 private:
  // Whatever is queued until then is one transaction.
  void plan_commit() {
    if (std::exchange(commit_planned_, true)) return;
    const nanoseconds wait{random.between(options.commit_min.count(), options.commit_max.count())};
    loop.run_at(clock.mono() + wait, [this] {
      commit_planned_ = false;
      store.pump();
    });
  }
  bool commit_planned_ = false;
};

}  // namespace heliograph::test
