#include "core/plugin/plugin_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/plugin/lifecycle.h"

namespace heliograph::plugin {
namespace {

std::string state_name(const Entry& entry, bool leaving) {
  if (!entry.instance) return "failed";
  if (entry.instance->abandoned()) return "abandoned";
  if (leaving) return "draining";
  if (entry.instance->quarantined()) return "quarantined";
  switch (entry.instance->state()) {
    case InstanceState::kNew:
    case InstanceState::kCreated:
      return "created";
    case InstanceState::kStarting:
      return "starting";
    case InstanceState::kRunning:
      return "running";
    default:
      return "stopped";
  }
}

template <class Handle>
Handle* side_of(const Entry& entry, std::uint32_t kind) {
  if (!entry.instance || entry.section.kind != kind) return nullptr;
  return static_cast<Handle*>(&entry.instance->side());
}

// One that was chosen may share health although nothing is limited; the default one would idle.
bool wants_limiter(const PluginHostOptions& options) {
  return !options.rules.empty() || options.limiter.plugin != config::LimiterPlugin{}.plugin;
}

// What a plugin can carry must cover what it is configured for.
std::string missing_channels(const config::Provider& settings, std::uint32_t channels) {
  std::string missing;
  for (const auto channel : settings.channels) {
    if ((channels & static_cast<std::uint32_t>(channel)) != 0) continue;
    missing += (missing.empty() ? "" : ", ") + std::string{model::to_string(channel)};
  }
  return missing;
}

std::string counted_name(const PluginSection& section) {
  return fmt::format("{} {}", kind_name(section.kind), section.name);
}

}  // namespace

ProviderHandle* provider_in(const Entry& entry) {
  return side_of<ProviderHandle>(entry, HG_KIND_PROVIDER);
}
DistributorHandle* distributor_in(const Entry& entry) {
  return side_of<DistributorHandle>(entry, HG_KIND_DISTRIBUTOR);
}
LimiterHandle* limiter_in(const Entry& entry) {
  return side_of<LimiterHandle>(entry, HG_KIND_LIMITER);
}

std::string unfit(const Entry& entry) {
  auto* const handle = provider_in(entry);
  if (handle == nullptr) return {};
  const auto missing = missing_channels(*entry.section.provider, handle->traits().channels);
  if (missing.empty()) return {};
  return fmt::format("plugin '{}' does not carry {}", entry.section.plugin, missing);
}

bool is_needed(const Entry& entry) {
  return entry.section.required || entry.section.kind != HG_KIND_PROVIDER;
}

std::string joined(const std::vector<std::string>& lines) {
  return fmt::format("{}", fmt::join(lines, "\n"));
}

InstanceStatus status_of(const Entry& entry, bool leaving) {
  InstanceStatus status{.name = entry.section.name,
                        .kind = std::string{kind_name(entry.section.kind)},
                        .plugin = entry.section.plugin,
                        .version = {},
                        .file = {},
                        .sha256 = {},
                        .generation = entry.generation,
                        .state = state_name(entry, leaving),
                        .problem = joined(entry.problems),
                        .misbehaviour = {},
                        .calls = 0,
                        .call_time = {}};
  if (!entry.instance) return status;
  const auto& identity = entry.instance->identity();
  status.version = identity.component->version;
  status.file = identity.module->source.string();
  status.sha256 = identity.module->sha256;
  status.calls = entry.instance->calls();
  status.call_time = entry.instance->call_time();
  if (entry.instance->quarantined()) status.problem = entry.instance->quarantine_reason();
  for (std::size_t i = 0; i < kFaults; ++i) {
    const auto fault = static_cast<Fault>(i);
    const auto count = entry.instance->misbehaviour().count(fault);
    if (count > 0) status.misbehaviour.emplace_back(to_string(fault), count);
  }
  return status;
}

PluginSet::PluginSet(PluginHostOptions wanted) : options(std::move(wanted)) {
  if (wants_limiter(options)) {
    add({HG_KIND_LIMITER, "limiter", options.limiter.plugin, &options.limiter.config, true,
         nullptr});
  }
  add({HG_KIND_DISTRIBUTOR, "distributor", options.distributor.plugin, &options.distributor.config,
       true, nullptr});
  for (const auto& route : options.routes) {
    add({HG_KIND_DISTRIBUTOR, "distributor of route " + route, options.distributor.plugin,
         &options.distributor.config, true, nullptr});
  }
  for (const auto& provider : options.providers) {
    add({HG_KIND_PROVIDER, provider.id, provider.plugin, &provider.config, provider.required,
         &provider});
  }
}

const Entry* PluginSet::find(const PluginSection& section) const {
  const auto found =
      std::ranges::find_if(entries, [&](const Entry& entry) { return entry.is(section); });
  return found == entries.end() ? nullptr : &*found;
}

LimiterHandle* PluginSet::limiter() const {
  return entries.empty() ? nullptr : limiter_in(entries.front());
}

ports::Limiter* PluginSet::limiter_port() const {
  auto* handle = limiter();
  return handle == nullptr || options.rules.empty() ? nullptr : &handle->port();
}

ports::SharedWindow* PluginSet::shared_window() const {
  auto* handle = limiter();
  return handle != nullptr && handle->shared_window().open() ? &handle->shared_window() : nullptr;
}

DistributorHandle* PluginSet::distributor() const {
  for (const auto& entry : entries) {
    if (entry.section.kind == HG_KIND_DISTRIBUTOR) return distributor_in(entry);
  }
  return nullptr;
}

std::vector<ports::Distributor*> PluginSet::route_distributors() const {
  std::vector<ports::Distributor*> found;
  for (const auto& entry : entries) {
    if (entry.section.kind == HG_KIND_DISTRIBUTOR) found.push_back(distributor_in(entry));
  }
  found.erase(found.begin());  // the one for messages that no route takes
  return found;
}

std::vector<pipeline::ProviderSlot> PluginSet::provider_slots() const {
  std::vector<pipeline::ProviderSlot> slots;
  for (const auto& entry : entries) {
    if (entry.section.kind != HG_KIND_PROVIDER) continue;
    slots.push_back({*entry.section.provider, provider_in(entry), joined(entry.problems)});
  }
  return slots;
}

ports::Provider* PluginSet::provider(std::string_view name) const {
  for (const auto& entry : entries) {
    if (entry.section.kind == HG_KIND_PROVIDER && entry.section.name == name) {
      return provider_in(entry);
    }
  }
  return nullptr;
}

std::vector<std::string> PluginSet::problems() const {
  std::vector<std::string> lines;
  for (const auto& entry : entries) {
    lines.insert(lines.end(), entry.problems.begin(), entry.problems.end());
    if (entry.problems.empty() && entry.instance && entry.instance->quarantined()) {
      lines.push_back(
          fmt::format("{}: {}", section_title(entry.section), entry.instance->quarantine_reason()));
    }
  }
  return lines;
}

IngressRouter::Handles PluginSet::ingress() const {
  IngressRouter::Handles handles;
  for (const auto& entry : entries) {
    if (auto* handle = provider_in(entry)) handles[entry.section.name] = handle;
  }
  return handles;
}

// ---- what all sets share ----

void HostCore::report(const Entry& entry, const Lifecycle::Outcome& outcome) const {
  if (outcome || services.log == nullptr) return;
  services.log->error("plugin", {{"instance", entry.section.name}, {"problem", outcome.error()}});
}

void HostCore::end(Entry& entry) {
  if (!entry.instance || std::exchange(entry.ended, true)) return;
  report(entry, Lifecycle(entry.instance, thread).end());
  entry.instance->metrics().end();
  if (auto* handle = provider_in(entry)) handle->connect_later(nullptr);
}

// A plugin that does not start is ended; its instance stays, closed, for stray calls.
void HostCore::leave_out(Entry& entry, const std::string& why) {
  end(entry);
  const std::lock_guard lock(mutex);
  past.push_back(std::exchange(entry.instance, nullptr));
  entry.problems.push_back(fmt::format("{}: {}", section_title(entry.section), why));
}

std::uint64_t HostCore::next_generation(const PluginSection& section) const {
  const std::lock_guard lock(mutex);
  const auto found = generations.find(counted_name(section));
  return found == generations.end() ? 1 : found->second + 1;
}

void HostCore::count_generation(const Entry& entry) {
  generations[counted_name(entry.section)] = entry.generation;
}

// ---- starting ----

namespace {

Lifecycle::Outcome tell_rules(HostCore& core, const PluginSet& set, LimiterHandle& limiter,
                              const std::shared_ptr<Instance>& instance, Lifecycle& lifecycle) {
  const auto rules = limiter.set_rules(set.options.rules);
  return lifecycle.call(
      "on_rules", core.budgets.create, [instance, rules, table = limiter.table()](hg_error* error) {
        return table.on_rules(instance->self(), rules.data(), rules.size(), error);
      });
}

Lifecycle::Outcome ask_caps(HostCore& core, Entry& entry, Lifecycle& lifecycle,
                            model::ProviderKey key) {
  auto* handle = provider_in(entry);
  auto caps = std::make_shared<hg_provider_caps>();
  caps->size = sizeof *caps;
  const auto asked =
      lifecycle.call("caps", core.budgets.create,
                     [instance = entry.instance, caps, table = handle->table()](hg_error*) {
                       return table.caps(instance->self(), caps.get());
                     });
  if (!asked) return asked;
  const auto& settings = *entry.section.provider;
  if (auto taken = handle->take_caps(*caps, key, settings.receipts); !taken) return taken;
  if (auto why = unfit(entry); !why.empty()) return std::unexpected(std::move(why));
  const auto& instance = *entry.instance;
  handle->ingress().set_extension(instance.life().get_extension(instance.self(), HG_EXT_INGRESS));
  return {};
}

}  // namespace

Lifecycle::Outcome start_entry(
    HostCore& core, const PluginSet& set, Entry& entry,
    const std::function<model::ProviderKey(const std::string&)>& key_of) {
  Lifecycle lifecycle(entry.instance, core.thread);
  auto* limiter = limiter_in(entry);
  if (limiter != nullptr) {
    auto told = tell_rules(core, set, *limiter, entry.instance, lifecycle);
    if (!told) return told;
  }
  if (auto started = lifecycle.start(); !started) return started;
  if (limiter != nullptr) {
    auto& instance = *entry.instance;
    limiter->shared_window().set_extension(
        instance.life().get_extension(instance.self(), HG_EXT_SHARED_WINDOW));
  }
  if (entry.section.kind != HG_KIND_PROVIDER) return {};
  return ask_caps(core, entry, lifecycle, key_of(entry.section.name));
}

}  // namespace heliograph::plugin
