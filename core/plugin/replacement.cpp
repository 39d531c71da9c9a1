#include "core/plugin/replacement.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <utility>

#include "core/base/assert.h"
#include "core/plugin/lifecycle.h"
#include "core/plugin/preparation.h"

namespace heliograph::plugin {

const Entry* Replacement::Impl::after(const Entry& entry) const {
  const auto found = std::ranges::find_if(next_->entries, [&](const Entry& other) {
    return other.kept && other.instance == entry.instance;
  });
  return found == next_->entries.end() ? nullptr : &*found;
}

void Replacement::Impl::list_changes() {
  const auto change = [this](const Entry& entry, std::string_view what) {
    changes_.push_back({.kind = std::string{kind_name(entry.section.kind)},
                        .name = entry.section.name,
                        .what = std::string{what},
                        .generation = entry.generation});
  };
  for (const auto& entry : next_->entries) {
    const auto* old = before(entry);
    const auto had = old != nullptr && old->instance;
    if (entry.kept) {
      if (entry.section.kind == HG_KIND_LIMITER && limiter_changes()) change(entry, "changed");
    } else if (entry.instance) {
      change(entry, had ? "replaced" : "added");
    } else if (had) {
      change(entry, "removed");  // it did not work before either
    }
  }
  for (const auto& old : before_->entries) {
    if (old.instance && next_->find(old.section) == nullptr) change(old, "removed");
  }
}

bool Replacement::Impl::limiter_changes() const {
  return held_ != nullptr || next_->limiter()->policy() != failure_policy(next_->options.limiter);
}

void Replacement::Impl::log_changes() const {
  if (core_.services.log == nullptr) return;
  for (const auto& change : changes_) {
    core_.services.log->info("plugin instance " + change.what,
                             {{"kind", change.kind},
                              {"instance", change.name},
                              {"generation", fmt::to_string(change.generation)}});
  }
}

void Replacement::Impl::swap_limiter() {
  auto* const next = next_->limiter();
  auto* const old = before_->limiter();
  const auto policy = failure_policy(next_->options.limiter);
  if (next == nullptr && old == nullptr) return;
  if (next == nullptr || next != old) {
    if (old != nullptr && next != nullptr) next->succeed(*old);
    if (old != nullptr) old->port().close();
  } else if (told_) {
    next->take_rules(policy);
  } else if (next->policy() != policy) {
    next->set_policy(policy);
  }
}

// The set it stood in may go before it.
void Replacement::Impl::let_go(const Entry& entry) {
  if (auto* handle = provider_in(entry)) handle->mute();
  auto& leaving = core_.leaving.emplace_back(entry);
  leaving.section.table = nullptr;
  leaving.section.provider = nullptr;
}

// A removed provider's receipts for what it still has in hand.
IngressRouter::Handles Replacement::Impl::ingress_while_leaving() const {
  auto handles = next_->ingress();
  for (const auto& entry : core_.leaving | std::views::reverse) {  // the latest of a name
    if (auto* handle = provider_in(entry)) handles.try_emplace(entry.section.name, handle);
  }
  return handles;
}

void Replacement::Impl::commit(ports::ProviderEvents& events) {
  HG_ASSERT(!committed_);
  committed_ = true;
  for (const auto& entry : next_->entries) {
    auto* const handle = provider_in(entry);
    if (handle == nullptr) continue;
    if (entry.kept) {
      handle->want_receipts(entry.section.provider->receipts);
    } else {
      handle->attach(events);
    }
  }
  swap_limiter();
  {
    const std::lock_guard lock(core_.mutex);
    for (const auto& old : before_->entries) {
      if (old.instance && after(old) == nullptr) let_go(old);
    }
    for (const auto& entry : next_->entries) {
      if (entry.instance && !entry.kept) core_.count_generation(entry);
    }
    core_.current = next_;
  }
  core_.router.set(ingress_while_leaving());
  log_changes();
}

void Replacement::Impl::retire(std::chrono::nanoseconds at_most) {
  HG_ASSERT(committed_);
  if (std::exchange(retired_, true)) return;
  const auto until = core_.services.clock.mono() + at_most;
  for (auto& entry : core_.leaving) {
    if (entry.ended) continue;
    const auto left = std::max(until - core_.services.clock.mono(), std::chrono::nanoseconds{0});
    core_.report(entry, Lifecycle(entry.instance, core_.thread).drain(left));
  }
  core_.router.set(next_->ingress());
  for (auto& entry : core_.leaving) {
    if (entry.ended) continue;
    if (auto* handle = provider_in(entry)) await_idle(*handle, until);
    core_.end(entry);
  }
  const std::lock_guard lock(core_.mutex);
  for (const auto& entry : core_.leaving) {
    if (!entry.instance->abandoned()) core_.past.push_back(entry.instance);
  }
  std::erase_if(core_.leaving, [](const Entry& entry) { return !entry.instance->abandoned(); });
  core_.replacing = false;
}

// ---- the face ----

Replacement::Replacement(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Replacement::~Replacement() = default;

const std::vector<InstanceChange>& Replacement::changes() const { return impl_->changes(); }
std::vector<pipeline::ProviderSlot> Replacement::provider_slots() const {
  return impl_->next().provider_slots();
}
ports::Distributor& Replacement::distributor() const { return *impl_->next().distributor(); }
std::vector<ports::Distributor*> Replacement::route_distributors() const {
  return impl_->next().route_distributors();
}
ports::Limiter* Replacement::limiter() const { return impl_->limiter(); }
ports::SharedWindow* Replacement::shared_window() const { return impl_->next().shared_window(); }
void Replacement::commit(ports::ProviderEvents& events) { impl_->commit(events); }
void Replacement::retire(std::chrono::nanoseconds at_most) { impl_->retire(at_most); }

}  // namespace heliograph::plugin
