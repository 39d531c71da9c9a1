// Side effects: a plugin is a guest in the gateway's process (abi/base.h, R10). Each case looks
// before the file is loaded, after it was loaded and asked, and after an instance has lived.
#include <functional>

#include "life.hpp"
#include "process_state.hpp"

namespace heliograph::sdk::conformance {
namespace {

// `compare` names what is different from before, "" for nothing.
void watch(Check& check, const std::function<std::string()>& compare) {
  check.component();
  const std::string on_load = compare();
  check.require(on_load.empty(), "loading it and calling its entry had an effect: " + on_load);
  for (int life = 1; life <= 3; ++life) {
    {
      FakeHost host;
      live(check, host);
    }
    const std::string left = compare();
    check.require(left.empty(),
                  "after destroy() of instance " + std::to_string(life) + ": " + left);
  }
}

template <class State>
void watch_state(Check& check, State (*look)()) {
  const State before = look();
  watch(check, [&] { return difference(before, look()); });
}

// A list in which only what is new matters.
void watch_new(Check& check, std::map<int, std::string> (*look)(), const std::string& what) {
  const auto before = look();
  watch(check, [&]() -> std::string {
    for (const auto& [number, name] : look()) {
      if (before.count(number) == 0)
        return what + " " + std::to_string(number) + " (" + name + ") is left";
    }
    return {};
  });
}

void threads_case(Check& check) {
  watch_new(check, threads, "thread");
  check.step("create() alone");
  const auto before = threads();
  FakeHost host;
  const Instance instance(host, check.component(), check.config());
  check.require(threads().size() <= before.size(),
                "create() started a thread: it also runs offline, start() is the place for that");
}

void descriptors_case(Check& check) { watch_new(check, descriptors, "descriptor"); }

void signals_case(Check& check) { watch_state(check, signals); }

void environment_case(Check& check) { watch_state(check, environment); }

void output_case(Check& check) {
  const OutputTrap trap;
  watch(check, [&]() -> std::string {
    const std::string written = trap.written();
    return written.empty() ? "" : "it wrote to standard output or error: \"" + written + "\"";
  });
}

}  // namespace

std::vector<Case> side_effect_cases() {
  return {
      {"side-effects", "threads", "Loading and create start no thread, destroy leaves none.",
       kAnyKind, Needs::kInstance, threads_case},
      {"side-effects", "descriptors", "Loading opens no descriptor, destroy leaves none open.",
       kAnyKind, Needs::kInstance, descriptors_case},
      {"side-effects", "signals", "Signal handlers and the caller's signal mask stay as they were.",
       kAnyKind, Needs::kInstance, signals_case},
      {"side-effects", "environment",
       "Environment, working directory, locale and umask stay as they were.", kAnyKind,
       Needs::kInstance, environment_case},
      {"side-effects", "output", "Nothing is written to standard output or error.", kAnyKind,
       Needs::kInstance, output_case},
  };
}

}  // namespace heliograph::sdk::conformance
