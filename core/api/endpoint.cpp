#include "core/api/endpoint.h"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "core/api/live_desk.h"
#include "core/api/metrics_desk.h"
#include "core/api/rate_limit_headers.h"
#include "core/http/await.h"
#include "core/http/problem.h"

namespace heliograph::api {
namespace {

// What requests that the door refuses are counted under, whatever their path.
constexpr std::uint32_t kRefusedRequests = std::numeric_limits<std::uint32_t>::max();

// Who reaches a trusted listener without a key.
std::shared_ptr<const model::Principal> operator_principal() {
  static const auto principal = [] {
    model::Principal made;
    made.client.name = "operator";
    made.scopes = model::kScopeAdmin;
    return std::make_shared<const model::Principal>(std::move(made));
  }();
  return principal;
}

// The reset is the whole period, as the messaging service said it.
void tell_window(const RequestWindow& window, const RequestWindow::Verdict& verdict,
                 http::Response& response) {
  const auto period = std::chrono::ceil<std::chrono::seconds>(window.period());
  response.headers.emplace_back("X-RateLimit-Limit", fmt::to_string(window.requests()));
  response.headers.emplace_back("X-RateLimit-Remaining", fmt::to_string(verdict.remaining));
  response.headers.emplace_back("X-RateLimit-Reset", fmt::to_string(period.count()));
}

http::Response stopping() {
  http::Response response = http::problem_response(503, "The gateway is stopping.");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

boost::asio::awaitable<http::Response> preflight(Context& context, const std::string& allow,
                                                 http::Request& request) {
  http::Response response = context.cors.preflight(allow);
  context.cors.decorate(request, response);
  co_return response;
}

}  // namespace

model::TraceContext Call::trace() const {
  const auto header = request.header("traceparent");
  if (!header) return {};
  return model::parse_traceparent(*header).value_or(model::TraceContext{});
}

Context::Context(ApiSettings given_settings, const ApiPorts& given_ports)
    : settings(std::move(given_settings)),
      ports(given_ports),
      auth(ports.clients, ports.clock),
      cors(settings.cors_origins),
      listeners(settings.listeners),
      peers(settings.hostnames, settings.trusted_proxies),
      facade_door(settings.facades, peers, cors),
      facade_window(settings.facades.messaging_requests, settings.facades.messaging_period),
      webhook_signatures(settings.facades.twilio_auth_token, settings.facades.sendgrid_public_key),
      callback_urls(settings.callbacks.allow_cidrs, settings.callbacks.allow_http),
      live(std::make_shared<LiveDesk>(ports.clock.wall())),
      metrics(std::make_shared<MetricsDesk>()) {}

void Routes::health(std::string_view pattern, Resource resource) {
  const Endpoint endpoint{.role = Role::kAny, .door = Door::kOpen, .resource = resource};
  add(http::Method::kGet, pattern, endpoint);
}

void Routes::document(std::string_view pattern, Resource resource) { health(pattern, resource); }

void Routes::metrics(std::string_view pattern, Resource resource) {
  const Endpoint endpoint{.role = Role::kMetrics,
                          .door = Door::kMetrics,
                          .scope = model::kScopeAdmin,
                          .resource = resource};
  add(http::Method::kGet, pattern, endpoint);
}

// The page shows nothing before it was given a key.
void Routes::console(std::string_view pattern, Resource resource) {
  const Endpoint endpoint{.role = Role::kAdmin, .door = Door::kOpen, .resource = resource};
  add(http::Method::kGet, pattern, endpoint);
}

void Routes::open(http::Method method, std::string_view pattern, Resource resource) {
  const Endpoint endpoint{.role = Role::kApi, .door = Door::kOpen, .resource = resource};
  add(method, pattern, endpoint);
}

void Routes::any_scope(http::Method method, std::string_view pattern, Resource resource) {
  const Endpoint endpoint{.role = Role::kApi, .door = Door::kAnyKey, .resource = resource};
  add(method, pattern, endpoint);
}

void Routes::client(http::Method method, std::string_view pattern, model::Scope scope,
                    Resource resource, const http::RouteOptions& options) {
  const Endpoint endpoint{
      .role = Role::kApi, .door = Door::kScope, .scope = scope, .resource = resource};
  add(method, pattern, endpoint, options);
}

void Routes::admin(http::Method method, std::string_view pattern, Resource resource) {
  const Endpoint endpoint{.role = Role::kAdmin,
                          .door = Door::kScope,
                          .scope = model::kScopeAdmin,
                          .resource = resource};
  add(method, pattern, endpoint);
}

void Routes::facade(http::Method method, std::string_view pattern, const FacadeManners& manners,
                    Resource resource, const http::RouteOptions& options) {
  const Endpoint endpoint{.role = Role::kApi,
                          .door = Door::kFacade,
                          .resource = resource,
                          .manners = manners,
                          .number = ++facade_routes_};
  add(method, pattern, endpoint, options);
}

// Base64 makes four bytes of three, and JSON's escapes two of some; what is left is for the other
// fields. A text of nothing but escapes can be refused for its size before it is for its length.
http::RouteOptions Routes::message_body() const {
  http::RouteOptions options;
  options.body_max += 2 * static_cast<std::size_t>(context_->settings.messages.content_max);
  return options;
}

void Routes::add(http::Method method, std::string_view pattern, const Endpoint& given,
                 const http::RouteOptions& options) {
  Endpoint endpoint = given;
  endpoint.pattern = *context_->patterns.emplace(pattern).first;
  // Not a coroutine itself: its captures live in the router, a coroutine's would not.
  http::Handler handler = [context = context_, endpoint](http::Request& request) {
    return serve(*context, endpoint, request);
  };
  router_.add(method, pattern, std::move(handler), options);
  std::string& methods = methods_[std::string(pattern)];
  if (!methods.empty()) methods += ", ";
  methods += http::to_string(method);
}

http::Router Routes::finish() {
  if (!context_->cors.enabled()) return std::move(router_);
  for (const auto& [pattern, methods] : methods_) {
    http::Handler handler = [context = context_, allow = methods](http::Request& request) {
      return preflight(*context, allow, request);
    };
    router_.add(http::Method::kOptions, pattern, std::move(handler));
  }
  return std::move(router_);
}

boost::asio::awaitable<http::Response> Routes::serve(Context& context, Endpoint endpoint,
                                                     http::Request& request) {
  AccessLine line(context.ports.log, endpoint.pattern, request);
  http::Response response;
  try {
    response = co_await answer(context, endpoint, request, line);
  } catch (const http::OperationDropped&) {
    response = stopping();
  }
  context.cors.decorate(request, response);
  line.write(response);
  co_return response;
}

// A flood of refused requests is one too; but it must not use up what those from here may send, for
// it may come through a proxy that shares their address.
boost::asio::awaitable<http::Response> Routes::answer_facade(Call& call, const Endpoint& endpoint) {
  RequestWindow& window = call.context.facade_window;
  if (endpoint.manners.too_many == nullptr || !window.enabled()) {
    co_return co_await answer_at_door(call, endpoint);
  }
  const std::string address = call.context.peers.client_address(call.request);
  const bool refused = call.context.facade_door.refusal(call.request, endpoint.manners).has_value();
  const std::uint32_t counted = refused ? kRefusedRequests : endpoint.number;
  const RequestWindow::Verdict verdict = window.take(address, counted, call.ports().clock.mono());
  http::Response response;
  if (verdict.allowed) {
    response = co_await answer_at_door(call, endpoint);
  } else {
    response = endpoint.manners.too_many();
    add_retry_after(verdict.retry_after, response);
  }
  tell_window(window, verdict, response);
  co_return response;
}

boost::asio::awaitable<http::Response> Routes::answer_at_door(Call& call,
                                                              const Endpoint& endpoint) {
  if (endpoint.manners.is_signed) {
    call.principal = call.context.facade_door.principal();
    co_return co_await endpoint.resource(call);
  }
  const auto refusal = call.context.facade_door.refusal(call.request, endpoint.manners);
  if (refusal) co_return endpoint.manners.words(refusal->status, refusal->detail);
  call.principal = call.context.facade_door.principal();
  co_return co_await endpoint.resource(call);
}

// A proxy on this machine is no program of this machine: what it passes on needs a key.
bool Routes::needs_no_key(const Context& context, const Endpoint& endpoint,
                          const http::Request& request) {
  if (endpoint.door == Door::kOpen) return true;
  if (endpoint.door != Door::kMetrics) return false;
  return context.listeners.is_for_metrics(request.local_listener) ||
         context.listeners.trusted(request.local_listener) || context.peers.may_read(request);
}

boost::asio::awaitable<http::Response> Routes::answer(Context& context, Endpoint endpoint,
                                                      http::Request& request, AccessLine& line) {
  if (!context.listeners.serves(request.local_listener, endpoint.role)) {
    co_return http::problem_response(404, "There is nothing at this path.");
  }
  Call call{.context = context, .request = request, .principal = nullptr};
  const ClientNote note(line, call.principal);
  if (needs_no_key(context, endpoint, request)) co_return co_await endpoint.resource(call);
  if (endpoint.door == Door::kFacade) co_return co_await answer_facade(call, endpoint);

  if (endpoint.role == Role::kAdmin && context.listeners.trusted(request.local_listener)) {
    call.principal = operator_principal();
    co_return co_await endpoint.resource(call);
  }
  Authenticator::Result authenticated = co_await context.auth.authenticate(request);
  if (!authenticated) co_return std::move(authenticated.error());
  call.principal = std::move(*authenticated);
  if (endpoint.door != Door::kAnyKey && !call.principal->may(endpoint.scope)) {
    co_return missing_scope(endpoint.scope);
  }
  co_return co_await endpoint.resource(call);
}

}  // namespace heliograph::api
