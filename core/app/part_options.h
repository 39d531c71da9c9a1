// The configuration, cut into what each part wants of it.
#pragma once

#include "core/config/config.h"
#include "core/http/server.h"
#include "core/pipeline/callbacks/dispatcher.h"
#include "core/pipeline/inbound_intake.h"
#include "core/pipeline/intake.h"
#include "core/pipeline/pipeline.h"
#include "core/plugin/plugin_host.h"
#include "core/ports/http_client.h"
#include "core/ports/log.h"
#include "core/ports/metrics.h"
#include "core/store/sqlite_store.h"

namespace heliograph::app {

// `log` and `metrics` outlive the part; nullptr: silent, and nothing is counted.
store::SqliteOptions store_options(const config::Config& config, ports::Log* log = nullptr,
                                   ports::Metrics* metrics = nullptr);
std::vector<http::ListenerOptions> listener_options(const config::Config& config);
http::ServerOptions server_options(const config::Config& config, ports::Log& log,
                                   ports::Metrics* metrics = nullptr);
pipeline::PipelineSettings pipeline_settings(const config::Config& config);
pipeline::CallbackSettings callback_settings(const config::Config& config);
ports::HttpPoolOptions callback_pool(const config::Config& config);
pipeline::IntakeSettings intake_settings(const config::Config& config,
                                         ports::Metrics* metrics = nullptr);
// `clients`: those that the configuration declares, as the store has them.
pipeline::InboundSettings inbound_settings(const config::Config& config,
                                           const std::vector<model::Client>& clients);
plugin::PluginHostOptions plugin_options(const config::Config& config);

}  // namespace heliograph::app
