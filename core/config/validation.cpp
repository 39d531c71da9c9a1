#include "core/config/validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>

namespace heliograph::config {
namespace {

// The dispatcher keeps a bit for each provider in a word of the machine.
constexpr std::size_t kProvidersMax = 64;

// Each name of `items` may be there once.
template <class Item, class Name>
void check_unique(const Node& root, std::string_view array, const std::vector<Item>& items,
                  Name name, std::string_view what, Report& report) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string& value = items[i].*name;
    if (value.empty() || seen.insert(value).second) continue;
    report.error(origin_of(root, array, i), fmt::format("[[{}]] '{}': {}", array, value, what));
  }
}

// Keys are compared by their hash and never shown.
void check_client_keys(const Node& root, const Config& config, Report& report) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < config.clients.size(); ++i) {
    const Client& client = config.clients[i];
    if (client.key_sha256.empty() || seen.insert(client.key_sha256).second) continue;
    report.error(origin_of(root, "client", i),
                 fmt::format("[[client]] '{}' key: another client has the same key", client.name));
  }
}

void check_providers(const Node& root, const Config& config, Report& report) {
  check_unique(root, "provider", config.providers, &Provider::id, "this id is there twice", report);
  if (config.providers.size() > kProvidersMax) {
    report.error(origin_of(root, "provider", kProvidersMax),
                 fmt::format("[[provider]]: {} providers, at most {} are possible",
                             config.providers.size(), kProvidersMax));
  }
  const auto carries = [](const Provider& provider) { return provider.weight > 0; };
  if (!config.providers.empty() && std::ranges::none_of(config.providers, carries)) {
    report.error(origin_of(root, "provider", 0),
                 "[[provider]] weight: every provider has weight 0, so none would be chosen");
  }
}

bool is_declared(const Config& config, const std::string& client) {
  return std::ranges::find(config.clients, client, &Client::name) != config.clients.end();
}

// Not like facades.client, which a demonstration may leave open: a message that was meant for
// somebody would be lost to him.
void check_inbound(const Node& root, const Config& config, Report& report) {
  check_unique(root, "number", config.numbers_owned, &OwnNumber::number,
               "this number is there twice", report);
  for (std::size_t i = 0; i < config.numbers_owned.size(); ++i) {
    const OwnNumber& owned = config.numbers_owned[i];
    if (owned.client.empty() || is_declared(config, owned.client)) continue;
    report.error(origin_of(root, "number", i),
                 fmt::format("[[number]] '{}' client: there is no [[client]] '{}'", owned.number,
                             owned.client));
  }
  const std::string& fallback = config.inbound.default_client;
  if (fallback.empty() || is_declared(config, fallback)) return;
  const Node* const table = root.find("inbound");
  const Node* const key = table == nullptr ? nullptr : table->find("default_client");
  report.error(key == nullptr ? root.origin : key->origin,
               fmt::format("[inbound] default_client: there is no [[client]] '{}'", fallback));
}

// A price that nobody pays, or that another contradicts, is a mistake in the price list.
void check_prices(const Node& root, const Config& config, Report& report) {
  std::set<std::tuple<std::string_view, model::Channel, std::string_view>> seen;
  for (std::size_t i = 0; i < config.prices.size(); ++i) {
    const model::PriceRule& rule = config.prices[i];
    const std::string shown =
        rule.prefix.empty() ? fmt::format("#{}", i + 1) : fmt::format("'{}'", rule.prefix);
    if (!seen.emplace(rule.client, rule.channel, rule.prefix).second) {
      report.error(
          origin_of(root, "price", i),
          fmt::format("[[price]] {}: this client, channel and prefix have a price already", shown));
    }
    if (rule.client.empty()) continue;
    if (std::ranges::find(config.clients, rule.client, &Client::name) == config.clients.end()) {
      report.error(
          origin_of(root, "price", i),
          fmt::format("[[price]] {} client: '{}' is no declared [[client]]", shown, rule.client));
    }
  }
}

void check_facades(Config& config) {
  std::string& client = config.facades.client;
  if (client.empty()) return;
  if (is_declared(config, client)) return;
  config.notes.push_back(
      fmt::format("facades.client '{}' is no declared [[client]]: the facades are off", client));
  client.clear();
}

}  // namespace

Origin origin_of(const Node& root, std::string_view array, std::size_t index) {
  const Node* const node = root.find(array);
  if (node == nullptr) return root.origin;
  return index < node->items.size() ? node->items[index].origin : node->origin;
}

void validate(const Node& root, Config& config, Report& report) {
  check_providers(root, config, report);
  check_unique(root, "client", config.clients, &Client::name, "this name is there twice", report);
  check_unique(root, "plugin", config.plugins.files, &PluginFile::id, "this id is there twice",
               report);
  check_client_keys(root, config, report);
  check_inbound(root, config, report);
  validate_routing(root, config, report);
  check_prices(root, config, report);
  check_facades(config);
}

}  // namespace heliograph::config
