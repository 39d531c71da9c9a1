// Reloader: SIGHUP and POST /v1/admin/reload. Reads and checks the whole new configuration; where
// every difference may change while the gateway serves it puts all of them in force, else none.
//
// One thread of its own, which may block on files and plugins. Life: construct -> start() -> (work)
// -> stop().
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/api/reload.h"
#include "core/config/config.h"
#include "core/pipeline/inbound_intake.h"
#include "core/pipeline/intake.h"
#include "core/telemetry/log.h"

namespace heliograph::app {

class PipelineExchange;

// Everything outlives the reloader.
struct ReloadTargets {
  telemetry::OperatedLog& log;
  pipeline::Intake& intake;
  pipeline::InboundIntake& inbound;
  const std::vector<model::Client>& clients;  // those that the configuration declares
  // Reads what TLS listeners serve anew: those whose files differ, and what puts that in force.
  // Throws std::runtime_error.
  struct Certificates {
    std::vector<std::string> listeners;
    std::function<void()> use;
  };
  std::function<Certificates()> read_certificates;
  // Last, when nothing can fail any more: whoever else goes by the configuration.
  std::function<void(const config::Config&)> in_force;
};

class Reloader final : public api::Reload {
 public:
  // Reads the configuration anew; throws ConfigInvalid.
  using Load = std::function<config::Config()>;

  Reloader(config::Config in_force, Load load, ReloadTargets targets);
  ~Reloader() override;  // stop()

  // From now on: before, a reload is refused. `exchange` outlives the reloader's stop().
  void start(PipelineExchange& exchange);

  // [any thread] After stop(): dropped.
  void reload(ports::Executor& where, ports::Done<api::ReloadResult> done) override;
  void reload();  // its result is in the log alone
  void stop();    // after the reload under way

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace heliograph::app
