// `heliograph plugin ...` and `heliograph config check`: looking at plugins without serving.
#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/app/asio_loop.h"
#include "core/app/commands.h"
#include "core/app/configuration.h"
#include "core/app/exit_codes.h"
#include "core/app/part_options.h"
#include "core/app/remote/api_client.h"
#include "core/app/system_clock.h"
#include "core/app/temporary_folder.h"
#include "core/app/version.h"
#include "core/plugin/inspect.h"
#include "core/plugin/plugin_host.h"

namespace heliograph::app {
namespace {

// A host of the configuration's plugins that starts none of them.
class IdleHost {
 public:
  explicit IdleHost(const config::Config& config)
      : loop_(clock_),
        // Everything that a serving gateway offers: a plugin that asks for it must find it here
        // too.
        host_(options(config), {.loop = loop_, .clock = clock_, .io = &loop_.context()}) {}
  plugin::PluginHost& operator*() { return host_; }
  plugin::PluginHost* operator->() { return &host_; }

 private:
  plugin::PluginHostOptions options(const config::Config& config) const {
    auto options = plugin_options(config);
    options.copy_folder = folder_.path();
    return options;
  }

  TemporaryFolder folder_;
  SystemClock clock_;
  AsioLoop loop_;
  plugin::PluginHost host_;
};

void print_statuses(const std::vector<plugin::InstanceStatus>& statuses) {
  fmt::print("{:<20} {:<12} {:<24} {:<10} {}\n", "INSTANCE", "KIND", "PLUGIN", "VERSION", "FILE");
  for (const auto& status : statuses) {
    fmt::print("{:<20} {:<12} {:<24} {:<10} {}\n", status.name, status.kind, status.plugin,
               status.version, status.problem.empty() ? status.file : "! " + status.problem);
  }
}

nlohmann::json statuses_json(const std::vector<plugin::InstanceStatus>& statuses) {
  auto list = nlohmann::json::array();
  for (const auto& status : statuses) {
    nlohmann::json entry = {{"instance", status.name}, {"kind", status.kind},
                            {"plugin", status.plugin}, {"version", status.version},
                            {"file", status.file},     {"sha256", status.sha256}};
    if (!status.problem.empty()) entry["problem"] = status.problem;
    list.push_back(std::move(entry));
  }
  return list;
}

nlohmann::json module_json(const plugin::Module& module) {
  auto components = nlohmann::json::array();
  for (const auto& component : module.info.components) {
    components.push_back({{"id", component.id},
                          {"version", component.version},
                          {"summary", component.summary},
                          {"schema", nlohmann::json::parse(component.schema, nullptr, false)}});
  }
  return {{"file", module.source.string()},
          {"sha256", module.sha256},
          {"name", module.info.name},
          {"version", module.info.version},
          {"vendor", module.info.vendor},
          {"license", module.info.license},
          {"needs", {{"glibc", module.elf.glibc_needed}, {"glibcxx", module.elf.glibcxx_needed}}},
          {"components", std::move(components)},
          {"warnings", module.warnings}};
}

}  // namespace

int check_config(const ConfigCheckCommand& command) {
  const auto config = load_configuration(command.config, false);
  check_files(config);
  IdleHost host(config);
  const auto problems = host->validate();
  for (const auto& problem : problems) fmt::print(stderr, "{}\n", problem);
  if (!problems.empty()) return kExitConfig;
  if (command.json) {
    print_json({{"source", config.source},
                {"providers", config.providers.size()},
                {"clients", config.clients.size()},
                {"notes", config.notes}});
    return kExitOk;
  }
  for (const auto& note : config.notes) fmt::print("note: {}\n", note);
  fmt::print("{} is valid: {} providers, {} declared clients\n", config.source,
             config.providers.size(), config.clients.size());
  return kExitOk;
}

int list_plugins(const PluginListCommand& command) {
  const auto config = load_configuration(command.config, command.demo);
  IdleHost host(config);
  std::string failure;
  try {
    host->load();
  } catch (const plugin::PluginError& error) {
    failure = error.what();
  }
  if (command.json) {
    print_json({{"plugins", statuses_json(host->statuses())}});
  } else {
    print_statuses(host->statuses());
  }
  if (failure.empty()) return kExitOk;
  fmt::print(stderr, "{}\n", failure);
  return kExitConfig;
}

int inspect_plugin(const PluginInspectCommand& command) {
  const TemporaryFolder folder;
  const auto module = plugin::inspect_file(command.file, folder.path(), kVersion);
  if (!module) {
    fmt::print(stderr, "heliograph: {}\n", module.error());
    return kExitRuntime;
  }
  if (command.json) {
    print_json(module_json(**module));
    return kExitOk;
  }
  fmt::print("{}",
             command.markdown ? plugin::markdown_text(**module) : plugin::inspect_text(**module));
  return kExitOk;
}

}  // namespace heliograph::app
