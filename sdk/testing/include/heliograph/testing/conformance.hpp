// The conformance kit: what `heliograph plugin check` asks of a plugin, as a list of cases.
//
// A case is one promise of the ABI, put to the test. Each runs in a process of its own with a time
// limit (conformance_runner.hpp), so a case may simply call the plugin: a crash, a hang or an
// exit() of the plugin is a verdict, not the end of the check. A group is a function that returns
// its cases; cases.cpp lists the groups.
#pragma once

#include <heliograph/abi/abi.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <heliograph/testing/fake_host.hpp>
#include <heliograph/testing/plugin.hpp>
#include <heliograph/testing/value.hpp>

namespace heliograph::sdk::conformance {

using testing::FakeHost;
using testing::Plugin;
using testing::Value;

class Check;

// What must have passed before a case says anything: else it is skipped, so that one fault shows at
// one place.
enum class Needs {
  kFile,      // nothing: the case looks at the file, or loads it itself
  kLoaded,    // binary/load: the file can be loaded
  kModule,    // entry/describe: the module's descriptors are sound
  kSchema,    // config/schema: the component's schema can be read
  kInstance,  // lifecycle/create: an instance can be made of check.config()
  kStarted,   // lifecycle/start: and it starts
  kRobust,    // config/mutations: and of all that its schema lets through
  kTidy,      // side-effects/threads, side-effects/descriptors: and it leaves nothing behind
};

constexpr std::uint32_t kind_bit(std::uint32_t kind) { return 1u << kind; }
constexpr std::uint32_t kOnce = 0;  // about the file: once, whatever its components
constexpr std::uint32_t kAnyKind =
    kind_bit(HG_KIND_PROVIDER) | kind_bit(HG_KIND_DISTRIBUTOR) | kind_bit(HG_KIND_LIMITER);

struct Case {
  std::string_view group;
  std::string_view name;
  std::string_view shows;  // one sentence that is true of a plugin that passes
  std::uint32_t kinds = kAnyKind;
  Needs needs = Needs::kInstance;
  void (*run)(Check&) = nullptr;  // returning is passing
  std::chrono::seconds limit{20};
};

// What only the program that runs the check can tell: it has the ELF parser, the loader and the
// schema validator of the gateway, the SDK has not.
struct BinaryFacts {
  std::vector<std::string> exports;
  std::vector<std::string> needed;  // DT_NEEDED
  std::string glibc_needed;         // "2.34", empty: none
  std::size_t unique_symbols = 0;
  bool static_tls = false;
  bool exec_stack = false;
  bool text_relocations = false;
};
struct Judge {
  // "": the facts are filled in; else why the file is none.
  std::function<std::string(const std::string& file, BinaryFacts& facts)> inspect;
  // "": the gateway would load the file; else its own words why not.
  std::function<std::string(const std::string& file)> admit;
  // What the gateway finds wrong with a configuration of that schema.
  std::function<std::vector<std::string>(const std::string& schema, const std::string& json)>
      validate;
};

struct Settings {
  std::string file;
  std::uint64_t seed = 1;
  std::string config;  // JSON: the component's configuration instead of a made one; "": none given
  bool may_start = false;  // lifecycle/start has passed
};

// One case of one component, in its process. Ends by returning (pass), fail() or skip().
class Check {
 public:
  Check(const Settings& settings, const Judge& judge, std::string component, int report_fd);
  Check(const Check&) = delete;
  Check& operator=(const Check&) = delete;

  const std::string& file() const { return settings_.file; }
  std::uint64_t seed() const { return settings_.seed; }
  const Judge& judge() const { return judge_; }
  // Loads the file at the first call.
  const Plugin& plugin();
  // The component that the case is run for.
  const hg_component& component();
  std::string schema();

  // A configuration the component should accept: --config, else the schema's defaults, with
  // required keys from their examples or, failing that, made up by type.
  const Value& config();
  // A required key had neither default nor example: a refusal may be this kit's fault.
  bool config_is_invented();

  // These two end the case.
  [[noreturn]] void fail(const std::string& sentence);
  [[noreturn]] void skip(const std::string& reason);
  void require(bool condition, const std::string& sentence) {
    if (!condition) fail(sentence);
  }
  // lifecycle/start has passed: a case that can do without starting starts nothing else.
  bool may_start() const { return settings_.may_start; }
  // Fails with the first breach of the ABI's rules that the host saw.
  void require_obedience(const FakeHost& host);
  // For the reader, whatever the verdict.
  void note(const std::string& text);
  // What is being done now; a crash, hang or exit is reported with it.
  void step(const std::string& text);

  // For the runner: run() reports what the case ends with; announce() names a component whose cases
  // are to be run.
  void run(const Case& one);
  void announce(const std::string& component) { report("component", component); }

 private:
  void report(std::string_view word, const std::string& text);

  const Settings& settings_;
  const Judge& judge_;
  std::string component_;
  int report_fd_;
  std::unique_ptr<Plugin> plugin_;
  std::optional<Value> config_;
  bool invented_ = false;
};

std::vector<Case> binary_cases();
std::vector<Case> entry_cases();
std::vector<Case> side_effect_cases();
std::vector<Case> config_cases();
std::vector<Case> lifecycle_cases();
std::vector<Case> provider_cases();
std::vector<Case> distributor_cases();
std::vector<Case> limiter_cases();

// All, in the order in which they run: what others need comes first.
const std::vector<Case>& all_cases();

}  // namespace heliograph::sdk::conformance
