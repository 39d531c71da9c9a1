// Assembly: makes one instance from its part of the configuration: find the file, load the module,
// check the table, build the host's side, create. Internal to plugin_host.cpp.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "core/plugin/control_thread.h"
#include "core/plugin/instance.h"
#include "core/plugin/limiter_handle.h"
#include "core/plugin/plugin_host.h"

namespace heliograph::plugin {

// One section of the configuration that names a plugin.
struct PluginSection {
  std::uint32_t kind = 0;
  std::string name;    // the instance's
  std::string plugin;  // component id
  const config::PluginTable* table = nullptr;
  bool required = true;
  const config::Provider* provider = nullptr;  // kind provider
};

class Assembly {
 public:
  Assembly(const PluginHostOptions& options, const HostServices& services, ModuleLoader& loader,
           MetricsRegistry& metrics, ControlThread& thread)
      : options_(options),
        services_(services),
        loader_(loader),
        metrics_(metrics),
        thread_(thread) {}

  // The errors are complete lines. `required` becomes false when [[plugin]] says so.
  std::expected<std::shared_ptr<Instance>, std::vector<std::string>> make(PluginSection& section);

 private:
  using Lines = std::vector<std::string>;
  std::expected<std::shared_ptr<const Module>, std::string> load_module(PluginSection& section);
  std::expected<std::shared_ptr<Instance>, std::string> build(const PluginSection& section,
                                                              InstanceIdentity identity,
                                                              PreparedConfig config);
  std::expected<std::unique_ptr<KindSide>, std::string> make_side(const ComponentInfo& component,
                                                                  Instance& instance) const;
  void note_warnings(const Module& module) const;

  const PluginHostOptions& options_;
  const HostServices& services_;
  ModuleLoader& loader_;
  MetricsRegistry& metrics_;
  ControlThread& thread_;
  std::uint16_t last_number_ = 0;
};

// "provider 'p1'" with where it stands: for the beginning of a line about it.
std::string section_title(const PluginSection& section);

}  // namespace heliograph::plugin
