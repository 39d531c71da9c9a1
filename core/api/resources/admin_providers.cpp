// /v1/admin/providers: what operators see of the providers, and what they may do to them.
#include <algorithm>
#include <utility>

#include "core/api/admin_json.h"
#include "core/api/endpoint.h"
#include "core/api/message_json.h"
#include "core/http/await.h"
#include "core/http/problem.h"

namespace heliograph::api {
namespace {

using pipeline::ProviderAction;
using pipeline::ProviderStatus;

http::Response provider_response(const ProviderStatus& provider) {
  JsonWriter json(768);
  write_provider(json, provider);
  return json_response(200, json);
}

http::Response not_found() { return http::problem_response(404, "There is no such provider."); }

boost::asio::awaitable<std::vector<ProviderStatus>> read_providers(Call& call) {
  auto start = [&](ports::Done<std::vector<ProviderStatus>> done) {
    call.ports().providers.providers(call.executor(), std::move(done));
  };
  co_return co_await http::await_done<std::vector<ProviderStatus>>(start);
}

boost::asio::awaitable<http::Response> list_providers(Call& call) {
  const std::vector<ProviderStatus> providers = co_await read_providers(call);
  JsonWriter json(768 * (providers.size() + 1));
  json.begin_object();
  json.begin_array("providers");
  for (const ProviderStatus& provider : providers) write_provider(json, provider);
  json.end_array();
  json.end_object();
  co_return json_response(200, json);
}

boost::asio::awaitable<http::Response> get_provider(Call& call) {
  const std::vector<ProviderStatus> providers = co_await read_providers(call);
  const auto found = std::ranges::find(providers, call.request.param("id"), &ProviderStatus::id);
  co_return found == providers.end() ? not_found() : provider_response(*found);
}

boost::asio::awaitable<http::Response> act(Call& call, ProviderAction action,
                                           std::string_view word) {
  using Found = std::optional<ProviderStatus>;
  const std::string id(call.request.param("id"));
  auto start = [&](ports::Done<Found> done) {
    call.ports().providers.act(id, action, call.executor(), std::move(done));
  };
  const Found provider = co_await http::await_done<Found>(start);
  if (!provider) co_return not_found();
  if (call.ports().log != nullptr) {
    call.ports().log->info("provider changed by an operator",
                           {{"provider", id},
                            {"action", word},
                            {"client", call.client().name},
                            {"request", call.request.request_id}});
  }
  co_return provider_response(*provider);
}

boost::asio::awaitable<http::Response> reset(Call& call) {
  return act(call, ProviderAction::kReset, "reset");
}
boost::asio::awaitable<http::Response> reset_stats(Call& call) {
  return act(call, ProviderAction::kResetStats, "reset-stats");
}
boost::asio::awaitable<http::Response> enable(Call& call) {
  return act(call, ProviderAction::kEnable, "enable");
}
boost::asio::awaitable<http::Response> disable(Call& call) {
  return act(call, ProviderAction::kDisable, "disable");
}
boost::asio::awaitable<http::Response> drain(Call& call) {
  return act(call, ProviderAction::kDrain, "drain");
}

}  // namespace

void add_admin_providers(Routes& routes) {
  using enum http::Method;
  routes.admin(kGet, "/v1/admin/providers", list_providers);
  routes.admin(kGet, "/v1/admin/providers/{id}", get_provider);
  routes.admin(kPost, "/v1/admin/providers/{id}/reset", reset);
  routes.admin(kPost, "/v1/admin/providers/{id}/reset-stats", reset_stats);
  routes.admin(kPost, "/v1/admin/providers/{id}/enable", enable);
  routes.admin(kPost, "/v1/admin/providers/{id}/disable", disable);
  routes.admin(kPost, "/v1/admin/providers/{id}/drain", drain);
}

}  // namespace heliograph::api
