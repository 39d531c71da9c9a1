// PluginHost: every configured plugin instance, from its file to its handle. What the composition
// root uses of this floor.
//
// Life: construct -> load() -> start() -> connect() -> (work) -> drain() -> stop() -> destruction,
// all on the control thread, which may block; the loop runs from start() to stop(). A configuration
// check is construct -> validate(), without a running loop. While it works, prepare() begins a
// reload (replacement.h). "The control thread" is whichever thread the caller uses for these
// functions, one at a time.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/config.h"
#include "core/config/loader.h"
#include "core/pipeline/pipeline.h"
#include "core/plugin/host_services.h"
#include "core/plugin/metrics.h"
#include "core/plugin/replacement.h"
#include "core/ports/distributor.h"
#include "core/ports/ingress.h"
#include "core/ports/limiter.h"
#include "core/ports/provider.h"
#include "core/ports/shared_window.h"

namespace heliograph::plugin {

// A plugin that is required cannot be used: sentences that name file, section and reason, one a
// line.
class PluginError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct PluginHostOptions {
  std::vector<config::Provider> providers;
  config::Strategy distributor;
  std::vector<std::string> routes;  // names of rules: each has a distributor of its own
  config::LimiterPlugin limiter;
  config::Plugins plugins;
  std::vector<ports::LimitRule> rules;  // pipeline::limit_rules(); empty: nothing is limited
  std::filesystem::path copy_folder;    // for private copies of modules: "<data>/plugins"
  std::filesystem::path binary_folder;  // of this program; empty: nothing is searched beside it
  std::string config_folder;            // relative paths in plugins' tables start here
  config::Environment environment;      // for secrets written as "env:NAME"
  std::string gateway_version;
  Budgets budgets;
};

// One instance as `heliograph plugin list` shows it.
struct InstanceStatus {
  std::string name;
  std::string kind;
  std::string plugin;  // component id
  std::string version;
  std::string file;
  std::string sha256;
  // Counts the instances that ran under this name, from 1; one that a reload keeps keeps its own.
  std::uint64_t generation = 1;
  std::string state;    // "running", "draining" (replaced or removed), "quarantined", "failed" ...
  std::string problem;  // why it does not work; empty: it does
  std::vector<std::pair<std::string, std::uint64_t>> misbehaviour;  // kinds that occurred
  std::uint64_t calls = 0;                                          // on the loop
  std::chrono::nanoseconds call_time{0};
};

class PluginHost {
 public:
  PluginHost(PluginHostOptions options, HostServices services);
  ~PluginHost();  // stop()
  PluginHost(const PluginHost&) = delete;
  PluginHost& operator=(const PluginHost&) = delete;

  // Locates, loads, checks and creates everything. Throws PluginError when a required one is bad
  // (all of these in one go); the others are left out and told by problems().
  void load();
  // load(), then destroys again: every problem, none of them thrown. Nothing is started.
  std::vector<std::string> validate();
  // Starts the limiter, the distributor, then the providers. `key_of` numbers providers (the
  // store). Throws PluginError; what was started is stopped then.
  void start(const std::function<model::ProviderKey(const std::string&)>& key_of);
  // From now on `events` hears of results; before, sends cannot happen and events are refused. It
  // outlives stop().
  void connect(ports::ProviderEvents& events);
  // Makes the instances of another configuration beside those that run. Kept is an instance whose
  // component, file's content and own table (secrets as they read now) are the same and that works;
  // a limiter whose rules alone changed is told of them (on_rules) and keeps its counts. The others
  // are located, loaded, created and started, not yet given any work. An exclusive provider
  // (HG_F_EXCLUSIVE) is drained and stopped before its successor starts.
  //
  // Throws PluginError with all reasons, one a line, and nothing has changed then; an exclusive
  // provider that was stopped runs again. Beyond what start() refuses it refuses: a provider that
  // works now and whose successor does not, whatever `required` says; a ninth file of one component
  // (each stays in memory). A provider that is new and not required is left out as at the start.
  //
  // After start() and connect(), the loop running; one at a time: the one before was committed and
  // retired, or dropped. May take as long as the plugins' budgets allow. copy_folder,
  // gateway_version and budgets stay those of the constructor.
  std::unique_ptr<Replacement> prepare(
      PluginHostOptions wanted,
      const std::function<model::ProviderKey(const std::string&)>& key_of);
  // [any] The end is near: a prepare() that is under way fails after the instance that it is at.
  void give_up_preparing();
  // Asks every plugin to finish what it has in flight.
  void drain(std::chrono::nanoseconds at_most);
  // Stops and destroys in reverse order. Again: nothing.
  void stop();

  // After load(), of what runs now: [loop] or before it works. Handles live as long as this object.
  ports::Distributor& distributor();
  std::vector<ports::Distributor*> route_distributors();  // in the order of options.routes
  ports::Limiter* limiter();                              // nullptr: no limit is configured
  ports::SharedWindow* shared_window();  // nullptr: the limiter shares none; after start()
  ports::Ingress& ingress();
  // In the order of the configuration; after start(). A provider that was left out has no handle
  // and the reason.
  std::vector<pipeline::ProviderSlot> provider_slots() const;
  ports::Provider* provider(std::string_view name);  // nullptr: left out or unknown

  // What does not work and was not required, for /readyz: quarantined instances included. [any]
  std::vector<std::string> problems() const;
  // What runs, in the order of starting, then what drains or was abandoned. [any]
  std::vector<InstanceStatus> statuses() const;
  std::vector<MetricValue> metrics() const;  // [any]

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace heliograph::plugin
