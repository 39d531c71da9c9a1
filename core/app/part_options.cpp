#include "core/app/part_options.h"

#include <algorithm>
#include <filesystem>
#include <memory>

#include "core/app/version.h"
#include "core/config/loader.h"
#include "core/http/webhook_url.h"
#include "core/pipeline/quiet_hours.h"

namespace heliograph::app {
namespace {

namespace fs = std::filesystem;

// Where this program lies: plugins are looked for beside it. Empty when the system does not tell.
fs::path binary_folder() {
  std::error_code error;
  const auto self = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path{} : self.parent_path();
}

std::string folder_of(const std::string& source) {
  std::error_code error;
  const auto file = fs::absolute(source, error);
  return !error && fs::is_regular_file(file, error) ? file.parent_path().string()
                                                    : fs::current_path().string();
}

}  // namespace

store::SqliteOptions store_options(const config::Config& config, ports::Log* log,
                                   ports::Metrics* metrics) {
  store::SqliteOptions options;
  options.path = config.store.path;
  options.min_free_bytes = config.store.min_free_bytes;
  options.max_depth = config.queue.max_depth;
  options.idempotency_retention = config.idempotency_retention;
  options.billing = config.billing;
  options.retention = config.retention;
  if (config.opt_out.enabled) options.opt_out_words = config.opt_out.words;
  options.log = log;
  options.metrics = metrics;
  return options;
}

std::vector<http::ListenerOptions> listener_options(const config::Config& config) {
  std::vector<http::ListenerOptions> listeners;
  http::ListenerOptions first;
  first.name = config.http.listen;  // as api::api_settings() names them
  first.listen = config.http.listen;
  listeners.push_back(std::move(first));
  for (const auto& listener : config.http.listeners) {
    http::ListenerOptions more;
    more.name = listener.listen;
    more.listen = listener.listen;
    more.cert = listener.cert;
    more.key = listener.key;
    more.client_ca = listener.client_ca;
    listeners.push_back(std::move(more));
  }
  return listeners;
}

http::ServerOptions server_options(const config::Config& config, ports::Log& log,
                                   ports::Metrics* metrics) {
  http::ServerOptions options;
  options.listeners = listener_options(config);
  options.threads = config.http.threads;
  options.max_connections = config.http.max_connections;
  options.max_connections_per_address = config.http.max_connections_per_address;
  options.metrics = metrics;
  options.log_error = [&log](std::string_view what) { log.error("http", {{"error", what}}); };
  return options;
}

pipeline::PipelineSettings pipeline_settings(const config::Config& config) {
  return {.queue = config.queue,
          .retry = config.retry,
          .health = config.health,
          .in_doubt = config.in_doubt,
          .limits = config.limits,
          .limiter = config.limiter,
          .billing = config.billing,
          .messages = config.messages,
          .routes = config.routes};
}

pipeline::CallbackSettings callback_settings(const config::Config& config) {
  pipeline::CallbackSettings settings;
  settings.retry_delays = config.callbacks.retry_delays;
  settings.timeout = config.callbacks.timeout;
  settings.max_in_flight = config.callbacks.max_in_flight;
  settings.allow_http = config.callbacks.allow_http;
  settings.user_agent = std::string("Heliograph/") + kVersion;
  return settings;
}

ports::HttpPoolOptions callback_pool(const config::Config& config) {
  ports::HttpPoolOptions options;
  options.connections_max = pipeline::kCallbacksInFlight;
  options.queue_max = pipeline::kCallbacksInFlight;
  options.connect_timeout = std::chrono::seconds{5};
  options.addresses = {.public_only = true, .allow_cidrs = config.callbacks.allow_cidrs};
  return options;
}

pipeline::IntakeSettings intake_settings(const config::Config& config, ports::Metrics* metrics) {
  pipeline::IntakeSettings settings;
  const auto urls = std::make_shared<const http::WebhookUrlRules>(config.callbacks.allow_cidrs,
                                                                  config.callbacks.allow_http);
  settings.callback_url_fault = [urls](std::string_view url) { return urls->fault(url); };
  settings.metrics = metrics;
  settings.messages = config.messages;
  settings.numbers = config.numbers;
  settings.limits = config.limits;
  settings.billing = config.billing;
  settings.routes = pipeline::RouteTable(config.routes, config.providers);
  settings.prices = model::PriceTable(config.prices);
  const auto is_quiet = [](const config::Client& client) { return client.quiet_hours.has_value(); };
  if (std::ranges::any_of(config.clients, is_quiet)) {
    settings.quiet_hours = std::make_shared<const pipeline::QuietHours>(config.clients);
  }
  for (const auto& provider : config.providers) {
    std::uint32_t channels = 0;
    for (const auto channel : provider.channels) channels |= static_cast<std::uint32_t>(channel);
    settings.providers.emplace_back(provider.id, channels);
  }
  return settings;
}

pipeline::InboundSettings inbound_settings(const config::Config& config,
                                           const std::vector<model::Client>& clients) {
  pipeline::InboundSettings settings;
  const auto id_of = [&clients](const std::string& name) -> std::optional<model::ClientId> {
    const auto found = std::ranges::find(clients, name, &model::Client::name);
    return found == clients.end() ? std::nullopt : std::optional(found->id);
  };
  for (const auto& [number, client] : config.numbers_owned) {
    if (const auto id = id_of(client)) settings.numbers.emplace(number, *id);
  }
  settings.default_client = id_of(config.inbound.default_client);
  return settings;
}

plugin::PluginHostOptions plugin_options(const config::Config& config) {
  plugin::PluginHostOptions options;
  options.providers = config.providers;
  options.distributor = config.distributor;
  for (const auto& route : config.routes) options.routes.push_back(route.name);
  options.limiter = config.limiter;
  options.plugins = config.plugins;
  options.rules = pipeline::limit_rules(pipeline_settings(config), config.providers);
  options.copy_folder = fs::path(config.store.path).parent_path() / "plugins";
  options.binary_folder = binary_folder();
  options.config_folder = folder_of(config.source);
  options.environment = config::process_environment();
  options.gateway_version = kVersion;
  return options;
}

}  // namespace heliograph::app
