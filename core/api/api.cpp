#include "core/api/api.h"

#include <memory>
#include <utility>

#include "core/api/endpoint.h"

namespace heliograph::api {

http::Router make_router(ApiSettings settings, const ApiPorts& ports) {
  Routes routes(std::make_shared<Context>(std::move(settings), ports));
  add_documents(routes);
  add_health(routes);
  add_me(routes);
  add_message_create(routes);
  add_messages(routes);
  add_dead_letters(routes);
  add_provider_events(routes);
  add_admin_providers(routes);
  add_admin_clients(routes);
  add_admin_keys(routes);
  add_admin_queue(routes);
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
  return settings;
}

}  // namespace heliograph::api
