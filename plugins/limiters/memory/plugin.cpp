// The component `memory` of kind limiter: configuration and glue around Limiter.
#include <heliograph/sdk.hpp>

#include "plugins/limiters/memory/limiter.h"

namespace heliograph::plugins::memory {
namespace {

constexpr std::string_view kSchema = R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "max_keys": {
      "type": "integer", "minimum": 1, "maximum": 10000000, "default": 100000,
      "description": "Most busy keys (providers, clients) of one rule; for more, acquiring fails."
    }
  }
})";

class MemoryLimiter {
 public:
  MemoryLimiter(sdk::Host, const sdk::Config& config)
      : limiter_(static_cast<std::size_t>(config.integer("max_keys"))) {}

  void on_rules(const sdk::LimitRules& rules) {
    std::string why;
    const hg_status status = limiter_.set_rules(rules, why);
    if (status != HG_OK) throw sdk::Failure(status, why);
  }

  hg_status acquire(hg_op, const hg_limit_req& request, hg_limit_result& out) {
    return limiter_.acquire(request, out);
  }

  void refund(std::uint64_t grant, std::span<const hg_limit_key> keys, std::uint32_t items) {
    limiter_.refund(grant, keys, items);
  }

 private:
  Limiter limiter_;
};

}  // namespace
}  // namespace heliograph::plugins::memory

namespace sdk = heliograph::sdk;

HELIOGRAPH_PLUGIN(
    sdk::ModuleInfo{.name = "memory", .version = "1.0.0", .vendor = "Heliograph", .license = "MIT"},
    sdk::component<heliograph::plugins::memory::MemoryLimiter>(
        {.id = "memory",
         .summary = "Exact limits counted in this process: sliding window and token bucket.",
         .schema = heliograph::plugins::memory::kSchema}))
