// What GET /readyz answers: the parts are asked each time. Any thread.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "core/api/api.h"
#include "core/plugin/plugin_host.h"
#include "core/ports/store.h"

namespace heliograph::app {

class ReadinessState final : public api::Readiness {
 public:
  ReadinessState(const ports::StoreQueries& store, const plugin::PluginHost& plugins)
      : store_(store), plugins_(plugins) {}

  std::vector<std::string> unready_reasons() const override {
    auto reasons = plugins_.problems();
    if (!serving_) reasons.emplace_back("starting or stopping");
    if (!store_.accepting()) reasons.emplace_back("the store accepts no messages now");
    return reasons;
  }
  void set_serving(bool serving) { serving_ = serving; }

 private:
  const ports::StoreQueries& store_;
  const plugin::PluginHost& plugins_;
  std::atomic<bool> serving_{false};
};

}  // namespace heliograph::app
