#include "core/app/metrics_families.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>

#include "core/plugin/misbehaviour.h"

namespace heliograph::app {
namespace {

using telemetry::Family;
using telemetry::MetricKind;

double seconds(std::chrono::nanoseconds time) {
  return std::max(0.0, std::chrono::duration<double>(time).count());
}

// A column of figures: a family whose series come one by one.
class Column {
 public:
  Column(std::string name, std::string help, MetricKind kind = MetricKind::kGauge)
      : family_{std::move(name), std::move(help), kind, {}} {}
  void add(ports::MetricLabels labels, double value) {
    family_.samples.push_back({.labels = std::move(labels), .value = value});
  }
  void add(ports::MetricLabels labels, std::uint64_t value) {
    add(std::move(labels), static_cast<double>(value));
  }
  void add(ports::MetricLabels labels, bool value) { add(std::move(labels), value ? 1.0 : 0.0); }
  operator Family() && { return std::move(family_); }  // NOLINT(google-explicit-constructor)

 private:
  Family family_;
};

template <class... Columns>
Families gather(Columns&&... columns) {
  Families families;
  (families.push_back(Family(std::forward<Columns>(columns))), ...);
  return families;
}

Family gauge(std::string name, std::string help, std::uint64_t value) {
  return one_value(std::move(name), std::move(help), MetricKind::kGauge,
                   static_cast<double>(value));
}

Family counter(std::string name, std::string help, std::uint64_t value) {
  return one_value(std::move(name), std::move(help), MetricKind::kCounter,
                   static_cast<double>(value));
}

}  // namespace

Family one_value(std::string name, std::string help, MetricKind kind, double value) {
  return {std::move(name), std::move(help), kind, {{.value = value}}};
}

Families queue_families(const ports::LaneDepths& lanes, model::TimePoint now) {
  Column messages("heliograph_queue_messages",
                  "Live messages by lane, counted up to 100000 for each: due (those being sent "
                  "included), or due later.");
  Column oldest("heliograph_queue_oldest_age_seconds",
                "How long the message that is due longest has been due, by lane; 0: none is.");
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const ports::LaneDepth& lane = lanes.at(i);
    if (!lane.read) continue;
    const std::string name(model::to_string(static_cast<model::Lane>(i)));
    const auto live = std::min<std::uint64_t>(lane.live, ports::kLaneCountMax);
    const auto later = std::min(lane.later, live);
    messages.add({{"lane", name}, {"state", "due"}}, live - later);
    messages.add({{"lane", name}, {"state", "later"}}, later);
    oldest.add({{"lane", name}}, lane.oldest ? seconds(now - *lane.oldest) : 0.0);
  }
  return gather(std::move(messages), std::move(oldest));
}

Families backlog_families(const ports::CallbackBacklog& backlog, model::TimePoint now) {
  if (!backlog.read) return {};
  return {gauge("heliograph_callbacks_pending",
                "Callbacks to clients not delivered yet, counted up to 100000.", backlog.pending),
          one_value("heliograph_callbacks_oldest_age_seconds",
                    "Age of the oldest callback not delivered yet; 0: there is none.",
                    MetricKind::kGauge, backlog.oldest ? seconds(now - *backlog.oldest) : 0.0)};
}

Families provider_families(const pipeline::Distribution& distribution, model::TimePoint now) {
  using pipeline::Circuit;
  Column healthy("heliograph_provider_healthy",
                 "1: enabled, not quarantined, and its circuit is closed.");
  Column enabled("heliograph_provider_enabled", "0: disabled, by configuration or operator.");
  Column quarantined("heliograph_provider_quarantined", "1: its plugin does not work.");
  Column circuit("heliograph_provider_circuit", "1 at the state that the circuit is in.");
  Column in_flight("heliograph_provider_in_flight", "Sends under way.");
  Column most("heliograph_provider_in_flight_max", "Sends that may be under way at once.");
  Column paused("heliograph_provider_paused_seconds", "For how long it will get nothing; 0: now.");
  for (const pipeline::ProviderStatus& provider : distribution.providers) {
    const ports::MetricLabels label{{"provider", provider.id}};
    healthy.add(label, provider.healthy());
    enabled.add(label, provider.enabled);
    quarantined.add(label, !provider.quarantined.empty());
    for (const Circuit state : {Circuit::kClosed, Circuit::kOpen, Circuit::kHalfOpen}) {
      circuit.add({{"provider", provider.id}, {"state", std::string(to_string(state))}},
                  provider.circuit == state);
    }
    in_flight.add(label, std::uint64_t{provider.in_flight});
    most.add(label, std::uint64_t{provider.max_in_flight});
    paused.add(label, provider.paused_until ? seconds(*provider.paused_until - now) : 0.0);
  }
  return gather(std::move(healthy), std::move(enabled), std::move(quarantined), std::move(circuit),
                std::move(in_flight), std::move(most), std::move(paused));
}

