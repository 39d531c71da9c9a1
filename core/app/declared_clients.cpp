#include "core/app/declared_clients.h"

#include <algorithm>

#include "core/base/text.h"

namespace heliograph::app {

std::vector<model::Client> declare_clients(const config::Config& config,
                                           ports::StoreClients& store) {
  std::vector<model::Client> clients;
  for (const auto& client : config.clients) {
    ports::DeclaredClient declared;
    declared.client.name = client.name;
    declared.client.billing = client.billing;
    declared.client.price_per_part_cents = client.price_per_part_cents;
    declared.client.rate = client.rate;
    declared.client.burst = client.burst;
    declared.client.in_doubt = client.in_doubt;
    declared.client.default_region = client.default_region;
    declared.client.callback_url = client.callback_url;
    declared.client.conversations = client.conversations;
    declared.scopes = client.scopes;
    declared.credit_cents = client.credit_cents;
    if (const auto bytes = base::from_hex(client.key_sha256);
        bytes && bytes->size() == ports::KeyHash{}.size()) {
      std::ranges::transform(*bytes, declared.key.emplace().begin(),
                             [](char c) { return static_cast<std::uint8_t>(c); });
    }
    clients.push_back(store.declare_client(declared));
  }
  return clients;
}

}  // namespace heliograph::app
