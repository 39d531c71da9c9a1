#include "core/app/mock/demo_mocks.h"

#include <fmt/format.h>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <nlohmann/json.hpp>

namespace heliograph::app::mock {
namespace {

// "127.0.0.1:8071" of the provider's url; empty when it is not on this machine.
std::string listen_address(const config::Provider& provider) {
  const auto table = nlohmann::json::parse(provider.config.json, nullptr, false);
  if (!table.is_object() || !table.contains("url") || !table["url"].is_string()) return {};
  // Placeholders stand behind the host.
  std::string_view text = table["url"].get_ref<const std::string&>();
  const auto url = boost::urls::parse_uri(text.substr(0, text.find('{')));
  if (!url || url->port_number() == 0) return {};
  const std::string host = url->host();
  if (host != "127.0.0.1" && host != "localhost") return {};
  return fmt::format("127.0.0.1:{}", url->port_number());
}

MockOptions options_for(const config::Provider& provider, const config::Mock& rates,
                        std::string listen, const std::string& gateway, std::uint64_t seed) {
  MockOptions options;
  options.id = provider.id;
  options.listen = std::move(listen);
  options.seed = seed;
  options.behaviour.receipts_url =
      fmt::format("http://{}/v1/providers/{}/events", gateway, provider.id);
  options.behaviour.receipt_delay = milliseconds{400};
  options.behaviour.success_rate = rates.success_rate.value_or(options.behaviour.success_rate);
  options.behaviour.temp_fail_rate =
      rates.temp_fail_rate.value_or(options.behaviour.temp_fail_rate);
  options.behaviour.perm_fail_rate =
      rates.perm_fail_rate.value_or(options.behaviour.perm_fail_rate);
  return options;
}

}  // namespace

DemoMocks::DemoMocks(const config::Config& config, const ports::Clock& clock) {
  const auto port = config.http.listen.substr(config.http.listen.rfind(':') + 1);
  const auto gateway = "127.0.0.1:" + port;
  for (const auto& provider : config.providers) {
    auto listen = listen_address(provider);
    if (listen.empty()) continue;
    auto mock = std::make_unique<MockProvider>(
        options_for(provider, config.mock, std::move(listen), gateway, mocks_.size() + 1), clock);
    mock->start();
    mocks_.emplace_back(provider.id, std::move(mock));
  }
}

std::vector<std::string> DemoMocks::summary() const {
  std::vector<std::string> lines;
  lines.reserve(mocks_.size());
  for (const auto& [id, mock] : mocks_)
    lines.push_back(fmt::format("mock {} on http://{}", id, mock->address()));
  return lines;
}

}  // namespace heliograph::app::mock
