// Replacement: the next set of plugin instances, made and started beside the one that runs.
// PluginHost::prepare() makes it; a reload of the configuration takes it through these steps:
//
//   host.prepare()          [control thread]  everything that can fail fails there
//   commit()                [loop]            in the same turn as Pipeline::replace(), before it
//   retire()                [control thread]  drains, stops and destroys what was replaced
//   destruction             [control thread]
//
// Destroyed without commit() it stops and destroys what it made, and the old set goes on as if
// nothing had been asked. Until one of the two, two things are held back: a provider whose plugin
// is exclusive and replaced carries nothing (its window is 0), and a limiter whose rules change
// denies with a short retry. So whatever else may fail or take long comes before prepare().
//
// An instance that did not change is kept: the same handle is in the old set and in the new. Its
// gateway-side settings (weight, window, limit, timeout, receipts ...) may differ in the slot.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/pipeline/pipeline.h"
#include "core/ports/distributor.h"
#include "core/ports/limiter.h"
#include "core/ports/provider.h"
#include "core/ports/shared_window.h"

namespace heliograph::plugin {

// What becomes of one instance. Those that are kept as they are have none.
struct InstanceChange {
  std::string kind;  // "provider", "distributor", "limiter"
  std::string name;  // as InstanceStatus::name
  // "added", "removed", "replaced" (another instance takes its place) or "changed" (the limiter's
  // instance goes on under other rules).
  std::string what;
  std::uint64_t generation = 0;  // of the instance that will run; of "removed": the last
};

class Replacement {
 public:
  class Impl;
  explicit Replacement(std::unique_ptr<Impl> impl);  // for PluginHost
  ~Replacement();
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;

  // In the order of the new configuration, what is removed last. Empty: every instance is kept; the
  // rest of the configuration may differ all the same.
  const std::vector<InstanceChange>& changes() const;

  // What Pipeline::replace() is given; the same functions of PluginHost answer so once this is
  // committed. Handles live as long as the host, also those that were replaced.
  std::vector<pipeline::ProviderSlot> provider_slots() const;
  ports::Distributor& distributor() const;
  std::vector<ports::Distributor*> route_distributors() const;  // in the order of options.routes
  // nullptr: nothing is limited. The same object as before when neither the instance nor any rule
  // has changed; else another one, and the old object stays for its permits: refund() of a permit
  // goes to the one that granted it, with the keys of that time, and acquire() of the old one
  // denies after commit(). A permit that is asked for at the old one is still answered.
  ports::Limiter* limiter() const;
  ports::SharedWindow* shared_window() const;

  // [loop] The new set becomes what runs: status, problems, metrics, ingress. From now on `events`
  // hears of the new instances' results, windows and quarantines, the latter two in a later turn;
  // of what was replaced or removed it hears results, missed begins and reports only, so that the
  // key that both have means the new one. Cannot fail. `events` outlives PluginHost::stop().
  void commit(ports::ProviderEvents& events);

  // [control thread] After commit(). Waits until what was replaced has nothing in flight (asking
  // plugins that can drain to do so), at most until `at_most` is over, then stops and destroys it.
  // What is unfinished then is answered for by its handle: UNKNOWN, on the loop. Modules stay in
  // memory. Again: nothing. PluginHost::stop() and the next prepare() come after it has returned.
  void retire(std::chrono::nanoseconds at_most);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace heliograph::plugin
