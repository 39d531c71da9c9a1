// What a provider reports of its own accord, at once: stored together, or none of it.
#pragma once

#include <vector>

#include "core/model/conversation.h"
#include "core/model/receipt.h"

namespace heliograph::ports {

struct ProviderReport {
  std::vector<model::Receipt> receipts{};
  std::vector<model::InboundMessage> inbound{};

  std::size_t size() const { return receipts.size() + inbound.size(); }
};

}  // namespace heliograph::ports
