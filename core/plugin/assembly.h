// Assembly: makes one instance from its part of the configuration: find the file, load the module
// and check the table (resolve), build the host's side and create (make). Internal to PluginHost.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "core/plugin/config_schema.h"
#include "core/plugin/instance.h"
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

// What a section comes to, before an instance of it is made.
struct Resolved {
  std::shared_ptr<const Module> module;
  const ComponentInfo* component = nullptr;
  PreparedConfig config;
};

struct HostCore;

class Assembly {
 public:
  using Lines = std::vector<std::string>;

  // `options` are the ones the sections stand in.
  Assembly(const PluginHostOptions& options, HostCore& core) : options_(options), core_(core) {}

  // The errors are complete lines. `required` becomes false when [[plugin]] says so. Calls nothing
  // of a module that is in memory already.
  std::expected<Resolved, Lines> resolve(PluginSection& section);
  std::expected<std::shared_ptr<Instance>, Lines> make(const PluginSection& section,
                                                       Resolved resolved);

 private:
  std::expected<std::shared_ptr<const Module>, std::string> load_module(PluginSection& section);
  std::expected<std::shared_ptr<Instance>, std::string> build(const PluginSection& section,
                                                              InstanceIdentity identity,
                                                              PreparedConfig config);
  std::expected<std::unique_ptr<KindSide>, std::string> make_side(const ComponentInfo& component,
                                                                  Instance& instance) const;
  void note_warnings(const Module& module) const;

  const PluginHostOptions& options_;
  HostCore& core_;
};

// "provider 'p1'" with where it stands: for the beginning of a line about it.
std::string section_title(const PluginSection& section);

}  // namespace heliograph::plugin
