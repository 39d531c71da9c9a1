#include "core/plugin/preparation.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <ranges>
#include <tuple>
#include <utility>

#include "core/base/assert.h"
#include "core/plugin/lifecycle.h"

namespace heliograph::plugin {
namespace {

// The loop answers within milliseconds; one that does not is stuck, and nothing can be swapped.
constexpr std::chrono::seconds kLoopAnswers{10};

constexpr const char* kEnding = "the gateway is stopping";

bool is_exclusive(const Entry& entry) {
  return entry.section.kind == HG_KIND_PROVIDER && entry.instance &&
         (entry.instance->identity().component->flags & HG_F_EXCLUSIVE) != 0;
}

bool same_rules(const std::vector<ports::LimitRule>& a, const std::vector<ports::LimitRule>& b) {
  return std::ranges::equal(a, b, [](const auto& x, const auto& y) {
    return std::tie(x.id, x.algorithm, x.window, x.limit, x.burst) ==
           std::tie(y.id, y.algorithm, y.window, y.limit, y.burst);
  });
}

void append(std::vector<std::string>& lines, const std::vector<std::string>& more) {
  lines.insert(lines.end(), more.begin(), more.end());
}

}  // namespace

std::unique_ptr<Replacement> prepare_replacement(
    HostCore& core, PluginHostOptions wanted,
    const std::function<model::ProviderKey(const std::string&)>& key_of) {
  auto impl = std::make_unique<Replacement::Impl>(core, std::move(wanted), key_of);
  impl->prepare();
  return std::make_unique<Replacement>(std::move(impl));
}

Replacement::Impl::Impl(HostCore& core, PluginHostOptions wanted,
                        const std::function<model::ProviderKey(const std::string&)>& key_of)
    : core_(core),
      key_of_(key_of),
      before_(core.running()),
      next_(std::make_shared<PluginSet>(std::move(wanted))) {
  HG_ASSERT(before_ != nullptr);
  HG_ASSERT(!core_.replacing);
  core_.replacing = true;
  for (const auto& entry : before_->entries) {
    if (entry.instance && entry.instance->works()) worked_.push_back(&entry);
  }
}

Replacement::Impl::~Impl() {
  if (committed_) {
    retire({});
  } else {
    undo();
    core_.replacing = false;
  }
}

void Replacement::Impl::prepare() {
  resolve_all();
  auto wrong = core_.ending ? Lines{kEnding} : refused();
  if (wrong.empty()) {
    start_others();
    wrong = core_.ending ? Lines{kEnding} : refused();
  }
  if (wrong.empty()) wrong = start_exclusive();
  if (wrong.empty()) wrong = tell_rules();
  if (!wrong.empty()) throw PluginError(joined(wrong));
  limiter_ = next_->limiter_port();
  if (limiter_ != nullptr && held_ != nullptr) limiter_ = &held_->offered_port();
  list_changes();
}

// ---- beside the running set ----

void Replacement::Impl::resolve_all() {
  Assembly assembly(next_->options, core_);
  for (auto& entry : next_->entries) {
    if (core_.ending) return;
    entry.generation = core_.next_generation(entry.section);
    if (resolve_one(entry, assembly) || core_.services.log == nullptr) continue;
    for (const auto& line : entry.problems) {
      core_.services.log->error("plugin cannot be used", {{"problem", line}});
    }
  }
}

bool Replacement::Impl::resolve_one(Entry& entry, Assembly& assembly) {
  auto resolved = assembly.resolve(entry.section);
  if (!resolved) {
    entry.problems = std::move(resolved.error());
    return false;
  }
  const auto* old = before(entry);
  if (old != nullptr && was_working(entry) && old->section.plugin == entry.section.plugin &&
      old->instance->identity().module->sha256 == resolved->module->sha256 &&
      old->instance->config().same_as(resolved->config)) {
    entry.instance = old->instance;
    entry.generation = old->generation;
    entry.kept = true;
    if (auto why = unfit(entry); !why.empty()) {
      entry.problems.push_back(fmt::format("{}: {}", section_title(entry.section), why));
    }
    return entry.problems.empty();
  }
  auto made = assembly.make(entry.section, std::move(*resolved));
  if (made) {
    entry.instance = std::move(*made);
  } else {
    entry.problems = std::move(made.error());
  }
  return entry.instance != nullptr;
}

bool Replacement::Impl::was_working(const Entry& entry) const {
  return std::ranges::find(worked_, before(entry)) != worked_.end();
}

// Leaving out what works today would be a change for the worse that nobody asked for.
Replacement::Impl::Lines Replacement::Impl::refused() const {
  Lines lines;
  for (const auto& entry : next_->entries) {
    if (is_needed(entry) || was_working(entry)) append(lines, entry.problems);
  }
  return lines;
}

void Replacement::Impl::start_others() {
  for (auto& entry : next_->entries) {
    if (core_.ending) return;
    if (entry.instance && !entry.kept && !is_exclusive(entry)) start_one(entry);
  }
}

void Replacement::Impl::start_one(Entry& entry) {
  const auto started = start_entry(core_, *next_, entry, key_of_);
  if (started) return;
  core_.leave_out(entry, started.error());
  if (core_.services.log == nullptr) return;
  core_.services.log->error("plugin cannot be used", {{"problem", entry.problems.back()}});
}

// ---- exclusive providers ----

Replacement::Impl::Lines Replacement::Impl::start_exclusive() {
  for (auto& entry : next_->entries) {
    if (entry.kept || !is_exclusive(entry)) continue;
    if (core_.ending) return {kEnding};
    if (auto why = stop_predecessors(entry); !why.empty()) return {why};
    start_one(entry);
    if (auto wrong = refused(); !wrong.empty()) return wrong;
  }
  return {};
}

// Whatever of that plugin goes: the peer may be the same under another name.
std::string Replacement::Impl::stop_predecessors(const Entry& entry) {
  const auto& wanted = entry.section;
  for (const auto& old : before_->entries) {
    const auto same_peer = is_exclusive(old) && old.section.plugin == wanted.plugin;
    if ((!same_peer && !old.is(wanted)) || !old.instance || after(old) != nullptr) continue;
    if (std::ranges::find(stopped_, &old) != stopped_.end()) continue;
    stopped_.push_back(&old);
    if (auto why = stop_exclusive(old); !why.empty()) {
      return fmt::format("{}: the instance before it, which is exclusive, {}",
                         section_title(wanted), why);
    }
  }
  return {};
}

std::string Replacement::Impl::stop_exclusive(const Entry& entry) {
  auto& handle = *provider_in(entry);
  if (!on_loop([&handle] { handle.pause(); }, kLoopAnswers)) return "waits for a loop that hangs";
  const auto until = core_.services.clock.mono() + core_.budgets.handover;
  Lifecycle lifecycle(entry.instance, core_.thread);
  core_.report(entry, lifecycle.drain(core_.budgets.handover));
  await_idle(handle, until);
  core_.report(entry, lifecycle.end());
  return entry.instance->abandoned() ? "did not stop" : "";
}

// Again with the configuration that it had.
void Replacement::Impl::revive(const Entry& entry) {
  auto& instance = *entry.instance;
  auto& handle = *provider_in(entry);
  if (instance.abandoned()) return;  // and quarantined, which was told
  Lifecycle lifecycle(entry.instance, core_.thread);
  if (instance.state() == InstanceState::kDestroyed) {
    // What its former life has posted runs first.
    on_loop([] {}, kLoopAnswers);
    instance.renew();
    handle.forget_window();
    auto alive = lifecycle.create();
    if (alive) alive = lifecycle.start();
    core_.report(entry, alive);
    if (!alive) instance.quarantine("could not be started again: " + alive.error());
  }
  instance.post([&handle] { handle.resume(); });
}

// ---- the running limiter ----

Replacement::Impl::Lines Replacement::Impl::tell_rules() {
  auto* const limiter = next_->limiter();
  if (limiter == nullptr || limiter != before_->limiter() ||
      same_rules(before_->options.rules, next_->options.rules)) {
    return {};
  }
  const auto& entry = next_->entries.front();
  auto quiet = std::make_shared<std::promise<void>>();
  auto is_quiet = quiet->get_future();
  const auto fail = [&entry](std::string_view why) {
    return Lines{fmt::format("{}: {}", section_title(entry.section), why)};
  };
  held_ = limiter;
  const auto asked =
      on_loop([limiter, quiet] { limiter->hold([quiet] { quiet->set_value(); }); }, kLoopAnswers);
  if (!asked ||
      is_quiet.wait_for(core_.budgets.acquire + kLoopAnswers) != std::future_status::ready)
    return fail("its answers do not come in: the rules cannot be changed");
  const auto rules = limiter->offer_rules(next_->options.rules);
  const auto told =
      Lifecycle(entry.instance, core_.thread)
          .call("on_rules", core_.budgets.create,
                [instance = entry.instance, rules, table = limiter->table()](hg_error* error) {
                  return table.on_rules(instance->self(), rules.data(), rules.size(), error);
                });
  told_ = told.has_value();
  return told ? Lines{} : fail(told.error());
}

// ---- back ----

void Replacement::Impl::undo() {
  for (auto& entry : next_->entries | std::views::reverse) {
    if (entry.kept || !entry.instance) continue;
    core_.end(entry);
    const std::lock_guard lock(core_.mutex);
    core_.past.push_back(entry.instance);
  }
  for (const auto* entry : stopped_) revive(*entry);
  if (held_ == nullptr) return;
  const auto& entry = *before(next_->entries.front());
  if (told_) {
    const auto rules = held_->rules_in_force();
    core_.report(
        entry,
        Lifecycle(entry.instance, core_.thread)
            .call("on_rules", core_.budgets.create,
                  [instance = entry.instance, rules, table = held_->table()](hg_error* error) {
                    return table.on_rules(instance->self(), rules.data(), rules.size(), error);
                  }));
  }
  on_loop([limiter = held_] { limiter->resume(); }, kLoopAnswers);
}

// ---- waiting ----

bool Replacement::Impl::on_loop(base::Task task, std::chrono::nanoseconds at_most) {
  auto done = std::make_shared<std::promise<void>>();
  auto finished = done->get_future();
  core_.services.loop.post([task = std::move(task), done]() mutable {
    task();
    done->set_value();
  });
  return finished.wait_for(at_most) == std::future_status::ready;
}

bool Replacement::Impl::await_idle(ProviderHandle& handle, ports::MonoTime until) {
  auto idle = std::make_shared<std::promise<void>>();
  auto is_idle = idle->get_future();
  core_.services.loop.post([&handle, idle] { handle.when_idle([idle] { idle->set_value(); }); });
  const auto left = std::max(until - core_.services.clock.mono(), std::chrono::nanoseconds{0});
  return is_idle.wait_for(left) == std::future_status::ready;
}

}  // namespace heliograph::plugin
