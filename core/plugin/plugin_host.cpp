#include "core/plugin/plugin_host.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "core/base/assert.h"
#include "core/plugin/assembly.h"
#include "core/plugin/control_thread.h"
#include "core/plugin/distributor_handle.h"
#include "core/plugin/ingress_router.h"
#include "core/plugin/lifecycle.h"
#include "core/plugin/limiter_handle.h"
#include "core/plugin/module_loader.h"
#include "core/plugin/provider_handle.h"

namespace heliograph::plugin {
namespace {

// A section, what was made of it, and why nothing was.
struct Entry {
  PluginSection section;
  std::shared_ptr<Instance> instance;  // nullptr: left out
  std::vector<std::string> problems;   // complete lines
  bool ended = false;
};

std::string joined(const std::vector<std::string>& lines) {
  return fmt::format("{}", fmt::join(lines, "\n"));
}

std::string state_name(const Entry& entry) {
  if (!entry.instance) return "failed";
  if (entry.instance->abandoned()) return "abandoned";
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

// What a plugin can carry must cover what it is configured for.
std::string missing_channels(const config::Provider& settings, std::uint32_t channels) {
  std::string missing;
  for (const auto channel : settings.channels) {
    if ((channels & static_cast<std::uint32_t>(channel)) != 0) continue;
    missing += (missing.empty() ? "" : ", ") + std::string{model::to_string(channel)};
  }
  return missing;
}

}  // namespace

class PluginHost::Impl {
 public:
  Impl(PluginHostOptions options, HostServices services)
      : options_(std::move(options)),
        services_(services),
        loader_(options_.copy_folder, options_.gateway_version),
        assembly_(options_, services_, loader_, metrics_, thread_) {}
  ~Impl() { stop(); }

  void load() {
    plan();
    for (auto& entry : entries_) {
      auto made = assembly_.make(entry.section);
      if (made) {
        entry.instance = std::move(*made);
        adopt(entry);
      } else {
        entry.problems = std::move(made.error());
      }
    }
    throw_required();
    log_problems();
  }

  std::vector<std::string> validate() {
    try {
      load();
    } catch (const PluginError&) {  // told below, with all the others
    }
    auto lines = all_problems();
    stop();
    return lines;
  }

  void start(const std::function<model::ProviderKey(const std::string&)>& key_of) {
    for (auto& entry : entries_) {
      if (!entry.instance) continue;
      auto started = start_one(entry, key_of);
      if (started) continue;
      leave_out(entry, std::move(started.error()));
      if (!entry.section.required) continue;
      stop();
      throw PluginError(joined(entry.problems));
    }
  }

  void connect(ports::ProviderEvents& events) {
    for (auto* handle : providers_) handle->connect_later(&events);
  }

  void drain(std::chrono::nanoseconds at_most) {
    const auto until = services_.clock.mono() + at_most;
    for (auto& entry : entries_) {
      if (!entry.instance) continue;
      const auto left = std::max(until - services_.clock.mono(), std::chrono::nanoseconds{0});
      report(entry, Lifecycle(entry.instance, thread_).drain(left));
    }
  }

  void stop() {
    for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
      if (!entry->instance || std::exchange(entry->ended, true)) continue;
      report(*entry, Lifecycle(entry->instance, thread_).end());
    }
    for (auto* handle : providers_) handle->connect_later(nullptr);
    providers_.clear();
  }

  std::vector<std::string> all_problems() const {
    std::vector<std::string> lines;
    const std::lock_guard lock(mutex_);
    for (const auto& entry : entries_) {
      lines.insert(lines.end(), entry.problems.begin(), entry.problems.end());
      if (entry.problems.empty() && entry.instance && entry.instance->quarantined()) {
        lines.push_back(fmt::format("{}: {}", section_title(entry.section),
                                    entry.instance->quarantine_reason()));
      }
    }
    return lines;
  }

  std::vector<pipeline::ProviderSlot> provider_slots() const {
    std::vector<pipeline::ProviderSlot> slots;
    for (const auto& entry : entries_) {
      if (entry.section.kind != HG_KIND_PROVIDER) continue;
      auto* handle = handle_of(entry);
      slots.push_back({*entry.section.provider, handle, joined(entry.problems)});
    }
    return slots;
  }

  std::vector<InstanceStatus> statuses() const {
    std::vector<InstanceStatus> list;
    const std::lock_guard lock(mutex_);
    for (const auto& entry : entries_) list.push_back(status_of(entry));
    return list;
  }

