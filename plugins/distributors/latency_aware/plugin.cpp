// The component `latency_aware` of kind distributor: configuration and glue around TwoChoices.
#include <heliograph/sdk.hpp>

#include "plugins/distributors/common/config_values.h"
#include "plugins/distributors/latency_aware/two_choices.h"

namespace heliograph::plugins::latency_aware {
namespace {

constexpr std::string_view kSchema = R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "half_life": {
      "type": "string", "x-unit": "duration", "default": "5s",
      "description": "A slow answer counts half as much after this time of faster ones."
    },
    "recovery_half_life": {
      "type": "string", "x-unit": "duration", "default": "30s",
      "description": "Without any answer, half of what is known of a provider is forgotten in this time."
    },
    "failure_penalty": {
      "type": "string", "x-unit": "duration", "default": "5s",
      "description": "What failures add to the latency: at 10 % of failures a tenth of this."
    },
    "floor": {
      "type": "number", "minimum": 0.1, "maximum": 100, "default": 5,
      "description": "Points of its configured share (of 100) that a provider keeps, however slow."
    }
  }
})";

Settings read(const sdk::Config& config) {
  using distributors::positive_ns;
  Settings settings;
  settings.half_life_ns = positive_ns(config, "half_life");
  settings.recovery_half_life_ns = positive_ns(config, "recovery_half_life");
  settings.failure_penalty_ns = positive_ns(config, "failure_penalty");
  settings.floor = config.number("floor") / 100;
  return settings;
}

class LatencyAware {
 public:
  // Seeded by name: repeatable, and different for each instance.
  LatencyAware(sdk::Host host, const sdk::Config& config)
      : choices_(read(config), host.instance()) {}

  void on_candidates(const sdk::Candidates& candidates) { choices_.rebuild(candidates); }
  std::optional<sdk::Choice> pick(const sdk::PickRequest& request) {
    return choices_.choose(request);
  }
  void on_result(const sdk::PickResult& result) { choices_.hear(result); }

 private:
  TwoChoices choices_;
};

}  // namespace
}  // namespace heliograph::plugins::latency_aware

namespace sdk = heliograph::sdk;
namespace latency_aware = heliograph::plugins::latency_aware;

HELIOGRAPH_PLUGIN(
    sdk::ModuleInfo{
        .name = "latency_aware", .version = "1.0.0", .vendor = "Heliograph", .license = "MIT"},
    sdk::component<latency_aware::LatencyAware>(
        {.id = "latency_aware",
         .summary = "Prefers fast, idle providers: peak EWMA and the better of two choices.",
         .schema = latency_aware::kSchema}))
