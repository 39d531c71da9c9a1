// PluginSet: the instances of one configuration, whichever of them were made for it and whichever a
// reload has taken over from the set before. HostCore: what all sets of a host share.
//
// Internal to PluginHost and Replacement. A set is filled on the control thread; once it is what
// runs, only its instances change.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/plugin/assembly.h"
#include "core/plugin/control_thread.h"
#include "core/plugin/distributor_handle.h"
#include "core/plugin/ingress_router.h"
#include "core/plugin/lifecycle.h"
#include "core/plugin/limiter_handle.h"
#include "core/plugin/module_loader.h"
#include "core/plugin/plugin_host.h"
#include "core/plugin/provider_handle.h"

namespace heliograph::plugin {

// A section, what was made of it, and why nothing was.
struct Entry {
  PluginSection section;
  std::shared_ptr<Instance> instance;  // nullptr: left out
  std::vector<std::string> problems;   // complete lines
  std::uint64_t generation = 1;
  bool kept = false;   // the set before has the same instance
  bool ended = false;  // was stopped, as far as that could be

  bool is(const PluginSection& other) const {
    return section.kind == other.kind && section.name == other.name;
  }
};

ProviderHandle* provider_in(const Entry& entry);        // nullptr: left out
DistributorHandle* distributor_in(const Entry& entry);  // nullptr: left out
LimiterHandle* limiter_in(const Entry& entry);          // nullptr: left out
// Why a running instance cannot serve these settings; empty: it can.
std::string unfit(const Entry& entry);
// Does a problem of it stop the whole? Only providers may be left out.
bool is_needed(const Entry& entry);
std::string joined(const std::vector<std::string>& lines);
InstanceStatus status_of(const Entry& entry, bool leaving);

class PluginSet {
 public:
  // One entry for each section, in the order of starting: the limiter may be needed by everybody.
  explicit PluginSet(PluginHostOptions wanted);
  PluginSet(const PluginSet&) = delete;
  PluginSet& operator=(const PluginSet&) = delete;

  const PluginHostOptions options;
  std::vector<Entry> entries;

  const Entry* find(const PluginSection& section) const;  // of that kind and name
  LimiterHandle* limiter() const;                         // nullptr: none is wanted
  ports::Limiter* limiter_port() const;                   // nullptr: nothing is limited
  ports::SharedWindow* shared_window() const;
  DistributorHandle* distributor() const;
  std::vector<ports::Distributor*> route_distributors() const;
  std::vector<pipeline::ProviderSlot> provider_slots() const;
  ports::Provider* provider(std::string_view name) const;
  std::vector<std::string> problems() const;  // quarantined instances included
  IngressRouter::Handles ingress() const;

 private:
  void add(PluginSection section) { entries.emplace_back().section = std::move(section); }
};

struct HostCore {
  HostCore(const PluginHostOptions& options, HostServices given)
      : services(given),
        budgets(options.budgets),
        loader(options.copy_folder, options.gateway_version) {}

  const HostServices services;
  const Budgets budgets;
  MetricsRegistry metrics;
  ModuleLoader loader;
  ControlThread thread;
  IngressRouter router;
  std::uint16_t last_number = 0;    // of an instance
  bool replacing = false;           // a Replacement is under way
  std::atomic<bool> ending{false};  // no further instance is worth starting [any]

  mutable std::mutex mutex;  // what follows, against readers on other threads
  std::map<std::string, std::uint64_t> generations;  // instances that ran, by kind and name
  std::shared_ptr<PluginSet> current;
  std::vector<Entry> leaving;  // replaced or removed: still at work, or abandoned
  // They ended; a stray thread of a plugin, or a pipeline that is slow to forget, still finds them.
  std::vector<std::shared_ptr<Instance>> past;

  std::shared_ptr<PluginSet> running() const {
    const std::lock_guard lock(mutex);
    return current;
  }
  // Stops and destroys an entry's instance, once; what goes wrong is logged.
  void end(Entry& entry);
  void report(const Entry& entry, const Lifecycle::Outcome& outcome) const;
  // Ends it, and the set shows why there is none.
  void leave_out(Entry& entry, const std::string& why);
  // The number of the instance that is to run under this name next. [control thread]
  std::uint64_t next_generation(const PluginSection& section) const;
  void count_generation(const Entry& entry);  // the lock is held
};

// Starts an entry's instance: the limiter hears its rules first, a provider is asked for its caps.
// `key_of` numbers providers. The error is a sentence.
Lifecycle::Outcome start_entry(HostCore& core, const PluginSet& set, Entry& entry,
                               const std::function<model::ProviderKey(const std::string&)>& key_of);

}  // namespace heliograph::plugin
