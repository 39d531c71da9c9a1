// PipelineExchange: what a reload changes of the dispatch - providers, strategies, limits, routes,
// plugin files - put in force as a whole while messages flow.
//
// The plugin host makes the instances of the new configuration beside those that run, a new
// pipeline takes over in one turn of the loop, and what was replaced is ended afterwards. One
// thread, which may block; the loop runs.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/config/config.h"
#include "core/pipeline/pipeline.h"
#include "core/pipeline/pipeline_relay.h"
#include "core/plugin/plugin_host.h"
#include "core/plugin/replacement.h"
#include "core/ports/log.h"

namespace heliograph::app {

// Not now, but later.
class NotNow : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class PipelineExchange {
 public:
  // All outlive the exchange.
  struct Parts {
    plugin::PluginHost& plugins;
    pipeline::PipelineRelay& relay;
    ports::Log& log;
    std::function<model::ProviderKey(const std::string&)> key_of;
    // A pipeline of the instances of a replacement.
    std::function<std::unique_ptr<pipeline::Pipeline>(pipeline::PipelineSettings,
                                                      const plugin::Replacement&)>
        make;
  };
  explicit PipelineExchange(Parts parts) : parts_(std::move(parts)) {}

  // What became of which instance. `dispatch_differs`: a new pipeline is needed although all
  // instances are kept. Throws plugin::PluginError, NotNow, and what the store throws; nothing has
  // changed then. Only after finish().
  std::vector<plugin::InstanceChange> apply(const config::Config& wanted, bool dispatch_differs);

  // After each apply(): waits until what was replaced has nothing in hand, at most until `at_most`
  // is over, then ends it. Its attempts that have not ended by then are recorded as unknown.
  void finish(std::chrono::nanoseconds at_most);
  // [any thread] The gateway ends: apply() gives up after the plugin that it is at, finish()
  // returns at once, and retire() is left to the caller, once no attempt is under way any more or
  // may be.
  void end();
  void retire();

 private:
  std::unique_ptr<plugin::Replacement> prepare(const config::Config& wanted);

  const Parts parts_;
  std::unique_ptr<plugin::Replacement> committed_;
  std::atomic<bool> ending_{false};
};

}  // namespace heliograph::app
