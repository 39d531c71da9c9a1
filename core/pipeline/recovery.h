// Recovery: what the pipeline reads from the store before it begins - what the numbers of providers
// and classes mean, how the providers were left, which queues have something to do, and which
// attempts a crash has interrupted. Blocking; before the loop runs.
#pragma once

#include <vector>

#include "core/pipeline/dispatch_classes.h"
#include "core/pipeline/dispatcher.h"
#include "core/pipeline/pipeline.h"
#include "core/pipeline/provider_board.h"
#include "core/pipeline/provider_desk.h"

namespace heliograph::pipeline {

// The store's numbers of the configured providers, in order.
std::vector<model::ProviderKey> intern_providers(ports::Store& store,
                                                 const std::vector<ProviderSlot>& slots);

// Every class that can come up: each channel, each provider on each of its channels (pinned and
// resolve_same messages wait there), and whatever earlier runs have left.
void intern_classes(ports::Store& store, const ProviderBoard& board, const RouteTable& routes,
                    DispatchClasses& classes);

// Queues and interrupted attempts. An interrupted attempt may have been sent: it is recorded as
// UNKNOWN, and the message goes on as its in-doubt policy says.
void recover_messages(const PipelinePorts& ports, ports::Log& log, Dispatcher& dispatcher,
                      const Alive& alive);

}  // namespace heliograph::pipeline
