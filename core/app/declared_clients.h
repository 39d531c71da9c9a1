// Brings the clients that the configuration declares into the store: at start, before anything else
// uses it.
#pragma once

#include <vector>

#include "core/config/config.h"
#include "core/ports/store_clients.h"

namespace heliograph::app {

// As the store now has them. Throws std::runtime_error with a sentence.
std::vector<model::Client> declare_clients(const config::Config& config,
                                           ports::StoreClients& store);

}  // namespace heliograph::app
