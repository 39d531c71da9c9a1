// The component `weighted_round_robin` of kind distributor: smooth weighted round robin.
//
// All of it is Roster and smooth_choice.h; what is decided here is that a pick which was NOT_TRIED
// gives its turn back, because a provider whose limiter or window said no has carried nothing.
#include <heliograph/sdk.hpp>

#include "plugins/distributors/common/roster.h"

namespace heliograph::plugins::distributors {
namespace {

constexpr std::string_view kSchema = R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {}
})";

class WeightedRoundRobin {
 public:
  void on_candidates(const sdk::Candidates& candidates) { roster_.rebuild(candidates); }

  std::optional<sdk::Choice> pick(const sdk::PickRequest& request) {
    const SmoothChoice choice = roster_.choose(request);
    if (choice.entry == nullptr) return std::nullopt;
    return sdk::Choice{choice.entry->index, choice.turn};
  }

  void on_result(const sdk::PickResult& result) {
    if (result.outcome == HG_NOT_TRIED) roster_.undo(result.candidate_id, result.token);
  }

 private:
  Roster roster_;
};

}  // namespace
}  // namespace heliograph::plugins::distributors

namespace sdk = heliograph::sdk;
namespace distributors = heliograph::plugins::distributors;

HELIOGRAPH_PLUGIN(
    sdk::ModuleInfo{.name = "weighted_round_robin",
                    .version = "1.0.0",
                    .vendor = "Heliograph",
                    .license = "MIT"},
    sdk::component<distributors::WeightedRoundRobin>(
        {.id = "weighted_round_robin",
         .summary = "Shares messages by weight, evenly interleaved; lower priority numbers first.",
         .schema = distributors::kSchema}))
