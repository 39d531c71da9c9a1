#include "core/plugin/assembly.h"

#include <fmt/format.h>

#include <utility>

#include "core/plugin/distributor_handle.h"
#include "core/plugin/lifecycle.h"
#include "core/plugin/plugin_set.h"
#include "core/plugin/provider_handle.h"
#include "core/plugin/vtables.h"

namespace heliograph::plugin {
namespace {

std::string no_such_component(const Module& module, const PluginSection& section) {
  std::string has;
  for (const auto& component : module.info.components) {
    has +=
        fmt::format("{}{} '{}'", has.empty() ? "" : ", ", kind_name(component.kind), component.id);
  }
  return fmt::format("{} has no {} '{}' (it has {})", module.source.string(),
                     kind_name(section.kind), section.plugin,
                     has.empty() ? "nothing this gateway knows" : has);
}

}  // namespace

std::string section_title(const PluginSection& section) {
  const auto where = section.table->where.empty() ? "" : fmt::format(" ({})", section.table->where);
  if (section.kind == HG_KIND_PROVIDER) {
    return fmt::format("provider '{}', plugin '{}'{}", section.name, section.plugin, where);
  }
  return fmt::format("{} '{}'{}", kind_name(section.kind), section.plugin, where);
}

void Assembly::note_warnings(const Module& module) const {
  if (core_.services.log == nullptr) return;
  for (const auto& warning : module.warnings) {
    core_.services.log->warn("plugin", {{"file", module.source.native()}, {"warning", warning}});
  }
}

std::expected<std::shared_ptr<const Module>, std::string> Assembly::load_module(
    PluginSection& section) {
  const auto location =
      locate_module({section.kind, section.plugin}, options_.plugins, options_.binary_folder);
  if (!location) return std::unexpected(location.error());
  section.required = section.required && location->required;
  // Constructors of the library run inside: they may hang like any other code of it.
  using Loaded = std::expected<std::shared_ptr<const Module>, std::string>;
  auto loaded = std::make_shared<Loaded>(std::unexpected("was not loaded"));
  const auto in_time = core_.thread.run(
      [loader = &core_.loader, loaded, at = *location,
       component = fmt::format("{} '{}'", kind_name(section.kind), section.plugin)] {
        *loaded = loader->load(at, component);
        if (!*loaded) return;
        if (auto ready = loader->initialise(***loaded); !ready) {
          *loaded = std::unexpected(ready.error());
        }
      },
      core_.budgets.load);
  if (!in_time) return std::unexpected(location->file.string() + " hangs while it is loaded");
  return *loaded;
}

std::expected<Resolved, Assembly::Lines> Assembly::resolve(PluginSection& section) {
  const auto fail = [&section](std::string_view why) {
    return std::unexpected(Lines{fmt::format("{}: {}", section_title(section), why)});
  };
  const auto module = load_module(section);
  if (!module) return fail(module.error());
  note_warnings(**module);
  const auto* component = (*module)->info.find(section.kind, section.plugin);
  if (component == nullptr) return fail(no_such_component(**module, section));
  auto config =
      prepare_config({.table = section.table,
                      .schema = component->schema,
                      .component = fmt::format("{} '{}'", kind_name(section.kind), section.plugin),
                      .environment = &options_.environment,
                      .folder = options_.config_folder});
  if (!config) return std::unexpected(std::move(config.error()));
  return Resolved{*module, component, std::move(*config)};
}

std::expected<std::shared_ptr<Instance>, Assembly::Lines> Assembly::make(
    const PluginSection& section, Resolved resolved) {
  InstanceIdentity identity{section.name, ++core_.last_number, std::move(resolved.module),
                            resolved.component};
  auto instance = build(section, std::move(identity), std::move(resolved.config));
  if (instance) return std::move(*instance);
  return std::unexpected(Lines{fmt::format("{}: {}", section_title(section), instance.error())});
}

std::expected<std::shared_ptr<Instance>, std::string> Assembly::build(const PluginSection& section,
                                                                      InstanceIdentity identity,
                                                                      PreparedConfig config) {
  const auto& component = *identity.component;
  const auto life = lifecycle_of(component);
  if (!life) return std::unexpected(life.error());
  const auto http_given = config.http_given;
  auto instance = std::make_shared<Instance>(std::move(identity), *life, std::move(config),
                                             core_.services, core_.budgets, core_.metrics);
  auto side = make_side(component, *instance);
  if (!side) return std::unexpected(side.error());
  instance->set_side(std::move(*side));
  Lifecycle lifecycle(instance, core_.thread);
  if (auto created = lifecycle.create(); !created) return std::unexpected(created.error());
  if (http_given && !instance->http().used()) {
    auto ended = lifecycle.end();
    return std::unexpected(
        fmt::format("unknown key 'http': {} '{}' does not use the gateway's HTTP client",
                    kind_name(section.kind), section.plugin));
  }
  return instance;
}

std::expected<std::unique_ptr<KindSide>, std::string> Assembly::make_side(
    const ComponentInfo& component, Instance& instance) const {
  if (component.kind == HG_KIND_PROVIDER) {
    const auto table = provider_of(component);
    if (!table) return std::unexpected(table.error());
    return std::make_unique<ProviderHandle>(instance, *table);
  }
  if (component.kind == HG_KIND_DISTRIBUTOR) {
    const auto table = distributor_of(component);
    if (!table) return std::unexpected(table.error());
    return std::make_unique<DistributorHandle>(instance, *table);
  }
  const auto table = limiter_of(component);
  if (!table) return std::unexpected(table.error());
  return std::make_unique<LimiterHandle>(instance, *table, failure_policy(options_.limiter));
}

}  // namespace heliograph::plugin
