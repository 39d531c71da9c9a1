// Instance: one configured plugin component and the host's side of it: its strand, tickets, timers,
// posts, metrics, configuration and extensions. What it does for its kind is in KindSide, how it is
// brought up and down in Lifecycle.
//
// An instance outlives its plugin's: a stray thread that calls the host after destroy() finds a
// closed door instead of freed memory. Members that hold a plugin's pointers touch them on the
// strand only.
#pragma once

#include <heliograph/abi/abi.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "core/base/unique_function.h"
#include "core/plugin/call_scope.h"
#include "core/plugin/callback_count.h"
#include "core/plugin/config_schema.h"
#include "core/plugin/fd_extension.h"
#include "core/plugin/host_services.h"
#include "core/plugin/http_extension.h"
#include "core/plugin/kind_side.h"
#include "core/plugin/metrics.h"
#include "core/plugin/misbehaviour.h"
#include "core/plugin/module_loader.h"
#include "core/plugin/post_queue.h"
#include "core/plugin/strand.h"
#include "core/plugin/tickets.h"
#include "core/plugin/timer_table.h"

namespace heliograph::plugin {

enum class InstanceState : std::uint8_t {
  kNew,
  kCreated,
  kStarting,
  kRunning,
  kStopping,
  kStopped,  // takes no more callbacks; those accepted still come
  kDestroyed,
  kAbandoned,  // a [ctl] call never returned: nothing is called any more
};

struct InstanceIdentity {
  std::string name;          // as configured: "provider1"
  std::uint16_t number = 0;  // different for each instance of a host
  std::shared_ptr<const Module> module;
  const ComponentInfo* component = nullptr;
};

class Instance : public std::enable_shared_from_this<Instance> {
 public:
  Instance(InstanceIdentity identity, hg_lifecycle life, PreparedConfig config,
           const HostServices& services, const Budgets& budgets, MetricsRegistry& metrics);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  const InstanceIdentity& identity() const { return identity_; }
  const std::string& name() const { return identity_.name; }
  std::string title() const;  // "provider 'provider1' (plugin http)"
  const HostServices& services() const { return services_; }
  const Budgets& budgets() const { return budgets_; }
  const hg_lifecycle& life() const { return life_; }
  const hg_host* host() const { return &host_; }
  const PreparedConfig& config() const { return config_; }
  hg_instance* self() const { return self_; }
  void set_self(hg_instance* self) { self_ = self; }

  // Set once, before create().
  void set_side(std::unique_ptr<KindSide> side) { side_ = std::move(side); }
  KindSide& side() { return *side_; }

  InstanceState state() const { return state_.load(std::memory_order_acquire); }
  void set_state(InstanceState state) { state_.store(state, std::memory_order_release); }
  bool abandoned() const { return state() == InstanceState::kAbandoned; }
  bool takes_callbacks() const { return state() < InstanceState::kStopped; }
  // New work may be given to it.
  bool works() const { return state() == InstanceState::kRunning && !quarantined(); }
  bool quarantined() const { return quarantined_.load(std::memory_order_acquire); }
  std::string quarantine_reason() const;
  // [any] No new work from now on, and what is owed is answered; callbacks go on. The first reason
  // counts.
  void quarantine(const std::string& reason);
  // [control thread] After a [ctl] call that never returned. Nothing is called any more.
  void abandon(const std::string& reason);
  // [control thread] After destroy(): it may be created again, with the same configuration. What
  // was posted for its life before has run.
  void renew();

  Strand& strand() { return strand_; }
  TicketTable& tickets() { return tickets_; }
  Misbehaviour& misbehaviour() { return misbehaviour_; }
  InstanceMetrics& metrics() { return metrics_; }
  // Calls on the loop that have ended, and the time they took. [any]
  std::uint64_t calls() const { return calls_.load(std::memory_order_relaxed); }
  std::chrono::nanoseconds call_time() const {
    return std::chrono::nanoseconds{call_ns_.load(std::memory_order_relaxed)};
  }
  TimerTable& timers() { return timers_; }
  PostQueue& posts() { return posts_; }
  CallbackCount& callbacks() { return callbacks_; }
  HttpExtension& http() { return http_; }
  FdExtension& descriptors() { return descriptors_; }

  // [loop] Makes a call into the plugin. False: the control thread is inside, or the instance is
  // gone, and nothing was called.
  template <class Call>
  bool loop_call(std::string_view what, std::chrono::nanoseconds budget, Call&& call);
  // [loop] Runs `task` as a call into the plugin, now or once the strand is free. Dropped when the
  // instance is gone.
  template <class Task>
  void on_strand(const char* what, Task task);
  // [any] The same from elsewhere.
  void post_on_strand(const char* what, base::Task task);
  // [any] Posts to the loop without entering the strand; dropped when this object is gone.
  void post(base::Task task);

  // Is the caller inside a call in which host functions tagged [loop] are allowed? Counts it when
  // not.
  bool allows_loop_function(std::string_view function);

  // Completion of start, drain and stop.
  struct Completed {
    hg_status status = HG_OK;
    std::string text;
  };
  hg_status complete_lifecycle(hg_op op, hg_status status, const hg_error* error);  // [any]
  // [control thread] nullopt: not within `at_most`.
  std::optional<Completed> wait_lifecycle(hg_op op, std::chrono::nanoseconds at_most);

  // Counts a completion that was not the first. Returns what the host function answers.
  hg_status note_completion(Completion completion, std::string_view function);

 private:
  // Measures one call and leaves the strand.
  class LoopCall {
   public:
    LoopCall(Instance& instance, std::string_view what, std::chrono::nanoseconds budget);
    ~LoopCall();
    LoopCall(const LoopCall&) = delete;
    LoopCall& operator=(const LoopCall&) = delete;

   private:
    Instance& instance_;
    std::string_view what_;
    std::chrono::nanoseconds budget_;
    CallScope scope_;
    ports::MonoTime begun_;
  };
  bool gone() const { return state() >= InstanceState::kDestroyed; }
  void put_off(const char* what, base::Task task);

  const InstanceIdentity identity_;
  const HostServices services_;
  const Budgets budgets_;
  const hg_lifecycle life_;
  const PreparedConfig config_;
  hg_host host_{};
  hg_instance* self_ = nullptr;
  std::atomic<InstanceState> state_{InstanceState::kNew};
  std::atomic<bool> quarantined_{false};
  Strand strand_;
  TicketTable tickets_;
  Misbehaviour misbehaviour_;
  InstanceMetrics metrics_;
  std::atomic<std::uint64_t> calls_{0};
  std::atomic<std::int64_t> call_ns_{0};
  TimerTable timers_;
  PostQueue posts_;
  CallbackCount callbacks_;
  HttpExtension http_;
  FdExtension descriptors_;
  std::unique_ptr<KindSide> side_;

  mutable std::mutex mutex_;
  std::condition_variable completed_changed_;
  std::unordered_map<hg_op, Completed> completed_;
  std::string quarantine_reason_;
};

template <class Call>
bool Instance::loop_call(std::string_view what, std::chrono::nanoseconds budget, Call&& call) {
  if (!strand_.try_enter()) return false;
  if (gone()) {  // asked inside: destroy() may have been the last to leave
    strand_.leave();
    return false;
  }
  const LoopCall guard(*this, what, budget);
  call();
  return true;
}

template <class Task>
void Instance::on_strand(const char* what, Task task) {
  if (loop_call(what, budgets_.loop_call, task) || gone()) return;
  put_off(what, std::move(task));
}

}  // namespace heliograph::plugin
