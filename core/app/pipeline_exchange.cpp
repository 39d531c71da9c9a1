#include "core/app/pipeline_exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/app/part_options.h"

namespace heliograph::app {
namespace {

// After the instances are ended every attempt has been answered for; recording that takes commits.
constexpr std::chrono::seconds kRecorded{10};

// An instance that only hears of other rules goes on counting.
bool has_new_limiter(const std::vector<plugin::InstanceChange>& changes) {
  return std::ranges::any_of(changes, [](const plugin::InstanceChange& change) {
    return change.kind == "limiter" && change.what != "changed";
  });
}

}  // namespace

std::vector<plugin::InstanceChange> PipelineExchange::apply(const config::Config& wanted,
                                                            bool dispatch_differs) {
  if (parts_.relay.retiring()) {
    throw NotNow("attempts of the configuration before are still under way; try again later");
  }
  auto replacement = parts_.plugins.prepare(plugin_options(wanted), parts_.key_of);
  auto changes = replacement->changes();
  if (changes.empty() && !dispatch_differs) return changes;
  auto settings = pipeline_settings(wanted);
  settings.tickets_after = parts_.relay.tickets_after();
  auto next = parts_.make(std::move(settings), *replacement);
  parts_.relay.exchange({.next = std::move(next),
                         .in_turn = [&] { replacement->commit(parts_.relay); },
                         .limiter_is_new = has_new_limiter(changes)});
  committed_ = std::move(replacement);
  for (const plugin::InstanceChange& change : changes) {
    parts_.log.warn("plugin instance " + change.what,
                    {{"kind", change.kind},
                     {"name", change.name},
                     {"generation", fmt::to_string(change.generation)}});
  }
  return changes;
}

void PipelineExchange::finish(std::chrono::nanoseconds at_most) {
  if (!committed_) return;
  committed_->retire(at_most);
  committed_.reset();
  if (parts_.relay.wait_retired(kRecorded)) return;
  parts_.log.error("attempts of the configuration before are still under way",
                   {{"in_flight", fmt::to_string(parts_.relay.retiring().value_or(0))}});
}

}  // namespace heliograph::app
