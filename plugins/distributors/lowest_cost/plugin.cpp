// The component `lowest_cost` of kind distributor: configuration, log and glue around Buyer.
#include <heliograph/sdk.hpp>

#include "plugins/distributors/common/config_values.h"
#include "plugins/distributors/lowest_cost/buyer.h"

namespace heliograph::plugins::lowest_cost {
namespace {

constexpr std::string_view kSchema = R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "failure_cost": {
      "type": "number", "minimum": 0, "maximum": 100, "default": 1,
      "description": "What a failed attempt costs besides its price, in prices of the dearest one."
    },
    "tolerance": {
      "type": "number", "minimum": 0, "maximum": 1, "default": 0.1,
      "description": "Providers whose expected costs differ by less are alike (0.1: 10 %)."
    },
    "margin": {
      "type": "number", "minimum": 0.01, "maximum": 1, "default": 0.05,
      "description": "Changes of a failure rate below this are ignored (0.05: 5 points)."
    },
    "min_volume": {
      "type": "integer", "minimum": 1, "maximum": 1000000, "default": 20,
      "description": "Results (faded) below which a failure rate counts for nothing."
    },
    "half_life": {
      "type": "string", "x-unit": "duration", "default": "30s",
      "description": "A result counts half as much after this time."
    },
    "interval": {
      "type": "string", "x-unit": "duration", "default": "5s",
      "description": "Load moves by one step at most in each interval."
    },
    "step": {
      "type": "number", "minimum": 0.1, "maximum": 100, "default": 10,
      "description": "Points of the load (of 100) moved at once, away from a provider in trouble."
    },
    "recovery_step": {
      "type": "number", "minimum": 0.1, "maximum": 100, "default": 5,
      "description": "Points moved at once, back to a cheaper provider."
    },
    "recovery_delay": {
      "type": "string", "x-unit": "duration", "default": "30s",
      "description": "With almost no results for this long, half of a failure rate is forgotten."
    },
    "floor": {
      "type": "number", "minimum": 0.1, "maximum": 50, "default": 2,
      "description": "Points that a cheap provider in trouble keeps, so that recovery can be seen."
    }
  }
})";

Settings read(const sdk::Config& config) {
  using distributors::points;
  using distributors::positive_ns;
  Settings settings;
  settings.half_life_ns = positive_ns(config, "half_life");
  settings.interval_ns = positive_ns(config, "interval");
  settings.recovery_delay_ns = positive_ns(config, "recovery_delay");
  settings.min_volume = config.integer("min_volume");
  settings.margin = config.number("margin");
  settings.tolerance = config.number("tolerance");
  settings.failure_cost = config.number("failure_cost");
  settings.step = points(config, "step");
  settings.recovery_step = points(config, "recovery_step");
  settings.floor = points(config, "floor");
  return settings;
}

class LowestCost {
 public:
  LowestCost(sdk::Host host, const sdk::Config& config)
      : host_(host),
        changes_(host.counter("cheapest_changes_total",
                              "Times another provider became the cheapest, failures included")),
        buyer_(read(config)) {}

  void on_candidates(const sdk::Candidates& candidates) { buyer_.rebuild(candidates); }

  std::optional<sdk::Choice> pick(const sdk::PickRequest& request) {
    return buyer_.choose(request);
  }

  void on_result(const sdk::PickResult& result) {
    buyer_.hear(result);
    // Here and not in pick(), where a distributor may not log.
    if (const std::optional<Change> change = buyer_.take_change()) report(*change);
  }

 private:
  void report(const Change& change) const {
    changes_.add();
    host_.info("another provider is the cheapest now, load moves to it step by step",
               {{"from", change.from},
                {"to", change.to},
                {"from_failure_percent", static_cast<int>(change.from_rate * 100)},
                {"to_failure_percent", static_cast<int>(change.to_rate * 100)}});
  }

  sdk::Host host_;
  sdk::Metric changes_;
  Buyer buyer_;
};

}  // namespace
}  // namespace heliograph::plugins::lowest_cost

namespace sdk = heliograph::sdk;
namespace lowest_cost = heliograph::plugins::lowest_cost;

HELIOGRAPH_PLUGIN(
    sdk::ModuleInfo{
        .name = "lowest_cost", .version = "1.0.0", .vendor = "Heliograph", .license = "MIT"},
    sdk::component<lowest_cost::LowestCost>(
        {.id = "lowest_cost",
         .summary = "Prefers the cheapest provider, failures included; moves load gently.",
         .schema = lowest_cost::kSchema}))
