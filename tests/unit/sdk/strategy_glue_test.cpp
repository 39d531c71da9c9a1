// Distributors and limiters between the ABI and their classes.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "glue_fixture.h"

namespace heliograph::sdk::testing {
namespace {

using namespace std::chrono_literals;

// Takes the first candidate that is not excluded and has the least in flight.
struct LeastBusy {
  void on_candidates(const Candidates& candidates) {
    if (candidates.size() > 0 && to_view(candidates[0].name) == "refuse") {
      throw std::runtime_error("not these");
    }
    weights.clear();
    for (std::size_t i = 0; i < candidates.size(); ++i) weights.push_back(candidates[i].weight);
  }
  std::optional<Choice> pick(const PickRequest& request) {
    if (request.key_hash() == 666) throw std::runtime_error("bad luck");
    std::optional<std::uint32_t> best;
    for (std::uint32_t i = 0; i < weights.size(); ++i) {
      if (request.excluded(i) || weights[i] == 0) continue;
      if (!best || request.in_flight(i) < request.in_flight(*best)) best = i;
    }
    if (!best) return std::nullopt;
    return Choice{*best, 100 + *best};
  }
  void on_result(const PickResult& result) {
    if (result.outcome == HG_REFUSED) throw std::runtime_error("unheard of");
    last = result;
  }
  std::vector<std::uint32_t> weights;
  static inline std::optional<PickResult> last;
};

TEST(DistributorGlueTest, PicksAndHearsTheResult) {
  Rig<LeastBusy> rig;
  DistributorDriver distributor(*rig.instance);
  EXPECT_EQ(distributor.set_candidates({{.id = 7, .weight = 0}, {.id = 8}, {.id = 9}}), HG_OK);
  const auto pick = distributor.pick({.in_flight = {0, 5, 3}});
  ASSERT_TRUE(pick.has_value());
  EXPECT_EQ(pick->index, 2U);
  EXPECT_EQ(pick->candidate_id, 9U);
  distributor.result(*pick, HG_NOT_TRIED, 5ms);
  EXPECT_EQ(LeastBusy::last->token, 102U);
  EXPECT_EQ(LeastBusy::last->candidate_id, 9U);
  EXPECT_EQ(LeastBusy::last->outcome, HG_NOT_TRIED);
  EXPECT_EQ(LeastBusy::last->latency, 5ms);
}

TEST(DistributorGlueTest, ExclusionAcrossWords) {
  Rig<LeastBusy> rig;
  DistributorDriver distributor(*rig.instance);
  distributor.set_candidates(std::vector<CandidateSpec>(70));
  std::vector<std::uint32_t> excluded;
  for (std::uint32_t i = 0; i < 69; ++i) excluded.push_back(i);
  EXPECT_EQ(distributor.pick({.excluded = excluded})->index, 69U);
  excluded.push_back(69);
  EXPECT_EQ(distributor.pick({.excluded = excluded}), std::nullopt);
}

TEST(DistributorGlueTest, ExceptionsBecomeStatuses) {
  Rig<LeastBusy> rig;
  DistributorDriver distributor(*rig.instance);
  EXPECT_EQ(distributor.set_candidates({{.name = "fine"}}), HG_OK);
  EXPECT_EQ(distributor.set_candidates({{.name = "refuse"}}), HG_E_PANIC);
  EXPECT_EQ(distributor.pick({.key_hash = 666}), std::nullopt);
  rig.expected_violations = {"pick() failed with -12"};
  distributor.result(*distributor.pick(), HG_REFUSED);
  EXPECT_TRUE(rig.host.logged("not these"));
  EXPECT_TRUE(rig.host.logged("bad luck"));
  EXPECT_TRUE(rig.host.logged("unheard of"));
}

// Grants up to the limit of each key's rule, for ever.
struct Counter {
  void on_rules(const LimitRules& rules) {
    left.clear();
    for (std::size_t i = 0; i < rules.size(); ++i) {
      if (rules[i].algorithm != HG_LIMIT_SLIDING_WINDOW) {
        throw Failure(HG_E_UNSUPPORTED, "only sliding_window");
      }
      left.push_back(rules[i].limit);
    }
  }
  void acquire(const hg_limit_req& request, hg_limit_result& out) {
    std::uint64_t n = request.max_n;
    for (std::uint32_t i = 0; i < request.n_keys; ++i) {
      const std::uint64_t fits = left.at(request.keys[i].rule) / request.keys[i].cost;
      if (fits < n) out.denied_key = i;
      n = std::min(n, fits);
    }
    if (n < request.min_n) return;
    for (std::uint32_t i = 0; i < request.n_keys; ++i) {
      left[request.keys[i].rule] -= n * request.keys[i].cost;
    }
    out.granted = static_cast<std::uint32_t>(n);
    out.grant = 42;
  }
  void refund(std::uint64_t grant, std::span<const hg_limit_key> keys, std::uint32_t n) {
    EXPECT_EQ(grant, 42U);
    for (const hg_limit_key& key : keys) left.at(key.rule) += n * key.cost;
  }
  std::vector<std::uint64_t> left;
};

TEST(LimiterGlueTest, GrantsAndRefunds) {
  Rig<Counter> rig;
  LimiterDriver limiter(*rig.instance);
  EXPECT_EQ(limiter.set_rules({{.id = "total", .limit = 10}, {.id = "p", .limit = 4}}).status,
            HG_OK);
  const std::vector<KeySpec> keys{{.rule = 0}, {.rule = 1, .cost = 2}};
  EXPECT_EQ(limiter.acquire(keys, 1, 5).result.granted, 2U);
  const auto denied = limiter.acquire(keys);
  EXPECT_EQ(denied.status, HG_OK);
  EXPECT_EQ(denied.result.granted, 0U);
  EXPECT_EQ(denied.result.denied_key, 1U);
  limiter.refund(42, keys, 1);
  EXPECT_EQ(limiter.acquire(keys).result.granted, 1U);
}

TEST(LimiterGlueTest, WhatALimiterLacksItSays) {
  Rig<Counter> rig;
  LimiterDriver limiter(*rig.instance);
  const StepRecord answer = limiter.set_rules({{.id = "b", .algorithm = HG_LIMIT_TOKEN_BUCKET}});
  EXPECT_EQ(answer.status, HG_E_UNSUPPORTED);
  EXPECT_EQ(answer.text, "only sliding_window");
  EXPECT_EQ(limiter.acquire({{.rule = 3}}).status, HG_E_PANIC);  // at() throws
  EXPECT_TRUE(rig.host.logged("acquire"));
}

// Answers from the loop, as one with a backend does.
struct Remote {
  explicit Remote(Host h) : host(h) {}
  void on_rules(const LimitRules&) {}
  hg_status acquire(hg_op op, const hg_limit_req& request, hg_limit_result&) {
    host.post([this, op, &request] {
      hg_limit_result result{};
      result.size = sizeof(result);
      result.granted = request.max_n;  // the request lives until the answer
      host.raw()->complete_limit(host.raw(), op, &result);
    });
    return HG_PENDING;
  }
  void cancel(hg_op op) { cancelled = op; }
  Host host;
  static inline hg_op cancelled = 0;
};

TEST(LimiterGlueTest, AnAnswerMayComeLater) {
  Rig<Remote> rig;
  LimiterDriver limiter(*rig.instance);
  const auto answer = limiter.acquire({{.key = "a"}}, 1, 3);
  EXPECT_EQ(answer.status, HG_PENDING);
  limiter.cancel(answer.op);
  EXPECT_EQ(Remote::cancelled, answer.op);
  rig.host.run();
  EXPECT_EQ(rig.host.limited(answer.op)->granted, 3U);
}

// Answers with what was added, later when it is asked for "later", never for "forgets".
struct Sharing {
  explicit Sharing(Host given) : host(given) {}
  void acquire(const hg_limit_req&, hg_limit_result&) {}
  void exchange(const SharedCounts& counts, SharedTicket ticket) {
    if (counts.key(0) == "throws") throw std::runtime_error("no backend");
    if (counts.key(0) == "away") return ticket.fail(HG_E_IO);
    EXPECT_EQ(counts.window(), 30s);
    EXPECT_EQ(counts.bucket(), 1s);
    EXPECT_GT(counts.deadline(), host.now());
    for (std::size_t i = 0; i < counts.size(); ++i) ticket.set(i, counts.ok(i), counts.failed(i));
    if (counts.key(0) != "later") return ticket.done();
    const auto kept = std::make_shared<SharedTicket>(std::move(ticket));
    host.post([kept] { kept->done(); });
  }
  void reset_shared(std::string_view key) { last_reset = key; }
  void on_rules(const LimitRules&) {}
  Host host;
  static inline std::string last_reset;
};

TEST(SharedWindowGlueTest, AnswersNowLaterAndWhenItThrows) {
  Rig<Sharing> rig;
  LimiterDriver limiter(*rig.instance);
  for (const char* key : {"now", "later"}) {
    const auto call = limiter.exchange({{key, 3, 4}, {"second", 5, 6}}, 30s, 1s);
    EXPECT_EQ(call.status, HG_PENDING);
    rig.host.run();
    EXPECT_EQ(rig.host.step(call.op)->status, HG_OK) << key;
    EXPECT_EQ((*call.totals)[0].failed, 4U);
    EXPECT_EQ((*call.totals)[1].ok, 5U) << "items are walked by their size";
  }
  EXPECT_EQ(rig.host.step(limiter.exchange({{"away", 0, 0}}, 30s, 1s).op)->status, HG_E_IO);
  EXPECT_EQ(rig.host.step(limiter.exchange({{"throws", 0, 0}}, 30s, 1s).op)->status, HG_E_INTERNAL);
  EXPECT_TRUE(rig.host.logged("no backend"));
}

TEST(SharedWindowGlueTest, ResetAndThoseWithout) {
  Rig<Sharing> rig;
  EXPECT_EQ(LimiterDriver(*rig.instance).reset_shared("provider1"), HG_OK);
  EXPECT_EQ(Sharing::last_reset, "provider1");
  Rig<Counter> without;
  LimiterDriver other(*without.instance);
  EXPECT_THROW(other.reset_shared("x"), std::logic_error);
}

TEST(PluginTest, OneModuleMayHoldEveryKind) {
  static const Module module(
      ModuleInfo{.name = "all", .version = "2", .abi_minor_required = 0},
      component<LeastBusy>({.id = "d", .summary = "s", .schema = "{}"}),
      component<Counter>({.id = "l", .version = "3", .flags = HG_F_EXCLUSIVE}));
  hg_host_info info{};
  info.size = sizeof(info);
  info.abi_major = HG_ABI_MAJOR;
  const hg_module* raw = module.offer_to(&info, nullptr);
  ASSERT_NE(raw, nullptr);
  ASSERT_EQ(raw->n_components, 2U);
  EXPECT_EQ(raw->components[0]->kind, HG_KIND_DISTRIBUTOR);
  EXPECT_EQ(to_view(raw->components[0]->version), "2");
  EXPECT_EQ(raw->components[1]->kind, HG_KIND_LIMITER);
  EXPECT_EQ(to_view(raw->components[1]->version), "3");
  EXPECT_EQ(raw->components[1]->flags, HG_F_EXCLUSIVE);
}

TEST(PluginTest, AModuleOfALaterMinorRefusesAnOlderHost) {
  static const Module module(ModuleInfo{.name = "new", .version = "1", .abi_minor_required = 1},
                             component<Counter>({.id = "l"}));
  hg_host_info info{};
  info.size = sizeof(info);
  info.abi_major = HG_ABI_MAJOR;
  hg_error error{};
  error.size = sizeof(error);
  EXPECT_EQ(module.offer_to(&info, &error), nullptr);
  EXPECT_EQ(error.code, HG_E_ABI);
}

}  // namespace
}  // namespace heliograph::sdk::testing
