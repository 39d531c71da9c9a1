// Preparation: how a Replacement comes to be, and its inside. Internal to this floor.
//
// What is made beside the running set is plain to undo: it is ended. Two things touch the running
// set itself and are done last: exclusive providers are stopped, and a limiter that goes on is told
// other rules. undo() takes both back.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/plugin/plugin_set.h"
#include "core/plugin/replacement.h"

namespace heliograph::plugin {

// PluginHost::prepare().
std::unique_ptr<Replacement> prepare_replacement(
    HostCore& core, PluginHostOptions wanted,
    const std::function<model::ProviderKey(const std::string&)>& key_of);

class Replacement::Impl {
 public:
  Impl(HostCore& core, PluginHostOptions wanted,
       const std::function<model::ProviderKey(const std::string&)>& key_of);
  ~Impl();  // undo(), or retire() at once
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void prepare();  // throws PluginError; nothing has changed then
  void commit(ports::ProviderEvents& events);
  void retire(std::chrono::nanoseconds at_most);

  const PluginSet& next() const { return *next_; }
  ports::Limiter* limiter() const { return limiter_; }
  const std::vector<InstanceChange>& changes() const { return changes_; }

 private:
  using Lines = std::vector<std::string>;

  // prepare(), step by step. Each returns what is wrong; empty: go on.
  void resolve_all();
  bool resolve_one(Entry& entry, Assembly& assembly);  // false: its problems say why
  Lines refused() const;
  void start_others();
  Lines start_exclusive();
  Lines tell_rules();

  const Entry* before(const Entry& entry) const { return before_->find(entry.section); }
  const Entry* after(const Entry& entry) const;  // that has the same instance
  bool was_working(const Entry& entry) const;
  void start_one(Entry& entry);
  std::string stop_predecessors(const Entry& entry);
  std::string stop_exclusive(const Entry& entry);
  void revive(const Entry& entry);
  void undo();
  void list_changes();
  bool limiter_changes() const;  // the one that is kept
  // Runs on the loop and waits. False: it did not within `at_most`, and may run later still.
  bool on_loop(base::Task task, std::chrono::nanoseconds at_most);
  bool await_idle(ProviderHandle& handle, ports::MonoTime until);
  void log_changes() const;
  void swap_limiter();
  void let_go(const Entry& entry);
  IngressRouter::Handles ingress_while_leaving() const;

  HostCore& core_;
  const std::function<model::ProviderKey(const std::string&)>& key_of_;  // during prepare()
  const std::shared_ptr<PluginSet> before_;
  const std::shared_ptr<PluginSet> next_;
  std::vector<const Entry*> worked_;  // of before_, when all this began
  std::vector<InstanceChange> changes_;
  ports::Limiter* limiter_ = nullptr;  // under the new rules
  std::vector<const Entry*> stopped_;  // of before_: exclusive, and their successors run
  LimiterHandle* held_ = nullptr;      // was told other rules, or is being told
  bool told_ = false;                  // and took them
  bool committed_ = false;
  bool retired_ = false;
};

}  // namespace heliograph::plugin
