// MetricsPage: gathers what the parts count and are, and makes the page of GET /metrics of it.
//
// Counters are read where they are. States are asked for: the loop for its providers, the store's
// readers for queue and callbacks; nobody waits for the page, and the page does without who does
// not answer. Any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/api/api.h"
#include "core/api/metrics_source.h"
#include "core/http/server.h"
#include "core/pipeline/callbacks/dispatcher.h"
#include "core/pipeline/pipeline_relay.h"
#include "core/plugin/plugin_host.h"
#include "core/store/sqlite_store.h"
#include "core/telemetry/metrics.h"

namespace heliograph::app {

// All outlive the page.
struct MetricsParts {
  const telemetry::Metrics& metrics;
  store::SqliteStore& store;
  pipeline::PipelineRelay& pipeline;
  const pipeline::CallbackDispatcher& callbacks;
  const plugin::PluginHost& plugins;
  const api::Readiness& readiness;
  ports::Clock& clock;
  std::string store_path;
  std::function<http::ServerStats()> server;
};

class MetricsPage final : public api::MetricsSource {
 public:
  explicit MetricsPage(MetricsParts parts);
  ~MetricsPage() override;

  std::shared_ptr<api::MetricsScrape> begin(ports::Executor& where, base::Task complete) override;
  std::string_view content_type() const override { return telemetry::kMetricsContentType; }

 private:
  const MetricsParts parts_;
};

}  // namespace heliograph::app
