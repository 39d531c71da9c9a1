// Steps of an instance's life that several groups take. Internal to the kit.
#pragma once

#include <string>

#include <heliograph/testing/conformance.hpp>
#include <heliograph/testing/instance.hpp>

namespace heliograph::sdk::conformance {

using testing::Instance;
using testing::StepRecord;

// start() to its end: real time first, because peers and threads need that, then virtual time for
// timers. HG_E_DEADLINE: it never completed.
StepRecord start(Instance& instance);

// One whole life with check.config(): created, started where the check may, stopped, destroyed.
void live(Check& check, FakeHost& host);

// create() with a configuration exactly as given, then destroy().
struct Attempt {
  hg_status status = HG_OK;
  std::string text;
};
Attempt attempt(FakeHost& host, const hg_component& component, const Value& config);

// Why a refusal is no proper one, or "".
std::string flaw_of(const Attempt& refusal);

}  // namespace heliograph::sdk::conformance
