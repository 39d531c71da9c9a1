// KindBench: one running instance of the component under test on a fake host, and the ways in which
// a kind's conformance case ends: it returns (passed), fail()s or skip()s.
//
// Each case runs in a process of its own, so nothing here cleans up after a plugin that hangs or
// crashes: the framework sees that as the verdict.
#pragma once

#include <heliograph/abi/abi.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <heliograph/testing/conformance.hpp>
#include <heliograph/testing/driver.hpp>

namespace heliograph::sdk::conformance {

using testing::CandidateSpec;
using testing::CreateError;
using testing::DistributorDriver;
using testing::Instance;
using testing::KeySpec;
using testing::LimiterDriver;
using testing::OpKind;
using testing::PickSpec;
using testing::RuleSpec;
using testing::StepRecord;

// The plugin broke a rule; what() says which, for its author.
class CaseFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The case says nothing about this plugin; what() says why.
class CaseSkipped : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

[[noreturn]] inline void fail(const std::string& why) { throw CaseFailed(why); }
[[noreturn]] inline void skip(const std::string& why) { throw CaseSkipped(why); }
inline void demand(bool holds, const std::string& why) {
  if (!holds) fail(why);
}

// What a case is about.
struct Subject {
  const hg_component& component;
  Value config;
  std::uint64_t seed;
  Check& check;

  // Observations that fail nobody.
  void note(const std::string& text) { check.note(text); }
};

// `Body` as the function of a Case.
template <void (*Body)(Subject&)>
void kind_body(Check& check) {
  Subject subject{check.component(), check.config(), check.seed(), check};
  try {
    Body(subject);
  } catch (const CaseFailed& failed) {
    check.fail(failed.what());
  } catch (const CaseSkipped& skipped) {
    check.skip(skipped.what());
  }
}

// Numbers that are the same on every machine for one seed.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : engine_() % bound; }
  std::uint32_t below32(std::uint32_t bound) { return static_cast<std::uint32_t>(below(bound)); }
  bool chance(std::uint32_t percent) { return below(100) < percent; }

 private:
  std::mt19937_64 engine_;
};

class KindBench {
 public:
  // How long a thread that outlived its instance gets to show itself.
  static constexpr std::chrono::milliseconds kAfterlife{300};

  // Creates the instance; started with start(). Throws CaseFailed when create() says no.
  explicit KindBench(const Subject& subject, const std::string& name = "check");

  FakeHost& host() { return host_; }
  Instance& instance() { return *instance_; }

  void start();
  // Stops (where started) and destroys the instance, waits for calls that come too late, and fails
  // for every rule of the ABI that the fake host saw broken.
  void finish(std::chrono::milliseconds afterlife = kAfterlife);
  // As finish(), without the end of the life: what was broken so far.
  void demand_no_violations() const;

 private:
  FakeHost host_;
  std::optional<Instance> instance_;
};

// Fails unless the call came back within the time that a [loop] call may take at the very worst.
void demand_prompt(std::string_view call, const std::function<void()>& work);

std::string quoted(std::string_view text);

}  // namespace heliograph::sdk::conformance