  ports::Provider* provider(std::string_view name) const {
    for (const auto& entry : entries_) {
      if (entry.section.kind == HG_KIND_PROVIDER && entry.section.name == name) {
        return handle_of(entry);
      }
    }
    return nullptr;
  }

  DistributorHandle* distributor() const { return distributor_; }
  std::vector<ports::Distributor*> route_distributors() const { return route_distributors_; }
  LimiterHandle* limiter() const { return limiter_; }
  bool limits() const { return !options_.rules.empty(); }
  IngressRouter& router() { return router_; }
  const MetricsRegistry& registry() const { return metrics_; }

 private:
  // The order of starting: providers may be needed by nobody else, the limiter by everybody.
  void plan() {
    HG_ASSERT(entries_.empty());
    if (wants_limiter()) {
      add({HG_KIND_LIMITER, "limiter", options_.limiter.plugin, &options_.limiter.config, true,
           nullptr});
    }
    add({HG_KIND_DISTRIBUTOR, "distributor", options_.distributor.plugin,
         &options_.distributor.config, true, nullptr});
    for (const auto& route : options_.routes) {
      add({HG_KIND_DISTRIBUTOR, "distributor of route " + route, options_.distributor.plugin,
           &options_.distributor.config, true, nullptr});
    }
    for (const auto& provider : options_.providers) {
      add({HG_KIND_PROVIDER, provider.id, provider.plugin, &provider.config, provider.required,
           &provider});
    }
  }

  // One that was chosen may share health although nothing is limited; the default one would idle.
  bool wants_limiter() const {
    return !options_.rules.empty() || options_.limiter.plugin != config::LimiterPlugin{}.plugin;
  }

  void add(PluginSection section) { entries_.emplace_back().section = std::move(section); }

  static ProviderHandle* handle_of(const Entry& entry) {
    return entry.instance ? static_cast<ProviderHandle*>(&entry.instance->side()) : nullptr;
  }

  void adopt(Entry& entry) {
    auto& side = entry.instance->side();
    if (entry.section.kind == HG_KIND_LIMITER) {
      limiter_ = static_cast<LimiterHandle*>(&side);
    } else if (entry.section.kind == HG_KIND_DISTRIBUTOR) {
      entry.section.required = true;  // nothing could be sent without it
      auto* const handle = static_cast<DistributorHandle*>(&side);
      if (distributor_ == nullptr) {
        distributor_ = handle;
      } else {
        route_distributors_.push_back(handle);
      }
    }
  }

  void throw_required() {
    std::vector<std::string> lines;
    for (const auto& entry : entries_) {
      const auto needed = entry.section.required || entry.section.kind != HG_KIND_PROVIDER;
      if (needed) lines.insert(lines.end(), entry.problems.begin(), entry.problems.end());
    }
    if (lines.empty()) return;
    stop();
    throw PluginError(joined(lines));
  }

  Lifecycle::Outcome start_one(
      Entry& entry, const std::function<model::ProviderKey(const std::string&)>& key_of) {
    Lifecycle lifecycle(entry.instance, thread_);
    if (entry.section.kind == HG_KIND_LIMITER) {
      if (auto told = tell_rules(entry.instance, lifecycle); !told) return told;
    }
    if (auto started = lifecycle.start(); !started) return started;
    if (entry.section.kind == HG_KIND_LIMITER) take_shared_window(*entry.instance);
    if (entry.section.kind != HG_KIND_PROVIDER) return {};
    return ask_caps(entry, lifecycle, key_of(entry.section.name));
  }

  Lifecycle::Outcome tell_rules(const std::shared_ptr<Instance>& instance, Lifecycle& lifecycle) {
    const auto rules = limiter_->set_rules(options_.rules);
    return lifecycle.call("on_rules", options_.budgets.create,
                          [instance, rules, table = limiter_->table()](hg_error* error) {
                            return table.on_rules(instance->self(), rules.data(), rules.size(),
                                                  error);
                          });
  }

  void take_shared_window(Instance& instance) {
    limiter_->shared_window().set_extension(
        instance.life().get_extension(instance.self(), HG_EXT_SHARED_WINDOW));
  }

