#include "core/plugin/lifecycle.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <mutex>
#include <string_view>
#include <vector>

#include "core/plugin/abi_text.h"

namespace heliograph::plugin {
namespace {

using std::chrono::nanoseconds;

// Room between a deadline that a plugin was told and the host's own patience.
constexpr std::chrono::milliseconds kSlack{100};

std::string in_words(nanoseconds budget) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(budget).count();
  return ms % 1000 == 0 ? fmt::format("{} s", ms / 1000) : fmt::format("{} ms", ms);
}

// A hanging plugin may still use its host for as long as the process lives.
void keep_for_ever(std::shared_ptr<Instance> instance) {
  static std::mutex mutex;
  static auto& kept = *new std::vector<std::shared_ptr<Instance>>;
  const std::lock_guard lock(mutex);
  kept.push_back(std::move(instance));
}

std::string failure(std::string_view what, hg_status status, const std::string& text) {
  const auto name = status_name(status);
  return text.empty() || text == name ? fmt::format("{} failed: {}", what, name)
                                      : fmt::format("{} failed: {} ({})", what, text, name);
}

hg_status panic(hg_error& error, std::string_view thrown) {
  const auto text = fmt::format("an exception left it: {}", thrown);
  error.msg_len = static_cast<std::uint32_t>(std::min<std::size_t>(text.size(), HG_ERROR_TEXT_MAX));
  std::copy_n(text.data(), error.msg_len, error.msg);
  return HG_E_PANIC;
}

// No exception may cross the ABI (rule R1), and one that leaves a call on the loop ends the
// process. Here, where plugins start and stop, it can be survived.
hg_status call_guarded(base::UniqueFunction<hg_status(hg_error*)>& call, hg_error& error) {
  try {
    return call(&error);
  } catch (const std::exception& thrown) {
    return panic(error, thrown.what());
  } catch (...) {
    return panic(error, "no std::exception");
  }
}

}  // namespace

Lifecycle::Outcome Lifecycle::overrun(const std::string& what, nanoseconds budget) {
  auto why = fmt::format("{} did not return within {}: abandoned", what, in_words(budget));
  instance_->abandon(why);
  keep_for_ever(instance_);
  return std::unexpected(std::move(why));
}

std::expected<Lifecycle::Verdict, std::string> Lifecycle::run(
    const std::string& what, nanoseconds budget, bool loop_functions,
    base::UniqueFunction<hg_status(hg_error*)> call) {
  if (instance_->abandoned()) return std::unexpected("was abandoned");
  auto verdict = std::make_shared<Verdict>();
  const auto done = thread_.run(
      [instance = instance_, verdict, loop_functions, call = std::move(call)]() mutable {
        instance->strand().enter();
        auto error = empty_error();
        {
          const CallScope scope({.instance = instance.get(),
                                 .loop_functions = loop_functions,
                                 .on_loop = false,
                                 .host_time = {}});
          verdict->status = call_guarded(call, error);
        }
        if (error.msg_len > 0) verdict->text = error_text(error, verdict->status);
        if (!instance->abandoned()) instance->strand().leave();
      },
      budget + kSlack);
  if (!done) return std::unexpected(overrun(what, budget).error());
  if (verdict->status == HG_E_PANIC) instance_->quarantine(what + ": HG_E_PANIC");
  return std::move(*verdict);
}

Lifecycle::Outcome Lifecycle::call(std::string what, nanoseconds budget,
                                   base::UniqueFunction<hg_status(hg_error*)> call) {
  const auto verdict = run(what, budget, true, std::move(call));
  if (!verdict) return std::unexpected(verdict.error());
  if (verdict->status == HG_OK) return {};
  return std::unexpected(failure(what, verdict->status, verdict->text));
}

Lifecycle::Outcome Lifecycle::create() {
  auto self = std::make_shared<hg_instance*>(nullptr);
  const auto verdict = run(
      "create", instance_->budgets().create, false, [instance = instance_, self](hg_error* error) {
        const auto& identity = instance->identity();
        return instance->life().create(instance->host(), identity.component->descriptor,
                                       instance->config().view->abi(), self.get(), error);
      });
  if (!verdict) return std::unexpected(verdict.error());
  if (verdict->status != HG_OK) {
    return std::unexpected(failure("create", verdict->status, verdict->text));
  }
  if (*self == nullptr) return std::unexpected("create said HG_OK and gave no instance");
  instance_->set_self(*self);
  instance_->set_state(InstanceState::kCreated);
  return {};
}

Lifecycle::Outcome Lifecycle::start() {
  try {
    instance_->http().prepare();
  } catch (const std::exception& failed) {
    return std::unexpected(fmt::format("its HTTP client cannot be made: {}", failed.what()));
  }
  instance_->set_state(InstanceState::kStarting);
  auto started = start_plugin();
  if (started && !instance_->quarantined()) instance_->set_state(InstanceState::kRunning);
  return started;
}

// It is as it was before start(): destroy() follows, without stop().
Lifecycle::Outcome Lifecycle::refused(hg_status status, const std::string& text) {
  instance_->set_state(InstanceState::kCreated);
  return std::unexpected(failure("start", status, text));
}

