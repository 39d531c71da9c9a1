// Lifecycle: create -> start -> drain -> stop -> destroy, in all orders that are legal.
#include <heliograph/testing/conformance.hpp>
#include <heliograph/testing/instance.hpp>

namespace heliograph::sdk::conformance {
namespace {

using testing::Instance;

void create(Check& check) {
  FakeHost host;
  check.step("create() with " + check.config().json());
  try {
    Instance instance(host, check.component(), check.config());
    check.step("destroy() right after create()");
  } catch (const testing::CreateError& error) {
    if (!check.config_is_invented())
      check.fail("create() refused its own examples: " + std::string(error.what()));
    check.skip("create() refused a made-up configuration (" + std::string(error.what()) +
               "): give one with --config, or add \"examples\" to the schema's required keys");
  }
  check.require_obedience(host);
}

void start(Check& check) {
  FakeHost host;
  {
    Instance instance(host, check.component(), check.config());
    check.step("start()");
    const testing::StepRecord started = instance.start();
    if (started.status != HG_OK) {
      check.note("start() answered " + std::to_string(started.status) + ": " + started.text);
      check.skip("start() needs what is not here: " + started.text);
    }
    check.step("stop() and destroy()");
  }
  check.require_obedience(host);
}

}  // namespace

std::vector<Case> lifecycle_cases() {
  return {
      {"lifecycle", "create", "An instance is made, and destroyed without ever being started.",
       kAnyKind, Needs::kModule, create},
      {"lifecycle", "start", "An instance starts, stops and is destroyed.", kAnyKind,
       Needs::kInstance, start},
  };
}

}  // namespace heliograph::sdk::conformance
