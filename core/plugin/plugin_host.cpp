#include "core/plugin/plugin_host.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <ranges>
#include <utility>

#include "core/base/assert.h"
#include "core/plugin/lifecycle.h"
#include "core/plugin/plugin_set.h"
#include "core/plugin/preparation.h"

namespace heliograph::plugin {

class PluginHost::Impl {
 public:
  Impl(PluginHostOptions options, HostServices services)
      : core_(options, services), first_(std::make_shared<PluginSet>(std::move(options))) {}
  ~Impl() { stop(); }

  HostCore& core() { return core_; }
  const HostCore& core() const { return core_; }
  // Until load() nothing runs.
  std::shared_ptr<PluginSet> set() const { return core_.running(); }

  void load() {
    {
      const std::lock_guard lock(core_.mutex);
      HG_ASSERT(core_.current == nullptr);
      core_.current = first_;
    }
    Assembly assembly(first_->options, core_);
    for (auto& entry : first_->entries) {
      auto resolved = assembly.resolve(entry.section);
      auto made = resolved ? assembly.make(entry.section, std::move(*resolved))
                           : std::unexpected(std::move(resolved.error()));
      if (made) {
        entry.instance = std::move(*made);
      } else {
        entry.problems = std::move(made.error());
      }
    }
    throw_needed();
    log_problems();
  }

  std::vector<std::string> validate() {
    try {
      load();
    } catch (const PluginError&) {  // told below, with all the others
    }
    auto lines = problems();
    stop();
    return lines;
  }

  void start(const std::function<model::ProviderKey(const std::string&)>& key_of) {
    for (auto& entry : first_->entries) {
      if (!entry.instance) continue;
      const auto started = start_entry(core_, *first_, entry, key_of);
      if (started) {
        const std::lock_guard lock(core_.mutex);
        core_.count_generation(entry);
        continue;
      }
      core_.leave_out(entry, started.error());
      log_problem(entry.problems.back());
      if (!is_needed(entry)) continue;
      stop();
      throw PluginError(joined(entry.problems));
    }
    core_.router.set(first_->ingress());
  }

  void connect(ports::ProviderEvents& events) {
    for (const auto& entry : set()->entries) {
      if (auto* handle = provider_in(entry)) handle->connect_later(&events);
    }
  }

  void drain(std::chrono::nanoseconds at_most) {
    const auto until = core_.services.clock.mono() + at_most;
    for (const auto& entry : set()->entries) {
      if (!entry.instance) continue;
      const auto left = std::max(until - core_.services.clock.mono(), std::chrono::nanoseconds{0});
      core_.report(entry, Lifecycle(entry.instance, core_.thread).drain(left));
    }
  }

  void stop() {
    if (const auto running = set()) {
      for (auto& entry : running->entries | std::views::reverse) core_.end(entry);
    }
    for (auto& entry : core_.leaving) core_.end(entry);
  }

  std::vector<std::string> problems() const {
    const std::lock_guard lock(core_.mutex);
    return core_.current ? core_.current->problems() : std::vector<std::string>{};
  }

  std::vector<InstanceStatus> statuses() const {
    std::vector<InstanceStatus> list;
    const std::lock_guard lock(core_.mutex);
    if (!core_.current) return list;
    for (const auto& entry : core_.current->entries) list.push_back(status_of(entry, false));
    for (const auto& entry : core_.leaving) list.push_back(status_of(entry, true));
    return list;
  }

 private:
  void throw_needed() {
    std::vector<std::string> lines;
    for (const auto& entry : first_->entries) {
      if (!is_needed(entry)) continue;
      lines.insert(lines.end(), entry.problems.begin(), entry.problems.end());
    }
    if (lines.empty()) return;
    stop();
    throw PluginError(joined(lines));
  }

  void log_problem(const std::string& line) {
    if (core_.services.log == nullptr) return;
    core_.services.log->error("plugin left out", {{"problem", line}});
  }
  void log_problems() {
    for (const auto& line : problems()) log_problem(line);
  }

  HostCore core_;
  const std::shared_ptr<PluginSet> first_;
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
std::unique_ptr<Replacement> PluginHost::prepare(
    PluginHostOptions wanted, const std::function<model::ProviderKey(const std::string&)>& key_of) {
  return prepare_replacement(impl_->core(), std::move(wanted), key_of);
}
void PluginHost::give_up_preparing() { impl_->core().ending = true; }
ports::Distributor& PluginHost::distributor() {
  auto* const distributor = impl_->set()->distributor();
  HG_ASSERT(distributor != nullptr);
  return *distributor;
}
std::vector<ports::Distributor*> PluginHost::route_distributors() {
  return impl_->set()->route_distributors();
}
ports::Limiter* PluginHost::limiter() { return impl_->set()->limiter_port(); }
ports::SharedWindow* PluginHost::shared_window() { return impl_->set()->shared_window(); }
ports::Ingress& PluginHost::ingress() { return impl_->core().router; }
std::vector<pipeline::ProviderSlot> PluginHost::provider_slots() const {
  return impl_->set()->provider_slots();
}
ports::Provider* PluginHost::provider(std::string_view name) {
  return impl_->set()->provider(name);
}
std::vector<std::string> PluginHost::problems() const { return impl_->problems(); }
std::vector<InstanceStatus> PluginHost::statuses() const { return impl_->statuses(); }
std::vector<MetricValue> PluginHost::metrics() const { return impl_->core().metrics.snapshot(); }

}  // namespace heliograph::plugin