Families limit_families(const pipeline::Distribution& distribution) {
  Column quota("heliograph_limit_quota", "Permits of a limit that fit into its window.");
  Column used("heliograph_limit_used", "Of these, permits taken now.");
  const auto add = [&](const std::string& limit, const pipeline::LimitUse& use) {
    quota.add({{"limit", limit}}, use.quota);
    used.add({{"limit", limit}}, use.count);
  };
  if (distribution.dispatch_limit) add("dispatch", *distribution.dispatch_limit);
  for (const pipeline::ProviderStatus& provider : distribution.providers) {
    if (provider.limit) add("provider " + provider.id, *provider.limit);
  }
  return gather(std::move(quota), std::move(used));
}

Families pipeline_families(const pipeline::PipelineStats& stats) {
  return {gauge("heliograph_pipeline_messages", "Messages in memory, waiting or being sent.",
                stats.in_memory),
          gauge("heliograph_attempts_in_flight", "Attempts between their begin and their record.",
                stats.in_flight),
          counter("heliograph_queue_hints_dropped_total",
                  "Times the loop was too far behind to hear of new messages; it reads them later.",
                  stats.hints_dropped)};
}

Families callback_families(const pipeline::CallbackDispatcher::Stats& stats) {
  Column attempts("heliograph_callback_attempts_total", "Callbacks sent, by result.",
                  MetricKind::kCounter);
  attempts.add({{"result", "delivered"}}, stats.delivered);
  attempts.add({{"result", "failed"}}, stats.failed);
  Families families = gather(std::move(attempts));
  families.push_back(counter("heliograph_callbacks_given_up_total",
                             "Callbacks that will not be sent again unless replayed.",
                             stats.given_up));
  families.push_back(
      gauge("heliograph_callbacks_in_flight", "Callbacks under way.", stats.in_flight));
  return families;
}

Families server_families(const http::ServerStats& stats) {
  return {
      gauge("heliograph_http_connections", "Open connections.", stats.connections_open),
      counter("heliograph_http_connections_refused_total",
              "Connections closed at once, for there were too many.", stats.connections_refused),
      counter("heliograph_http_framing_errors_total",
              "Requests refused before anybody looked at what they ask for.",
              stats.framing_errors)};
}

Families plugin_families(const std::vector<plugin::InstanceStatus>& instances) {
  Column info("heliograph_plugin_info", "Which plugin an instance is of.");
  Column up("heliograph_plugin_up", "1: running and not quarantined.");
  Column calls("heliograph_plugin_calls_total", "Calls on the dispatch loop.",
               MetricKind::kCounter);
  Column time("heliograph_plugin_call_seconds_total", "Time that these calls took.",
              MetricKind::kCounter);
  Column overruns("heliograph_plugin_overruns_total", "Calls that took more than their budget.",
                  MetricKind::kCounter);
  Column faults("heliograph_plugin_misbehaviour_total", "What plugins did against the rules.",
                MetricKind::kCounter);
  for (const plugin::InstanceStatus& instance : instances) {
    const ports::MetricLabels label{{"instance_name", instance.name}, {"plugin", instance.plugin}};
    auto more = label;
    more.emplace_back("kind", instance.kind);
    more.emplace_back("version", instance.version);
    info.add(more, true);
    up.add(label, instance.state == "running");
    calls.add(label, instance.calls);
    time.add(label, seconds(instance.call_time));
    for (std::size_t i = 0; i < plugin::kFaults; ++i) {
      const std::string fault(to_string(static_cast<plugin::Fault>(i)));
      const auto found = std::ranges::find(instance.misbehaviour, fault,
                                           &std::pair<std::string, std::uint64_t>::first);
      const auto count = found == instance.misbehaviour.end() ? 0 : found->second;
      auto labels = label;
      if (static_cast<plugin::Fault>(i) == plugin::Fault::kSlowCall) {
        overruns.add(labels, count);
      } else {
        labels.emplace_back("fault", fault);
        faults.add(labels, count);
      }
    }
  }
  return gather(std::move(info), std::move(up), std::move(calls), std::move(time),
                std::move(overruns), std::move(faults));
}

}  // namespace heliograph::app
