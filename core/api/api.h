// The HTTP API: every resource under /v1, and the two health pages, as routes of core/http.
//
// A resource reads the request, calls one operation of the pipeline or the store, and writes the
// answer; nothing is decided here. core/app builds the router once and hands it to the server.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/config/config.h"
#include "core/http/router.h"
#include "core/model/client.h"
#include "core/pipeline/inbound_intake.h"
#include "core/pipeline/intake.h"
#include "core/pipeline/provider_admin.h"
#include "core/pipeline/route_table.h"
#include "core/pipeline/settlements.h"
#include "core/ports/clock.h"
#include "core/ports/ingress.h"
#include "core/ports/log.h"
#include "core/ports/log_control.h"
#include "core/ports/store.h"
#include "core/ports/store_callbacks.h"
#include "core/ports/store_clients.h"
#include "core/ports/store_conversations.h"
#include "core/ports/store_queries.h"

namespace heliograph::api {

class MetricsSource;  // core/api/metrics_source.h
class Reload;         // core/api/reload.h

// Why the gateway should get no traffic now; app knows. Called on API threads, must not block.
class Readiness {
 public:
  virtual ~Readiness() = default;
  virtual std::vector<std::string> unready_reasons() const = 0;  // sentences; empty: ready
};

// One plugin instance, as operators see it.
struct PluginInstance {
  std::string name;
  std::string kind;    // "provider", "distributor", "limiter"
  std::string plugin;  // component id
  std::string version;
  std::string file;
  std::string sha256;
  std::string state;             // "running", "quarantined", "failed" ...
  std::string problem;           // why it does not work; empty: it does
  std::uint64_t generation = 1;  // how many instances have had this name, this one included
  std::vector<std::pair<std::string, std::uint64_t>> misbehaviour{};  // kinds that occurred
};

// Called on API threads, must not block.
class PluginDirectory {
 public:
  virtual ~PluginDirectory() = default;
  virtual std::vector<PluginInstance> plugins() const = 0;
};

// What one listener serves, by the name that http::Request::local_listener carries.
//
// Roles "api", "admin" and "metrics" each stand for their routes; the health pages are everywhere,
// and "admin" has /metrics too. Without roles a listener serves everything, unless another one has
// the role "admin" or "metrics": then those routes are served there alone.
struct ListenerAccess {
  std::string name;
  std::vector<std::string> roles{};
  bool tls = false;
  // Whoever reaches it is the operator (a socket file with mode 0600): admin routes need no key.
  bool trusted = false;
};

// The interfaces of the systems this gateway replaces. They have no authentication of their own.
struct FacadeSettings {
  bool twillow = true;
  bool messaging = true;
  bool allow_remote = false;            // answer other machines too
  std::optional<model::Client> client;  // whom their requests run as; nullopt: none is served
  // Of one address to one path of the facade messaging in any such time; 0: any number.
  std::uint32_t messaging_requests = 100;
  std::chrono::milliseconds messaging_period{60'000};
  std::string twilio_auth_token;    // empty: Twilio's webhooks are not signed
  std::string sendgrid_public_key;  // base64; empty: SendGrid's are not
};

// Who may report what became of a message.
struct ReportingProvider {
  std::string id;
  std::uint32_t channels = 0;               // bits of model::Channel
  std::optional<model::ProviderKey> key{};  // nullopt: nothing can be said in its name
};

struct ApiSettings {
  // One that is not named here has no roles; its admin routes are gone where any listener has some.
  std::vector<ListenerAccess> listeners;
  std::vector<std::string> cors_origins;     // "https://app.example"; "*" is any
  std::vector<std::string> hostnames;        // besides localhost, 127.0.0.1 and [::1]
  std::vector<std::string> trusted_proxies;  // addresses or CIDRs
  config::Messages messages;
  config::Numbers numbers;
  config::Limits limits;
  std::vector<std::string> providers;       // all that are configured
  std::vector<std::string> http_providers;  // those of the plugin "http"
  config::Health health;
  config::Retry retry;
  FacadeSettings facades;
  std::string distributor;                 // component id of the strategy
  std::string redis_url;                   // of the limiter, without credentials; empty: none
  std::vector<std::string> sms_providers;  // that may be pinned for it
  std::vector<ReportingProvider> reporting;
  config::Callbacks callbacks;
  pipeline::RouteTable routes;
};

// Everything outlives the server that runs the router.
struct ApiPorts {
  pipeline::Intake& intake;
  pipeline::ProviderAdmin& providers;
  ports::Store& store;
  ports::StoreQueries& queries;
  ports::StoreClients& clients;
  ports::StoreCallbacks& callbacks;
  ports::StoreConversations& conversations;
  ports::Ingress& ingress;
  ports::Clock& clock;
  const Readiness& readiness;
  pipeline::Settlements& settlements;
  pipeline::InboundIntake& inbound;
  ports::Log* log = nullptr;                 // nullptr: silent
  ports::LogControl* log_control = nullptr;  // nullptr: its level cannot be changed
  MetricsSource* metrics = nullptr;          // nullptr: there is no /metrics
  const PluginDirectory* plugins = nullptr;  // nullptr: there are none to show
  Reload* reload = nullptr;                  // nullptr: the configuration holds until the end
};

// Throws std::runtime_error naming an entry of trusted_proxies or callbacks.allow_cidrs that is no
// address, or a sendgrid_public_key that is no key.
http::Router make_router(ApiSettings settings, const ApiPorts& ports);

// The settings as the configuration says. Listeners are named by their address as it is written
// there, so http::ListenerOptions::name has to be the same. `facades.client` and the keys
// of `reporting` are left to the caller, who knows what the store has made of them.
ApiSettings api_settings(const config::Config& config);

}  // namespace heliograph::api
