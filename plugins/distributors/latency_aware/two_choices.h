// The better of two: one provider by its weight, another at random, and the less loaded of them.
//
// The first has its smooth turn by weight; the second is any other of the group, all alike. Load is
// the expected latency times what is outstanding, in relation to the weight. The first gives its
// turn up with a probability that grows with how much more loaded it is, and never beyond the
// floor. So
//   - equal providers share exactly by weight, whatever the dice say;
//   - nobody gets all of the load at once: with n providers about 2/n of it at most;
//   - a slow provider gets little but not nothing, and the first fast answers bring it back;
//   - the shares follow the loads without jumps: nothing can flip.
//
// Everything follows from results, the times that picks carry and the seed. Not thread-safe: one
// strand owns it. Only rebuild() allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "plugins/distributors/common/full_mark.h"
#include "plugins/distributors/common/roster.h"
#include "plugins/distributors/latency_aware/dice.h"
#include "plugins/distributors/latency_aware/latency.h"
#include "plugins/distributors/latency_aware/settings.h"

namespace heliograph::plugins::latency_aware {

// Where nobody is known; all are alike then, so it matters only beside a penalty.
inline constexpr double kUnknownNs = 100'000'000;

class TwoChoices {
 public:
  TwoChoices(const Settings& settings, std::string_view seed) : settings_(settings), dice_(seed) {}

  // Takes a snapshot over. What is known is kept by candidate id.
  void rebuild(const sdk::Candidates& candidates);

  // The token tells the turn and whose it was.
  std::optional<sdk::Choice> choose(const sdk::PickRequest& request);

  // How a choice ended. SENT is an observation; RETRY, UNKNOWN and REFUSED are failures; REJECTED
  // is the message's fault and THROTTLED the rate's, so they say nothing; NOT_TRIED undoes the
  // turn.
  void hear(const sdk::PickResult& result);

  // The expected latency with penalties as of the last pick, in ns; 0 when unknown.
  [[nodiscard]] double expected_ns(std::uint64_t candidate_id);

 private:
  struct Provider {
    Latency latency;
    double neutral_ns = kUnknownNs;  // of its group
    double expected_ns = 0;          // with penalty; of the last refresh or result
    double relative = 1;             // its weight, the mean of its group being 1
    std::uint32_t outstanding = 0;
    distributors::FullMark full;
  };
  struct Group {
    std::span<distributors::SmoothEntry> entries;
    std::span<Provider> providers;
  };

  static void weigh(const Group& group);
  void refresh();
  void refresh(const Group& group);
  void expect(Provider& provider);
  template <typename InPool>
  [[nodiscard]] std::optional<std::size_t> other(const Group& group, std::size_t first,
                                                 InPool in_pool);
  [[nodiscard]] static double outstanding(const Group& group, std::size_t i,
                                          const sdk::PickRequest& request);
  [[nodiscard]] static double pressure(const Group& group, std::size_t own, std::size_t other,
                                       const sdk::PickRequest& request);
  [[nodiscard]] bool gives_up(const Group& group, std::size_t own, std::size_t other,
                              const sdk::PickRequest& request);
  std::optional<sdk::Choice> choose_in(const Group& group, const sdk::PickRequest& request);
  [[nodiscard]] Provider* find(std::uint64_t candidate_id) noexcept;

  Settings settings_;
  Dice dice_;
  distributors::Roster roster_;
  std::vector<Provider> providers_;  // in the order of roster_.entries()
  std::vector<Group> groups_;
  std::uint64_t now_ns_ = 0;  // of the latest pick
  std::uint64_t refresh_at_ns_ = 0;
};

}  // namespace heliograph::plugins::latency_aware