Lifecycle::Outcome Lifecycle::start_plugin() {
  const auto budget = instance_->budgets().start;
  const auto op = instance_->tickets().issue(TicketKind::kLifecycle);
  const auto begun = instance_->services().clock.mono();
  const auto verdict =
      run("start", budget, true, [instance = instance_, op, at = begun + budget](auto* error) {
        return instance->life().start(instance->self(), op, to_ns(at), error);
      });
  if (!verdict) return std::unexpected(verdict.error());
  if (verdict->status != HG_PENDING) {
    instance_->tickets().revoke(op);
    if (verdict->status == HG_OK) return {};
    return refused(verdict->status, verdict->text);
  }
  const auto completed = instance_->wait_lifecycle(op, budget);
  if (!completed) {
    instance_->tickets().give_up(op);
    return std::unexpected(fmt::format("start did not complete within {}", in_words(budget)));
  }
  if (completed->status == HG_OK) return {};
  return refused(completed->status, completed->text);
}

Lifecycle::Outcome Lifecycle::drain(nanoseconds at_most) {
  if (instance_->life().drain == nullptr || instance_->state() != InstanceState::kRunning)
    return {};
  const auto op = instance_->tickets().issue(TicketKind::kLifecycle);
  const auto at = instance_->services().clock.mono() + at_most;
  const auto verdict = run("drain", at_most, true, [instance = instance_, op, at](hg_error*) {
    return instance->life().drain(instance->self(), op, to_ns(at));
  });
  if (!verdict) return std::unexpected(verdict.error());
  if (verdict->status != HG_PENDING) {
    instance_->tickets().revoke(op);
    if (verdict->status == HG_OK) return {};
    return std::unexpected(failure("drain", verdict->status, verdict->text));
  }
  if (instance_->wait_lifecycle(op, at_most)) return {};
  instance_->tickets().give_up(op);
  return std::unexpected(fmt::format("drain did not complete within {}", in_words(at_most)));
}

Lifecycle::Outcome Lifecycle::end() {
  if (instance_->self() == nullptr || instance_->abandoned() ||
      instance_->state() == InstanceState::kDestroyed) {
    return {};
  }
  Outcome stopped;
  if (instance_->state() > InstanceState::kCreated) stopped = stop_plugin();
  if (instance_->abandoned()) return stopped;
  if (auto flushed = flush(); !flushed) return flushed;
  if (auto destroyed = destroy(); !destroyed) return destroyed;
  return stopped;
}

Lifecycle::Outcome Lifecycle::stop_plugin() {
  instance_->set_state(InstanceState::kStopping);
  const auto budget = instance_->budgets().stop;
  if (instance_->life().stop == nullptr) {
    instance_->http().cancel_all();
    return {};
  }
  const auto op = instance_->tickets().issue(TicketKind::kLifecycle);
  const auto at = instance_->services().clock.mono() + budget;
  const auto verdict = run("stop", budget, true, [instance = instance_, op, at](hg_error*) {
    return instance->life().stop(instance->self(), op, to_ns(at));
  });
  if (!verdict) return std::unexpected(verdict.error());
  if (verdict->status == HG_PENDING) {
    if (instance_->wait_lifecycle(op, budget)) return {};
    instance_->tickets().give_up(op);
    return std::unexpected(fmt::format("stop did not complete within {}", in_words(budget)));
  }
  instance_->tickets().revoke(op);
  if (verdict->status == HG_OK) return {};
  return std::unexpected(failure("stop", verdict->status, verdict->text));
}

// Everything that rule R8 of the ABI wants settled before destroy().
Lifecycle::Outcome Lifecycle::flush() {
  const auto started = instance_->state() > InstanceState::kCreated;
  instance_->set_state(InstanceState::kStopped);
  instance_->http().cancel_all();
  if (!started) {
    // The loop may not run at all (a configuration check): posts of create() run here.
    const auto run_posts =
        run("post", instance_->budgets().stop, false, [instance = instance_](hg_error*) {
          while (instance->posts().run(SIZE_MAX)) {
          }
          return HG_OK;
        });
    if (!run_posts) return std::unexpected(run_posts.error());
  }
  if (!instance_->callbacks().wait_none(instance_->budgets().stop)) {
    instance_->abandon("callbacks are still outstanding after stop: abandoned");
    keep_for_ever(instance_);
    return std::unexpected(instance_->quarantine_reason());
  }
  // After the callbacks: these may still have completed something.
  if (started) {
    instance_->post([instance = instance_.get()] {
      instance->side().on_closed("the instance was stopped", false);
    });
  }
  return {};
}

Lifecycle::Outcome Lifecycle::destroy() {
  const auto verdict =
      run("destroy", instance_->budgets().destroy, false, [instance = instance_](hg_error*) {
        instance->timers().drop_all();
        instance->descriptors().drop_all();
        instance->life().destroy(instance->self());
        // Before the strand is free again: nothing may call it any more.
        instance->set_state(InstanceState::kDestroyed);
        return HG_OK;
      });
  if (!verdict) return std::unexpected(verdict.error());
  instance_->http().close();
  return {};
}

}  // namespace heliograph::plugin
