// Snapshots of the parts as families of metrics. Pure: what they are made of comes in, `now` too.
#pragma once

#include <cstdint>
#include <vector>

#include "core/http/server.h"
#include "core/pipeline/callbacks/dispatcher.h"
#include "core/pipeline/pipeline.h"
#include "core/plugin/plugin_host.h"
#include "core/ports/store_queries.h"
#include "core/telemetry/metrics.h"

namespace heliograph::app {

using Families = std::vector<telemetry::Family>;

// A family with one series without labels.
telemetry::Family one_value(std::string name, std::string help, telemetry::MetricKind kind,
                            double value);

// What could not be read in time is left out: an empty queue must not be made of it.
Families queue_families(const ports::LaneDepths& lanes, model::TimePoint now);
Families backlog_families(const ports::CallbackBacklog& backlog, model::TimePoint now);
Families provider_families(const pipeline::Distribution& distribution, model::TimePoint now);
Families limit_families(const pipeline::Distribution& distribution);
Families pipeline_families(const pipeline::PipelineStats& stats);
Families callback_families(const pipeline::CallbackDispatcher::Stats& stats);
Families server_families(const http::ServerStats& stats);
Families plugin_families(const std::vector<plugin::InstanceStatus>& instances);

// What plugins count themselves, as heliograph_plugin_<plugin>_<name>: made to follow the rules
// for names, and added up where an instance has come back under the same name.
Families own_metrics_of_plugins(const std::vector<plugin::MetricValue>& values);

}  // namespace heliograph::app
