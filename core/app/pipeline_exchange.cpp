#include "core/app/pipeline_exchange.h"

#include <fmt/format.h>

#include <utility>

#include "core/app/part_options.h"

namespace heliograph::app {
namespace {

// After the instances are ended every attempt has been answered for; recording that takes commits.
constexpr std::chrono::seconds kRecorded{10};
constexpr std::chrono::milliseconds kPiece{50};
// For what a plugin wants to finish beside its attempts, which have ended by then.
constexpr std::chrono::seconds kPluginDrain{1};
constexpr const char* kStopping = "the gateway is stopping";

}  // namespace

void PipelineExchange::end() {
  ending_ = true;
  parts_.plugins.give_up_preparing();
}

std::unique_ptr<plugin::Replacement> PipelineExchange::prepare(const config::Config& wanted) {
  try {
    return parts_.plugins.prepare(plugin_options(wanted), parts_.key_of);
  } catch (const plugin::PluginError&) {
    if (ending_) throw NotNow(kStopping);
    throw;
  }
}

std::vector<plugin::InstanceChange> PipelineExchange::apply(const config::Config& wanted,
                                                            bool dispatch_differs) {
  // One that has waited behind it: what that one replaced is not ended yet, and will not be before
  // the gateway is.
  if (ending_) throw NotNow(kStopping);
  if (parts_.relay.retiring()) {
    throw NotNow("attempts of the configuration before are still under way; try again later");
  }
  auto replacement = prepare(wanted);
  auto changes = replacement->changes();
  if (changes.empty() && !dispatch_differs) return changes;
  auto settings = pipeline_settings(wanted);
  settings.tickets_after = parts_.relay.tickets_after();
  auto next = parts_.make(std::move(settings), *replacement);
  parts_.relay.exchange(
      {.next = std::move(next), .in_turn = [&] { replacement->commit(parts_.relay); }});
  committed_ = std::move(replacement);
  return changes;
}

void PipelineExchange::finish(std::chrono::nanoseconds at_most) {
  if (!committed_) return;
  // In pieces, so that the gateway's end does not wait for this one.
  const auto until = std::chrono::steady_clock::now() + at_most;
  while (!parts_.relay.wait_retired(kPiece) && std::chrono::steady_clock::now() < until) {
    if (ending_) return;
  }
  retire();
}

void PipelineExchange::retire() {
  if (!committed_) return;
  committed_->retire(kPluginDrain);
  committed_.reset();
  if (parts_.relay.wait_retired(kRecorded)) return;
  parts_.log.error("attempts of the configuration before are still under way",
                   {{"in_flight", fmt::to_string(parts_.relay.retiring().value_or(0))}});
}

}  // namespace heliograph::app