  Lifecycle::Outcome ask_caps(Entry& entry, Lifecycle& lifecycle, model::ProviderKey key) {
    auto* handle = handle_of(entry);
    auto caps = std::make_shared<hg_provider_caps>();
    caps->size = sizeof *caps;
    const auto asked =
        lifecycle.call("caps", options_.budgets.create,
                       [instance = entry.instance, caps, table = handle->table()](hg_error*) {
                         return table.caps(instance->self(), caps.get());
                       });
    if (!asked) return asked;
    const auto& settings = *entry.section.provider;
    if (auto taken = handle->take_caps(*caps, key, settings.receipts); !taken) return taken;
    const auto missing = missing_channels(settings, caps->channels);
    if (!missing.empty()) {
      return std::unexpected(
          fmt::format("plugin '{}' does not carry {}", settings.plugin, missing));
    }
    const auto& instance = *entry.instance;
    handle->ingress().set_extension(instance.life().get_extension(instance.self(), HG_EXT_INGRESS));
    router_.add(entry.section.name, *handle);
    providers_.push_back(handle);
    return {};
  }

  // A plugin that does not start is ended; its instance stays, closed, for stray calls.
  void leave_out(Entry& entry, std::string why) {
    entry.ended = true;
    report(entry, Lifecycle(entry.instance, thread_).end());
    const std::lock_guard lock(mutex_);
    left_out_.push_back(std::exchange(entry.instance, nullptr));
    entry.problems.push_back(fmt::format("{}: {}", section_title(entry.section), why));
    if (services_.log != nullptr) {
      services_.log->error("plugin left out", {{"problem", entry.problems.back()}});
    }
  }

  void report(const Entry& entry, const Lifecycle::Outcome& outcome) {
    if (outcome || services_.log == nullptr) return;
    services_.log->error("plugin",
                         {{"instance", entry.section.name}, {"problem", outcome.error()}});
  }

  void log_problems() {
    if (services_.log == nullptr) return;
    for (const auto& line : all_problems())
      services_.log->error("plugin left out", {{"problem", line}});
  }

  static InstanceStatus status_of(const Entry& entry) {
    InstanceStatus status{.name = entry.section.name,
                          .kind = std::string{kind_name(entry.section.kind)},
                          .plugin = entry.section.plugin,
                          .version = {},
                          .file = {},
                          .sha256 = {},
                          .state = state_name(entry),
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

  const PluginHostOptions options_;
  const HostServices services_;
  MetricsRegistry metrics_;
  ModuleLoader loader_;
  ControlThread thread_;
  Assembly assembly_;
  IngressRouter router_;
  mutable std::mutex mutex_;  // entries' instances and problems, against readers on other threads
  std::vector<Entry> entries_;
  std::vector<std::shared_ptr<Instance>> left_out_;
  std::vector<ProviderHandle*> providers_;
  DistributorHandle* distributor_ = nullptr;
  std::vector<ports::Distributor*> route_distributors_;
  LimiterHandle* limiter_ = nullptr;
};

PluginHost::PluginHost(PluginHostOptions options, HostServices services)
    : impl_(std::make_unique<Impl>(std::move(options), services)) {}
PluginHost::~PluginHost() = default;

void PluginHost::load() { impl_->load(); }
std::vector<std::string> PluginHost::validate() { return impl_->validate(); }
void PluginHost::start(const std::function<model::ProviderKey(const std::string&)>& key_of) {
  impl_->start(key_of);
}
void PluginHost::connect(ports::ProviderEvents& events) { impl_->connect(events); }
void PluginHost::drain(std::chrono::nanoseconds at_most) { impl_->drain(at_most); }
void PluginHost::stop() { impl_->stop(); }
ports::Distributor& PluginHost::distributor() {
  HG_ASSERT(impl_->distributor() != nullptr);
  return *impl_->distributor();
}
std::vector<ports::Distributor*> PluginHost::route_distributors() {
  return impl_->route_distributors();
}

ports::Limiter* PluginHost::limiter() { return impl_->limits() ? impl_->limiter() : nullptr; }
ports::SharedWindow* PluginHost::shared_window() {
  auto* limiter = impl_->limiter();
  return limiter != nullptr && limiter->shared_window().open() ? &limiter->shared_window()
                                                               : nullptr;
}
ports::Ingress& PluginHost::ingress() { return impl_->router(); }
std::vector<pipeline::ProviderSlot> PluginHost::provider_slots() const {
  return impl_->provider_slots();
}
ports::Provider* PluginHost::provider(std::string_view name) { return impl_->provider(name); }
std::vector<std::string> PluginHost::problems() const { return impl_->all_problems(); }
std::vector<InstanceStatus> PluginHost::statuses() const { return impl_->statuses(); }
std::vector<MetricValue> PluginHost::metrics() const { return impl_->registry().snapshot(); }

}  // namespace heliograph::plugin
