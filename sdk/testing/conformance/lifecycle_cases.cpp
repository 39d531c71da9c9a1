// Lifecycle: create -> start -> drain -> stop -> destroy, in all orders that are legal.
#include <algorithm>
#include <array>
#include <memory>

#include <heliograph/abi/ext/fd.h>
#include <heliograph/abi/ext/http_client.h>
#include <heliograph/abi/ext/ingress.h>

#include "life.hpp"
#include "process_state.hpp"

namespace heliograph::sdk::conformance {
namespace {

void create(Check& check) {
  FakeHost host;
  check.step("create() with " + check.config().json());
  try {
    const Instance instance(host, check.component(), check.config());
    check.step("destroy() right after create()");
  } catch (const testing::CreateError& error) {
    const std::string text = error.what();
    check.require(!text.empty(), "create() refused without a word in hg_error");
    if (!check.config_is_invented())
      check.fail("create() refused a configuration of its own defaults and examples: " + text);
    check.skip("create() refused a made-up configuration (" + text +
               "): give one with --config, or add \"examples\" to the schema's required keys");
  }
  check.require_obedience(host);
}

void start_case(Check& check) {
  FakeHost host;
  {
    Instance instance(host, check.component(), check.config());
    check.step("start()");
    const StepRecord started = start(instance);
    check.require(started.status != HG_E_DEADLINE,
                  "start() returned HG_PENDING and never completed");
    check.require(started.status >= 0 || !started.text.empty(),
                  "start() failed without a word in hg_error");
    if (started.status != HG_OK) check.skip("start() needs what is not here: " + started.text);
    check.step("stop()");
    const StepRecord stopped = instance.stop();
    check.require(
        stopped.status == HG_OK,
        "stop() failed with status " + std::to_string(stopped.status) + ": " + stopped.text);
    check.step("destroy()");
  }
  check.require_obedience(host);
}

void drain(Check& check) {
  for (const bool stops : {true, false}) {
    FakeHost host;
    {
      Instance instance(host, check.component(), check.config());
      start(instance);
      check.step("drain() with nothing in flight");
      const StepRecord drained = instance.drain();
      check.require(drained.status == HG_OK, "drain() with nothing in flight ended with status " +
                                                 std::to_string(drained.status) + ": " +
                                                 drained.text);
      check.step(stops ? "stop() after drain()" : "destroy() after drain()");
      if (stops) instance.stop();
    }
    check.require_obedience(host);
  }
}

// What no gateway does on purpose, but a plugin should survive.
void repeated(Check& check) {
  FakeHost host;
  {
    Instance instance(host, check.component(), check.config());
    check.step("a second start()");
    start(instance);
    const StepRecord again = start(instance);
    check.note("a second start() answers " + std::to_string(again.status));
    check.step("a second stop()");
    instance.stop();
    instance.stop();
    check.step("destroy()");
  }
  check.require_obedience(host);
}

void stop_unstarted(Check& check) {
  FakeHost host;
  {
    Instance instance(host, check.component(), check.config());
    check.step("stop() without start()");
    instance.stop();
    check.step("destroy()");
  }
  check.require_obedience(host);
}

void stop_during_start(Check& check) {
  FakeHost host;
  {
    Instance instance(host, check.component(), check.config());
    hg_op op = 0;
    check.step("start(), and stop() before it has completed");
    const StepRecord begun = instance.begin_start(op);
    instance.stop();
    check.require(
        begun.status != HG_PENDING || host.step(op).has_value(),
        "stop() came while start() was pending, and the op of start() was never completed");
    check.step("destroy()");
  }
  check.require_obedience(host);
}

void many(Check& check) {
  if ((check.component().flags & HG_F_EXCLUSIVE) != 0) check.skip("the component is exclusive");
  constexpr std::array<std::array<std::size_t, 3>, 3> kOrders{{{0, 1, 2}, {2, 1, 0}, {1, 0, 2}}};
  for (const auto& order : kOrders) {
    std::array<std::unique_ptr<FakeHost>, 3> hosts;
    std::array<std::unique_ptr<Instance>, 3> instances;
    for (std::size_t i = 0; i < 3; ++i) {
      check.step("instance " + std::to_string(i + 1) + " of three at once");
      hosts[i] = std::make_unique<FakeHost>("test" + std::to_string(i + 1));
      instances[i] = std::make_unique<Instance>(*hosts[i], check.component(), check.config());
      start(*instances[i]);
    }
    for (const std::size_t i : order) {
      check.step("ending instance " + std::to_string(i + 1) + " while others live");
      instances[i].reset();
    }
    for (const auto& host : hosts) check.require_obedience(*host);
  }
}

void bare_host(Check& check) {
  FakeHost host;
  for (const char* id : {HG_EXT_HTTP_CLIENT, HG_EXT_FD, HG_EXT_INGRESS}) host.withhold(id);
  try {
    check.step("create() with a host that has no extensions");
    Instance instance(host, check.component(), check.config());
    check.step("start() with a host that has no extensions");
    const StepRecord started = start(instance);
    check.require(started.status >= 0 || !started.text.empty(),
                  "start() failed without a word in hg_error");
    check.step("stop() and destroy() with a host that has no extensions");
  } catch (const testing::CreateError& error) {
    check.require(*error.what() != '\0', "create() refused without a word in hg_error");
    check.note("a host without extensions is refused: " + std::string(error.what()));
  }
  check.require_obedience(host);
}

void cycles(Check& check) {
  constexpr int kCycles = 200;
  constexpr int kWarmUp = 40;
  constexpr std::size_t kHeapMax = 8 << 10;
  constexpr std::size_t kResidentMax = 8 << 20;
  Usage before;
  for (int i = 0; i < kCycles + kWarmUp; ++i) {
    if (i == kWarmUp) before = usage();
    check.step("cycle " + std::to_string(i + 1));
    FakeHost host;
    Instance instance(host, check.component(), check.config());
    if (check.may_start() && i % 8 == 0) start(instance);
  }
  const Usage after = usage();
  const auto grown = [](std::size_t from, std::size_t to) { return to > from ? to - from : 0; };
  check.require(after.descriptors <= before.descriptors && after.threads <= before.threads,
                "after 200 lives there are " + std::to_string(after.descriptors) +
                    " descriptors and " + std::to_string(after.threads) + " threads, before " +
                    std::to_string(before.descriptors) + " and " + std::to_string(before.threads));
  const std::size_t heap = grown(before.heap_bytes, after.heap_bytes);
  check.require(heap <= kHeapMax, "200 times create() and destroy() left " + std::to_string(heap) +
                                      " bytes on the heap, " + std::to_string(heap / kCycles) +
                                      " each time");
  const std::size_t resident = grown(before.resident_bytes, after.resident_bytes);
  check.require(resident <= kResidentMax, "200 times create() and destroy() left " +
                                              std::to_string(resident >> 10) +
                                              " KiB more resident");
}

}  // namespace

std::vector<Case> lifecycle_cases() {
  return {
      {"lifecycle", "create", "An instance is made, and destroyed without ever being started.",
       kAnyKind, Needs::kSchema, create, std::chrono::seconds{10}},
      {"lifecycle", "start", "An instance starts, stops and is destroyed.", kAnyKind,
       Needs::kInstance, start_case},
      {"lifecycle", "drain", "Drain with nothing in flight ends at once, before stop or destroy.",
       kAnyKind, Needs::kStarted, drain},
      {"lifecycle", "stop-unstarted", "Stop before start does no harm.", kAnyKind, Needs::kInstance,
       stop_unstarted},
      {"lifecycle", "stop-during-start", "Stop while start is pending completes both.", kAnyKind,
       Needs::kStarted, stop_during_start},
      {"lifecycle", "repeated", "A second start or stop does no harm.", kAnyKind, Needs::kStarted,
       repeated},
      {"lifecycle", "many", "Three instances live side by side and end in any order.", kAnyKind,
       Needs::kStarted, many},
      {"lifecycle", "bare-host", "A host without extensions is served, or refused in words.",
       kAnyKind, Needs::kStarted, bare_host},
      {"lifecycle", "cycles", "200 lives leave no memory, thread or descriptor behind.", kAnyKind,
       Needs::kTidy, cycles},
  };
}

}  // namespace heliograph::sdk::conformance
