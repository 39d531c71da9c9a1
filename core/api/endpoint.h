// What happens to every request around its resource: listener's role, key, scope, CORS, and an
// answer when the gateway is stopping.
//
// A resource is one function of a Call. Its file adds it to the Routes with the door it stands
// behind.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/api/access_log.h"
#include "core/api/api.h"
#include "core/api/auth.h"
#include "core/api/cors.h"
#include "core/api/facades/facade_door.h"
#include "core/api/facades/request_window.h"
#include "core/api/facades/webhook_signatures.h"
#include "core/api/listener_policy.h"
#include "core/api/peer_policy.h"
#include "core/http/message.h"
#include "core/http/router.h"
#include "core/http/webhook_url.h"

namespace heliograph::api {

class LiveDesk;
class MetricsDesk;

// What all resources share. Lives as long as the router; used on every API thread.
struct Context {
  Context(ApiSettings given_settings, const ApiPorts& given_ports);

  const ApiSettings settings;
  const ApiPorts ports;
  Authenticator auth;
  const Cors cors;
  const ListenerPolicy listeners;
  const PeerPolicy peers;
  const FacadeDoor facade_door;
  RequestWindow facade_window;  // of those facades whose manners count requests
  const WebhookSignatures webhook_signatures;
  WebhookCounts webhook_counts;
  const http::WebhookUrlRules callback_urls;
  const std::shared_ptr<LiveDesk> live;
  const std::shared_ptr<MetricsDesk> metrics;
  std::set<std::string, std::less<>> patterns;  // of the routes; complete before the first request
};

// One request on its way through a resource.
struct Call {
  Context& context;
  http::Request& request;
  std::shared_ptr<const model::Principal> principal;  // nullptr where no key is asked for

  const ApiPorts& ports() const { return context.ports; }
  ports::Executor& executor() const { return *request.executor; }
  const model::Client& client() const { return principal->client; }
  model::TraceContext trace() const;  // the client's; invalid where it sent none, or a wrong one
};

using Resource = boost::asio::awaitable<http::Response> (*)(Call& call);

class Routes {
 public:
  explicit Routes(std::shared_ptr<Context> context) : context_(std::move(context)) {}

  void health(std::string_view pattern, Resource resource);    // GET, on every listener, no key
  void document(std::string_view pattern, Resource resource);  // as health: the contract's pages
  // GET. No key where the listener is for it, and for programs on this machine; else the scope
  // admin.
  void metrics(std::string_view pattern, Resource resource);
  void console(std::string_view pattern, Resource resource);  // where the admin routes are, no key
  void open(http::Method method, std::string_view pattern, Resource resource);  // no key
  void any_scope(http::Method method, std::string_view pattern, Resource resource);
  void client(http::Method method, std::string_view pattern, model::Scope scope, Resource resource,
              const http::RouteOptions& options = {});
  void admin(http::Method method, std::string_view pattern, Resource resource);

  // Without a key, through the door that all facades share; runs as facades.client.
  void facade(http::Method method, std::string_view pattern, const FacadeManners& manners,
              Resource resource, const http::RouteOptions& options = {});
  const ApiSettings& settings() const { return context_->settings; }
  ports::Log* log() const { return context_->ports.log; }

  http::Router finish();  // adds the CORS preflights

  // For routes whose body is one message: what messages.content_max allows, as JSON.
  http::RouteOptions message_body() const;

 private:
  enum class Door : std::uint8_t { kOpen, kAnyKey, kScope, kFacade, kMetrics };
  struct Endpoint {
    Role role = Role::kApi;
    Door door = Door::kScope;
    model::Scope scope = model::kScopeRead;
    Resource resource = nullptr;
    FacadeManners manners{};     // of kFacade
    std::uint32_t number = 0;    // of kFacade: what its requests are counted under
    std::string_view pattern{};  // one of Context::patterns
  };

  void add(http::Method method, std::string_view pattern, const Endpoint& endpoint,
           const http::RouteOptions& options = {});
  static boost::asio::awaitable<http::Response> serve(Context& context, Endpoint endpoint,
                                                      http::Request& request);
  static boost::asio::awaitable<http::Response> answer_facade(Call& call, const Endpoint& endpoint);
  static boost::asio::awaitable<http::Response> answer_at_door(Call& call,
                                                               const Endpoint& endpoint);
  static bool needs_no_key(const Context& context, const Endpoint& endpoint,
                           const http::Request& request);
  static boost::asio::awaitable<http::Response> answer(Context& context, Endpoint endpoint,
                                                       http::Request& request, AccessLine& line);

  std::shared_ptr<Context> context_;
  std::uint32_t facade_routes_ = 0;
  http::Router router_;
  std::map<std::string, std::string, std::less<>> methods_;  // of each pattern: "GET, POST"
};

// Each adds the resources of one file of core/api/resources.
void add_documents(Routes& routes);
void add_health(Routes& routes);
void add_metrics(Routes& routes);
void add_me(Routes& routes);
void add_ledger(Routes& routes);
void add_message_create(Routes& routes);
void add_message_batch(Routes& routes);
void add_messages(Routes& routes);
void add_dead_letters(Routes& routes);
void add_provider_events(Routes& routes);
void add_mock_receipts(Routes& routes);
void add_admin_providers(Routes& routes);
void add_admin_clients(Routes& routes);
void add_admin_keys(Routes& routes);
void add_admin_queue(Routes& routes);
void add_admin_limits(Routes& routes);
void add_admin_log(Routes& routes);
void add_admin_routes(Routes& routes);
void add_admin_distribution(Routes& routes);
void add_admin_live(Routes& routes);
void add_admin_messages(Routes& routes);
void add_admin_plugins(Routes& routes);
void add_dashboard(Routes& routes);
void add_admin_reload(Routes& routes);
void add_callbacks(Routes& routes);
void add_callback_deliveries(Routes& routes);
void add_conversations(Routes& routes);
void add_opt_outs(Routes& routes);

}  // namespace heliograph::api
