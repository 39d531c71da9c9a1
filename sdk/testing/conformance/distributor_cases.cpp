
#include <algorithm>
#include <cmath>

#include "distributor_bench.hpp"

namespace heliograph::sdk::conformance {
namespace {

constexpr int kManyPicks = 100'000;
constexpr double kTolerance = 0.01;  // of all picks

std::uint32_t all_sent(const DistributorDriver::Pick&, int) { return HG_SENT; }

std::vector<std::uint32_t> weights_of(std::size_t n) {
  std::vector<std::uint32_t> weights;
  for (std::size_t i = 0; i < n; ++i) weights.push_back(1 + static_cast<std::uint32_t>(i % 7));
  return weights;
}

void check_index_in_range(Subject& subject) {
  DistributorBench distributor(subject);
  for (const std::size_t n : {1u, 2u, 3u, 63u, 64u, 65u, 130u}) {
    distributor.set(candidates(weights_of(n)));
    for (int i = 0; i < 500; ++i) {
      const auto pick = distributor.pick();
      demand(pick.has_value(), "nothing was picked although all are free");
      distributor.result(*pick, HG_SENT);
    }
  }
  distributor.finish();
}

void check_exclusion(Subject& subject) {
  DistributorBench distributor(subject);
  Dice dice(subject.seed);
  for (const std::uint32_t n : {1u, 2u, 5u, 64u, 65u, 130u}) {
    distributor.set(candidates(weights_of(n)));
    for (int round = 0; round < 300; ++round) {
      std::vector<std::uint32_t> excluded;
      const std::uint32_t share = dice.below32(101);
      for (std::uint32_t i = 0; i < n; ++i) {
        if (dice.chance(share)) excluded.push_back(i);
      }
      const auto pick = distributor.pick(excluded);
      demand(pick.has_value() == (excluded.size() < n),
             pick ? "picked although all are excluded"
                  : "nothing was picked although " + std::to_string(n - excluded.size()) +
                        " candidates were free");
      if (pick) distributor.result(*pick, dice.chance(20) ? HG_RETRY : HG_SENT);
    }
  }
  distributor.finish();
}

void check_all_excluded(Subject& subject) {
  DistributorBench distributor(subject);
  demand(!distributor.pick().has_value(), "picked before there were candidates");
  for (const std::uint32_t n : {1u, 3u, 64u, 65u}) {
    distributor.set(candidates(weights_of(n)));
    std::vector<std::uint32_t> everybody;
    for (std::uint32_t i = 0; i < n; ++i) everybody.push_back(i);
    for (int i = 0; i < 10; ++i) {
      demand(!distributor.pick(everybody).has_value(), "picked although all are excluded");
    }
    demand(distributor.pick().has_value(), "after all were excluded nothing is picked any more");
  }
  distributor.set({});
  demand(!distributor.pick().has_value(), "picked from an empty set");
  distributor.finish();
}

void check_weight_zero(Subject& subject) {
  DistributorBench distributor(subject);
  distributor.set(candidates({0, 5, 0, 1}));
  distributor.flow(5000, all_sent);
  demand(!distributor.pick({1, 3}).has_value(),
         "picked a candidate of weight 0 as the last resort");
  distributor.set(candidates({0, 0}));
  demand(!distributor.pick().has_value(), "picked although all weights are 0");
  distributor.finish();
}

// "x-weights": "ignored" at the root of a component's schema says that its policy is another one.
bool weights_are_its_policy(const Subject& subject) {
  const hg_str schema = subject.component.config_schema;
  const Value root = Value::parse(std::string_view(schema.ptr, schema.len));
  const Value* said = root.find("x-weights");
  return said == nullptr || said->text() != "ignored";
}

void demand_weights(const std::map<std::uint64_t, int>& carried,
                    const std::vector<CandidateSpec>& list) {
  double weights = 0;
  double total = 0;
  for (const CandidateSpec& candidate : list) weights += candidate.weight;
  for (const auto& [id, count] : carried) total += count;
  for (const CandidateSpec& candidate : list) {
    const auto found = carried.find(candidate.id);
    const double share = found == carried.end() ? 0 : found->second / total;
    const double due = candidate.weight / weights;
    demand(std::abs(share - due) <= kTolerance,
           candidate.name + " of weight " + std::to_string(candidate.weight) + " carried " +
               std::to_string(share * 100) + " % of " + std::to_string(static_cast<int>(total)) +
               " messages; " + std::to_string(due * 100) + " % are due");
  }
}

void check_weights(Subject& subject) {
  if (!weights_are_its_policy(subject)) skip("its schema says x-weights: ignored");
  for (const std::vector<std::uint32_t>& weights :
       {std::vector<std::uint32_t>{50, 30, 20}, {1, 1}, {1, 9}, {7, 0, 3, 1, 1}}) {
    DistributorBench distributor(subject);
    const std::vector<CandidateSpec> list = candidates(weights);
    distributor.set(list);
    demand_weights(distributor.flow(kManyPicks, all_sent), list);
    distributor.finish();
  }
}

// What a limiter or a window held back says nothing about a candidate.
void check_not_tried(Subject& subject) {
  DistributorBench distributor(subject);
  const std::vector<CandidateSpec> list = candidates({50, 50});
  distributor.set(list);
  // Every other turn of the first candidate is held back; who gives the turn back keeps 50 to 50.
  int turns = 0;
  auto carried = distributor.flow(20'000, [&](const auto& pick, int) {
    return pick.candidate_id == 100 && ++turns % 2 == 0 ? HG_NOT_TRIED : HG_SENT;
  });
  const double total = carried[100] + carried[101];
  subject.note("with every other turn of one of two equals not tried it carried " +
               std::to_string(static_cast<int>(std::lround(carried[100] / total * 100))) +
               " % (50: it gives turns back; less: it turns away for a while)");
  if (weights_are_its_policy(subject)) {
    demand_weights(distributor.flow(kManyPicks, all_sent), list);
  }
  distributor.finish();
}

// Results that come late, in any order, for candidates that left, are old ones or never were.
void check_late_results(Subject& subject) {
  DistributorBench distributor(subject);
  Dice dice(subject.seed);
  std::vector<DistributorDriver::Pick> open;
  for (int round = 0; round < 200; ++round) {
    std::vector<CandidateSpec> list;
    for (CandidateSpec& candidate : candidates(weights_of(12))) {
      if (dice.chance(50)) list.push_back(candidate);
    }
    distributor.set(list);
    for (int i = 0; i < 30 && !list.empty(); ++i) {
      if (const auto pick = distributor.pick()) open.push_back(*pick);
      distributor.bench().host().advance(std::chrono::milliseconds{3});
    }
    while (open.size() > 100) {
      const std::size_t at = dice.below(open.size());
      distributor.result(open[at], dice.below32(HG_NOT_TRIED + 1));
      open[at] = open.back();
      open.pop_back();
    }
  }
  distributor.set({});
  for (const DistributorDriver::Pick& pick : open) distributor.result(pick, HG_SENT);
  // A gateway sends none of these; a plugin must not fall over them all the same.
  distributor.driver().result({0, UINT64_MAX, 4711}, HG_SENT);
  distributor.driver().result({0, 0, 100}, 4711, std::chrono::hours{1});
  distributor.set(candidates({1, 1}));
  demand(distributor.pick().has_value(), "after late results nothing is picked any more");
  distributor.finish();
}

void check_all_failing(Subject& subject) {
  DistributorBench distributor(subject);
  distributor.set(candidates({5, 3, 2}));
  const auto carried = distributor.flow(
      20'000, [](const auto&, int number) { return number % 2 == 0 ? HG_RETRY : HG_UNKNOWN; });
  demand(!carried.empty(), "nothing is picked when all fail");
  const auto after = distributor.flow(20'000, all_sent);
  demand(after.size() == 3, "a candidate that failed is never picked again, though it recovered");
  distributor.finish();
}

void check_determinism(Subject& subject) {
  DistributorBench first(subject, "twin");
  DistributorBench second(subject, "twin");
  const std::vector<CandidateSpec> list = candidates({5, 3, 2});
  first.set(list);
  second.set(list);
  Dice dice(subject.seed);
  for (int i = 0; i < 5000; ++i) {
    const std::uint64_t key = dice.below(50);
    const auto one = first.pick({}, key);
    const auto other = second.pick({}, key);
    demand(one.has_value() == other.has_value() && (!one || one->index == other->index),
           "two instances of one name chose differently at pick " + std::to_string(i + 1) +
               ": what happened cannot be repeated");
    if (!one) continue;
    const std::uint32_t outcome = dice.below32(HG_NOT_TRIED + 1);
    first.result(*one, outcome);
    second.result(*other, outcome);
    first.bench().host().advance(std::chrono::milliseconds{1});
    second.bench().host().advance(std::chrono::milliseconds{1});
  }
  first.finish();
  second.finish();
}

// A busy machine makes any time long; so the cost is told and judged by people, blocking excepted.
void check_cost_of_pick(Subject& subject) {
  DistributorBench distributor(subject);
  distributor.set(candidates(weights_of(10)));
  for (int i = 0; i < 3; ++i) demand_prompt("pick()", [&] { distributor.pick(); });
  const auto& table = *static_cast<const hg_distributor*>(subject.component.vtbl);
  const std::uint64_t excluded = 0;
  hg_pick request{};
  request.size = sizeof(request);
  request.attempt = 1;
  request.now_mono_ns = distributor.bench().host().now_ns();
  request.epoch = 1;
  request.excluded = &excluded;
  request.n_words = 1;
  std::vector<std::int64_t> took(20'000);
  distributor.bench().host().in_loop([&] {
    for (std::int64_t& nanoseconds : took) {
      std::uint32_t index = HG_PICK_NONE;
      std::uint64_t token = 0;
      const auto begin = std::chrono::steady_clock::now();
      table.pick(distributor.bench().instance().raw(), &request, &index, &token);
      nanoseconds = (std::chrono::steady_clock::now() - begin).count();
    }
  });
  std::sort(took.begin(), took.end());
  const std::int64_t p99 = took[took.size() * 99 / 100];
  subject.note("pick() among 10 takes " + std::to_string(took[took.size() / 2]) + " ns (median), " +
               std::to_string(p99) + " ns (p99)" +
               (p99 > 20'000 ? ": above its budget of 20 us" : ""));
  distributor.finish();
}

}  // namespace

std::vector<Case> distributor_cases() {
  return {
      {"distributor", "index-in-range",
       "A pick is an index into the candidates, with any number of them.",
       kind_bit(HG_KIND_DISTRIBUTOR), Needs::kInstance, kind_body<check_index_in_range>},
      {"distributor", "exclusion", "An excluded candidate is not picked; a free one is found.",
       kind_bit(HG_KIND_DISTRIBUTOR), Needs::kInstance, kind_body<check_exclusion>},
      {"distributor", "all-excluded", "Where none may be picked, none is.",
       kind_bit(HG_KIND_DISTRIBUTOR), Needs::kInstance, kind_body<check_all_excluded>},
      {"distributor", "weight-zero", "A candidate of weight 0 is not picked.",
       kind_bit(HG_KIND_DISTRIBUTOR), Needs::kInstance, kind_body<check_weight_zero>},
      {"distributor", "weights",
       "Equal candidates carry what their weights say, within 1 % over 100,000 picks.",
       kind_bit(HG_KIND_DISTRIBUTOR), Needs::kInstance, kind_body<check_weights>},
      {"distributor", "not-tried", "HG_NOT_TRIED says nothing about a candidate.",
       kind_bit(HG_KIND_DISTRIBUTOR), Needs::kInstance, kind_body<check_not_tried>},
      {"distributor", "late-results",
       "Results may come late, in any order, for candidates that left.",
       kind_bit(HG_KIND_DISTRIBUTOR), Needs::kInstance, kind_body<check_late_results>},
      {"distributor", "all-failing", "Candidates that all fail are picked on, and forgiven later.",
       kind_bit(HG_KIND_DISTRIBUTOR), Needs::kInstance, kind_body<check_all_failing>},
      {"distributor", "determinism",
       "Equal instances choose equally, so that runs can be repeated.",
       kind_bit(HG_KIND_DISTRIBUTOR), Needs::kInstance, kind_body<check_determinism>},
      {"distributor", "pick-cost", "pick() does not block.", kind_bit(HG_KIND_DISTRIBUTOR),
       Needs::kInstance, kind_body<check_cost_of_pick>},
  };
}

}  // namespace heliograph::sdk::conformance
