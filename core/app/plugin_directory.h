// What the API shows of the plugins, from the host that runs them. Any thread; does not block.
#pragma once

#include <vector>

#include "core/api/api.h"
#include "core/plugin/plugin_host.h"

namespace heliograph::app {

class HostDirectory final : public api::PluginDirectory {
 public:
  explicit HostDirectory(const plugin::PluginHost& host) : host_(host) {}

  std::vector<api::PluginInstance> plugins() const override {
    std::vector<api::PluginInstance> shown;
    for (plugin::InstanceStatus& status : host_.statuses()) {
      api::PluginInstance& instance = shown.emplace_back();
      instance.name = std::move(status.name);
      instance.kind = std::move(status.kind);
      instance.plugin = std::move(status.plugin);
      instance.version = std::move(status.version);
      instance.file = std::move(status.file);
      instance.sha256 = std::move(status.sha256);
      instance.generation = status.generation;
      instance.state = std::move(status.state);
      instance.problem = std::move(status.problem);
      instance.misbehaviour = std::move(status.misbehaviour);
    }
    return shown;
  }

 private:
  const plugin::PluginHost& host_;
};

}  // namespace heliograph::app
