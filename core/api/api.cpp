#include "core/api/api.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/api/endpoint.h"
#include "core/api/facades/messaging/messaging.h"
#include "core/api/facades/twillow/twillow.h"
#include "core/api/json_value.h"

namespace heliograph::api {

namespace {

void add_facades(Routes& routes) {
  const FacadeSettings& facades = routes.settings().facades;
  if (!facades.client) return;
  if (facades.twillow) add_twillow(routes);
  if (facades.messaging) add_messaging(routes);
}

// "redis://user:secret@host/0" -> "redis://host/0".
std::string without_credentials(std::string url) {
  const auto authority = url.find("://");
  if (authority == std::string::npos) return url;
  const auto from = authority + 3;
  const auto at = url.substr(0, url.find('/', from)).rfind('@');
  if (at != std::string::npos && at >= from) url.erase(from, at + 1 - from);
  return url;
}

std::string redis_url(const config::LimiterPlugin& limiter) {
  if (limiter.plugin != "redis") return {};
  const auto table = parse_json(limiter.config.json);
  const JsonValue* url = table ? table->find("url") : nullptr;
  return url != nullptr ? without_credentials(url->text) : std::string{};
}

FacadeSettings facade_settings(const config::Facades& facades) {
  return {.twillow = facades.twillow,
          .messaging = facades.messaging,
          .allow_remote = facades.allow_remote,
          .client = std::nullopt,
          .messaging_requests = facades.messaging_requests,
          .messaging_period = facades.messaging_period,
          .twilio_auth_token = facades.twilio_auth_token,
          .sendgrid_public_key = facades.sendgrid_public_key};
}

std::uint32_t bits_of(const std::vector<model::Channel>& channels) {
  std::uint32_t bits = 0;
  for (const model::Channel channel : channels) bits |= static_cast<std::uint32_t>(channel);
  return bits;
}

}  // namespace

http::Router make_router(ApiSettings settings, const ApiPorts& ports) {
  Routes routes(std::make_shared<Context>(std::move(settings), ports));
  add_documents(routes);
  add_health(routes);
  add_metrics(routes);
  add_me(routes);
  add_ledger(routes);
  add_message_create(routes);
  add_message_batch(routes);
  add_messages(routes);
  add_dead_letters(routes);
  add_provider_events(routes);
  add_mock_receipts(routes);
  add_admin_providers(routes);
  add_admin_clients(routes);
  add_admin_keys(routes);
  add_admin_queue(routes);
  add_admin_limits(routes);
  add_admin_log(routes);
  add_admin_routes(routes);
  add_admin_distribution(routes);
  add_admin_live(routes);
  add_admin_messages(routes);
  add_admin_plugins(routes);
  add_dashboard(routes);
  add_admin_reload(routes);
  add_callbacks(routes);
  add_callback_deliveries(routes);
  add_conversations(routes);
  add_opt_outs(routes);
  add_facades(routes);
  return routes.finish();
}

ApiSettings api_settings(const config::Config& config) {
  ApiSettings settings;
  settings.listeners.push_back({.name = config.http.listen});
  for (const config::Listener& listener : config.http.listeners) {
    settings.listeners.push_back({.name = listener.listen,
                                  .roles = listener.roles,
                                  .tls = !listener.cert.empty(),
                                  .trusted = false});
  }
  settings.cors_origins = config.http.cors_origins;
  settings.hostnames = config.http.hostnames;
  settings.trusted_proxies = config.http.trusted_proxies;
  settings.messages = config.messages;
  settings.numbers = config.numbers;
  settings.limits = config.limits;
  settings.health = config.health;
  settings.retry = config.retry;
  settings.facades = facade_settings(config.facades);
  settings.distributor = config.distributor.plugin;
  settings.redis_url = redis_url(config.limiter);
  for (const config::Provider& provider : config.providers) {
    settings.providers.push_back(provider.id);
    settings.reporting.push_back({.id = provider.id, .channels = bits_of(provider.channels)});
    if (provider.plugin == "http") settings.http_providers.push_back(provider.id);
    if (std::ranges::find(provider.channels, model::Channel::kSms) != provider.channels.end())
      settings.sms_providers.push_back(provider.id);
  }
  settings.callbacks = config.callbacks;
  settings.routes = pipeline::RouteTable(config.routes, config.providers);
  return settings;
}

}  // namespace heliograph::api
