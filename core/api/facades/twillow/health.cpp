// GET /api/sms/health, /api/sms/health/{id} and POST /api/sms/health/{id}/reset.
//
// Twillow counted in fixed windows and looked at the one before, too. Here one window slides, so
// what it holds is the current one and nothing precedes it.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/api/endpoint.h"
#include "core/api/facades/twillow/shapes.h"
#include "core/api/facades/twillow/twillow.h"
#include "core/api/message_json.h"
#include "core/http/await.h"

namespace heliograph::api::twillow {
namespace {

using pipeline::ProviderStatus;

std::int64_t whole_seconds(std::chrono::milliseconds time) {
  return std::chrono::ceil<std::chrono::seconds>(time).count();
}

http::Response not_found(std::string_view provider) {
  return error(404, fmt::format("Provider {} not found", provider.substr(0, 64)));
}

void write_windows(JsonWriter& json, const ProviderStatus& provider, model::TimePoint expires_at) {
  json.begin_object("current_window");
  json.count("success", provider.window_successes);
  json.count("failure", provider.window_failures);
  json.time("expires_at", expires_at);
  json.end_object();
  json.begin_object("previous_window");
  json.count("success", 0);
  json.count("failure", 0);
  json.end_object();
}

void write_members(JsonWriter& json, const ProviderStatus& provider, const Call& call) {
  const config::Health& rules = call.context.settings.health;
  const model::TimePoint now = call.ports().clock.real_wall();
  const std::uint64_t all = provider.window_successes + provider.window_failures;
  json.text("provider_id", provider.id);
  json.boolean("is_healthy", provider.healthy());
  json.count("total_requests", all);
  json.count("success_count", provider.window_successes);
  json.count("failure_count", provider.window_failures);
  json.number("failure_rate", static_cast<double>(provider.window_failures) /
                                  static_cast<double>(std::max<std::uint64_t>(all, 1)));
  write_windows(json, provider, now + rules.window);
  json.number("threshold", rules.failure_threshold);
  json.integer("window_duration_seconds", whole_seconds(rules.window));
  json.time("timestamp", now);
}

boost::asio::awaitable<std::vector<ProviderStatus>> read_providers(Call& call) {
  auto start = [&](ports::Done<std::vector<ProviderStatus>> done) {
    call.ports().providers.providers(call.executor(), std::move(done));
  };
  auto all = co_await http::await_done<std::vector<ProviderStatus>>(start);
  std::erase_if(all, [](const ProviderStatus& provider) { return !carries_sms(provider); });
  co_return all;
}

void write_summary(JsonWriter& json, const std::vector<ProviderStatus>& providers) {
  const auto healthy = std::ranges::count_if(providers, &ProviderStatus::healthy);
  json.begin_object("summary");
  json.count("total_providers", providers.size());
  json.integer("healthy_providers", healthy);
  json.integer("unhealthy_providers", std::ssize(providers) - healthy);
  json.boolean("system_healthy", healthy > 0);
  json.end_object();
}

boost::asio::awaitable<http::Response> all_health(Call& call) {
  const std::vector<ProviderStatus> providers = co_await read_providers(call);
  const config::Health& rules = call.context.settings.health;
  JsonWriter json(512 * (providers.size() + 1));
  json.begin_object();
  json.begin_object("providers");
  for (const ProviderStatus& provider : providers) {
    json.begin_object(provider.id);
    write_members(json, provider, call);
    json.end_object();
  }
  json.end_object();
  write_summary(json, providers);
  json.begin_object("configuration");
  json.integer("window_duration_seconds", whole_seconds(rules.window));
  json.number("failure_threshold", rules.failure_threshold);
  json.end_object();
  json.time("timestamp", call.ports().clock.real_wall());
  json.end_object();
  co_return json_response(200, json);
}

boost::asio::awaitable<http::Response> one_health(Call& call) {
  const std::vector<ProviderStatus> providers = co_await read_providers(call);
  const std::string_view id = call.request.param("id");
  const auto found = std::ranges::find(providers, id, &ProviderStatus::id);
  if (found == providers.end()) co_return not_found(id);
  JsonWriter json(512);
  json.begin_object();
  write_members(json, *found, call);
  json.end_object();
  co_return json_response(200, json);
}

boost::asio::awaitable<http::Response> reset_health(Call& call) {
  using Found = std::optional<ProviderStatus>;
  const std::string id(call.request.param("id"));
  const auto& known = call.context.settings.sms_providers;
  if (std::ranges::find(known, id) == known.end()) co_return not_found(id);
  auto start = [&](ports::Done<Found> done) {
    call.ports().providers.act(id, pipeline::ProviderAction::kReset, call.executor(),
                               std::move(done));
  };
  const Found provider = co_await http::await_done<Found>(start);
  if (!provider) co_return not_found(id);
  JsonWriter json;
  json.begin_object();
  json.boolean("success", true);
  json.text("message", fmt::format("Health metrics reset for {}", id));
  json.text("provider_id", id);
  json.end_object();
  co_return json_response(200, json);
}

}  // namespace

void add_health(Routes& routes) {
  using enum http::Method;
  routes.facade(kGet, "/api/sms/health", kManners, all_health);
  routes.facade(kGet, "/api/sms/health/{id}", kManners, one_health);
  routes.facade(kPost, "/api/sms/health/{id}/reset", kManners, reset_health);
}

}  // namespace heliograph::api::twillow
