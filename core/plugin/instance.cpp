#include "core/plugin/instance.h"

#include <fmt/format.h>

#include "core/base/assert.h"
#include "core/plugin/abi_text.h"
#include "core/plugin/host_functions.h"

namespace heliograph::plugin {

Instance::Instance(InstanceIdentity identity, hg_lifecycle life, PreparedConfig config,
                   const HostServices& services, const Budgets& budgets, MetricsRegistry& metrics)
    : identity_(std::move(identity)),
      services_(services),
      budgets_(budgets),
      life_(life),
      config_(std::move(config)),
      strand_(services.loop),
      tickets_(identity_.number),
      misbehaviour_(identity_.name, services.clock, services.log),
      metrics_(metrics, identity_.component->id, identity_.name),
      timers_(*this),
      posts_(*this),
      http_(*this),
      descriptors_(*this) {
  fill_host(host_, *this);
}

Instance::~Instance() = default;

std::string Instance::title() const {
  return fmt::format("{} '{}' (plugin {})", kind_name(identity_.component->kind), identity_.name,
                     identity_.component->id);
}

std::string Instance::quarantine_reason() const {
  const std::lock_guard lock(mutex_);
  return quarantine_reason_;
}

void Instance::quarantine(const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    if (quarantined_.exchange(true)) return;
    quarantine_reason_ = reason;
  }
  if (services_.log != nullptr) {
    services_.log->error("plugin quarantined", {{"instance", name()}, {"reason", reason}});
  }
  post([this, reason] { side_->on_closed(reason, true); });
}

void Instance::abandon(const std::string& reason) {
  quarantine(reason);
  set_state(InstanceState::kAbandoned);
  strand_.abandon();
}

void Instance::renew() {
  HG_ASSERT(state() == InstanceState::kDestroyed);
  self_ = nullptr;
  set_state(InstanceState::kNew);
}

void Instance::put_off(const char* what, base::Task task) {
  strand_.put_off([this, alive = weak_from_this(), what, task = std::move(task)]() mutable {
    if (const auto instance = alive.lock()) on_strand(what, std::move(task));
  });
}

void Instance::post_on_strand(const char* what, base::Task task) {
  post([this, what, task = std::move(task)]() mutable { on_strand(what, std::move(task)); });
}

void Instance::post(base::Task task) {
  services_.loop.post([alive = weak_from_this(), task = std::move(task)]() mutable {
    if (const auto instance = alive.lock()) task();
  });
}

bool Instance::allows_loop_function(std::string_view function) {
  if (current_call.instance == this && current_call.loop_functions) return true;
  if (!abandoned()) {
    misbehaviour_.report(Fault::kWrongThread,
                         fmt::format("{} was called outside a call of this instance", function));
  }
  return false;
}

hg_status Instance::complete_lifecycle(hg_op op, hg_status status, const hg_error* error) {
  const auto completion = tickets_.complete(op, TicketKind::kLifecycle);
  if (completion != Completion::kFirst) return note_completion(completion, "complete");
  Completed completed{status, {}};
  if (error != nullptr) completed.text = error_text(copy_sized(error), status);
  const std::lock_guard lock(mutex_);
  completed_.insert_or_assign(op, std::move(completed));
  completed_changed_.notify_all();
  return HG_OK;
}

std::optional<Instance::Completed> Instance::wait_lifecycle(hg_op op,
                                                            std::chrono::nanoseconds at_most) {
  std::unique_lock lock(mutex_);
  const auto done =
      completed_changed_.wait_for(lock, at_most, [&] { return completed_.contains(op); });
  if (!done) return std::nullopt;
  return completed_.extract(op).mapped();
}

hg_status Instance::note_completion(Completion completion, std::string_view function) {
  const auto report = [&](Fault fault, std::string_view what) {
    misbehaviour_.report(fault, fmt::format("{}: {}", function, what));
    return HG_E_STALE;
  };
  switch (completion) {
    case Completion::kFirst:
      return HG_OK;
    case Completion::kLate:
      return report(Fault::kLateCompletion, "the host had answered for it");
    case Completion::kDouble:
      return report(Fault::kDoubleCompletion, "the op was completed before");
    case Completion::kForeign:
      return report(Fault::kForeignCompletion, "the op is not this instance's");
    case Completion::kWrongKind:
      return report(Fault::kStaleCompletion, "the op is of another kind");
    case Completion::kStale:
      break;
  }
  return report(Fault::kStaleCompletion, "there is no such op");
}

Instance::LoopCall::LoopCall(Instance& instance, std::string_view what,
                             std::chrono::nanoseconds budget)
    : instance_(instance),
      what_(what),
      budget_(budget),
      scope_({.instance = &instance, .loop_functions = true, .on_loop = true}),
      begun_(instance.services_.clock.mono()) {}

Instance::LoopCall::~LoopCall() {
  const auto spent = instance_.services_.clock.mono() - begun_ - current_call.host_time;
  instance_.calls_.fetch_add(1, std::memory_order_relaxed);
  instance_.call_ns_.fetch_add(spent.count(), std::memory_order_relaxed);
  if (spent > budget_) {
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(spent).count();
    instance_.misbehaviour_.report(Fault::kSlowCall,
                                   fmt::format("{} took {} us", what_, microseconds));
  }
  instance_.strand_.leave();
}

// ---- KindSide: what a kind does not do ----

hg_status KindSide::complete_send(const hg_send_result*, std::size_t) { return HG_E_UNSUPPORTED; }
std::optional<hg_status> KindSide::complete(hg_op, hg_status) { return std::nullopt; }
hg_status KindSide::complete_limit(hg_op, const hg_limit_result&) { return HG_E_UNSUPPORTED; }
hg_status KindSide::emit(const hg_event* const*, std::size_t, hg_emit_fn, void*, std::uint64_t) {
  return HG_E_UNSUPPORTED;
}
hg_status KindSide::answer(hg_op, const void*) { return HG_E_UNSUPPORTED; }
void KindSide::set_window(std::uint32_t) {}
void KindSide::begin_missed(hg_op) {}

}  // namespace heliograph::plugin
