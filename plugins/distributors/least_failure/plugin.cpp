// The component `least_failure` of kind distributor: configuration, log and glue around Balancer.
#include <heliograph/sdk.hpp>

#include "plugins/distributors/common/config_values.h"
#include "plugins/distributors/least_failure/balancer.h"

namespace heliograph::plugins::least_failure {
namespace {

constexpr std::string_view kSchema = R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "half_life": {
      "type": "string", "x-unit": "duration", "default": "60s",
      "description": "A result counts half as much after this time."
    },
    "interval": {
      "type": "string", "x-unit": "duration", "default": "10s",
      "description": "At most one provider's share changes in each interval."
    },
    "min_volume": {
      "type": "integer", "minimum": 1, "maximum": 1000000, "default": 20,
      "description": "Results (faded) below which a rate means nothing; new ones between two cuts."
    },
    "margin": {
      "type": "number", "minimum": 0.01, "maximum": 1, "default": 0.1,
      "description": "How much higher than the others' a rate must be to move load (0.1: 10 %)."
    },
    "step": {
      "type": "number", "minimum": 0.1, "maximum": 100, "default": 10,
      "description": "Points of the load (of 100) taken from a failing provider at once."
    },
    "recovery_step": {
      "type": "number", "minimum": 0.1, "maximum": 100, "default": 5,
      "description": "Points given back at once on the way to the configured weights."
    },
    "recovery_delay": {
      "type": "string", "x-unit": "duration", "default": "30s",
      "description": "A share must have been left alone for this long before it drifts back a step."
    },
    "floor": {
      "type": "number", "minimum": 0.1, "maximum": 50, "default": 5,
      "description": "Points a provider keeps whatever it does, unless its weight gives it less."
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
  settings.step = points(config, "step");
  settings.recovery_step = points(config, "recovery_step");
  settings.floor = points(config, "floor");
  return settings;
}

class LeastFailure {
 public:
  LeastFailure(sdk::Host host, const sdk::Config& config)
      : host_(host),
        changes_(host.counter("share_changes_total", "Times a provider's share of the load moved")),
        balancer_(read(config)) {}

  void on_candidates(const sdk::Candidates& candidates) { balancer_.rebuild(candidates); }

  std::optional<sdk::Choice> pick(const sdk::PickRequest& request) {
    const distributors::SmoothChoice choice = balancer_.choose(request);
    if (choice.entry == nullptr) return std::nullopt;
    return sdk::Choice{choice.entry->index, choice.turn};
  }

  void on_result(const sdk::PickResult& result) {
    balancer_.hear(result);
    // Here and not in pick(), where a distributor may not log.
    if (const std::optional<Change> change = balancer_.take_change()) report(*change);
  }

 private:
  void report(const Change& change) const {
    changes_.add();
    host_.info(change.to < change.from ? "share reduced, the provider fails more than the others"
                                       : "share drifts back to the configured weight",
               {{"provider", change.name},
                {"from_points", change.from / kPoint},
                {"to_points", change.to / kPoint},
                {"failure_percent", static_cast<int>(change.failure_rate * 100)}});
  }

  sdk::Host host_;
  sdk::Metric changes_;
  Balancer balancer_;
};

}  // namespace
}  // namespace heliograph::plugins::least_failure

namespace sdk = heliograph::sdk;
namespace least_failure = heliograph::plugins::least_failure;

HELIOGRAPH_PLUGIN(
    sdk::ModuleInfo{
        .name = "least_failure", .version = "1.0.0", .vendor = "Heliograph", .license = "MIT"},
    sdk::component<least_failure::LeastFailure>(
        {.id = "least_failure",
         .summary =
             "Shares messages by weight and moves load, gently, away from failing providers.",
         .schema = least_failure::kSchema}))
