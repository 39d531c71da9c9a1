// GET /api/sms/distribution-stats, its reset, and GET /api/sms/rate-limits.
#include <algorithm>
#include <utility>

#include "core/api/endpoint.h"
#include "core/api/facades/twillow/shapes.h"
#include "core/api/facades/twillow/twillow.h"
#include "core/api/message_json.h"
#include "core/http/await.h"

namespace heliograph::api::twillow {
namespace {

using pipeline::Distribution;
using pipeline::LimitUse;
using pipeline::ProviderStatus;

bool is_limited(const ProviderStatus& provider) {
  return provider.limit && provider.limit->limited();
}

boost::asio::awaitable<Distribution> read_distribution(Call& call, bool reset) {
  auto start = [&](ports::Done<Distribution> done) {
    call.ports().providers.distribution(reset, call.executor(), std::move(done));
  };
  auto distribution = co_await http::await_done<Distribution>(start);
  std::erase_if(distribution.providers,
                [](const auto& provider) { return !carries_sms(provider); });
  co_return distribution;
}

// ---- distribution-stats ----

// The place after the provider that was chosen last.
std::int64_t next_index(const Distribution& distribution) {
  const auto& all = distribution.providers;
  const auto last = std::ranges::find(all, distribution.last_pick, &ProviderStatus::id);
  return last == all.end() ? 0 : (last - all.begin() + 1) % std::ssize(all);
}

void write_counts(JsonWriter& json, std::string_view name, const Distribution& distribution,
                  std::uint64_t ProviderStatus::* count) {
  json.begin_object(name);
  for (const auto& provider : distribution.providers) json.count(provider.id, provider.*count);
  json.end_object();
}

void write_states(JsonWriter& json, const Distribution& distribution) {
  json.begin_object("provider_status");
  for (const auto& provider : distribution.providers) {
    json.begin_object(provider.id);
    json.boolean("is_healthy", provider.healthy());
    json.boolean("is_rate_limited", is_limited(provider));
    json.count("current_load", provider.in_flight);
    if (provider.last_used) {
      json.time("last_used", *provider.last_used);
    } else {
      json.null("last_used");
    }
    json.end_object();
  }
  json.end_object();
}

boost::asio::awaitable<http::Response> get_stats(Call& call) {
  const Distribution distribution = co_await read_distribution(call, false);
  const auto& providers = distribution.providers;
  const auto healthy = std::ranges::count_if(providers, &ProviderStatus::healthy);
  std::uint64_t total = 0;
  for (const auto& provider : providers) total += provider.sends;
  JsonWriter json(512);
  json.begin_object();
  json.count("total_requests", total);
  json.integer("healthy_providers", healthy);
  json.integer("unhealthy_providers", std::ssize(providers) - healthy);
  write_counts(json, "requests_per_provider", distribution, &ProviderStatus::sends);
  write_counts(json, "provider_usage_count", distribution, &ProviderStatus::picks);
  json.integer("round_robin_index", next_index(distribution));
  json.begin_array("healthy_providers_queue");
  for (const auto& provider : providers) {
    if (provider.healthy()) json.text_element(provider.id);
  }
  json.end_array();
  write_states(json, distribution);
  json.end_object();
  co_return json_response(200, json);
}

boost::asio::awaitable<http::Response> reset_stats(Call& call) {
  co_await read_distribution(call, true);
  JsonWriter json;
  json.begin_object();
  json.boolean("success", true);
  json.text("message", "Distribution statistics reset");
  json.end_object();
  co_return json_response(200, json);
}

// ---- rate-limits ----

void write_count(JsonWriter& json, std::string_view name, const LimitUse* use) {
  if (use == nullptr) return json.null(name);
  json.count(name, use->count);
}

void write_limit(JsonWriter& json, std::string_view name, const LimitUse* use) {
  if (use == nullptr) return json.null(name);
  json.count(name, use->limit.limit);
}

// The provider whose window holds most: Twillow shows one for all.
const LimitUse* busiest(const std::vector<ProviderStatus>& providers) {
  const LimitUse* most = nullptr;
  for (const auto& provider : providers) {
    if (provider.limit && (most == nullptr || provider.limit->count > most->count))
      most = &*provider.limit;
  }
  return most;
}

void write_each(JsonWriter& json, const std::vector<ProviderStatus>& providers) {
  json.begin_object("providers");
  for (const auto& provider : providers) {
    json.begin_object(provider.id);
    const LimitUse* use = provider.limit ? &*provider.limit : nullptr;
    write_count(json, "count", use);
    write_limit(json, "limit", use);
    if (use != nullptr) {
      const std::chrono::duration<double> window = use->limit.window;
      json.number("window_seconds", window.count());
    } else {
      json.null("window_seconds");
    }
    json.end_object();
  }
  json.end_object();
}

boost::asio::awaitable<http::Response> get_rate_limits(Call& call) {
  const Distribution distribution = co_await read_distribution(call, false);
  const auto& providers = distribution.providers;
  const std::optional<LimitUse> total = call.ports().intake.total_use();
  const LimitUse* global = total ? &*total : nullptr;
  const LimitUse* provider = busiest(providers);
  JsonWriter json(512);
  json.begin_object();
  json.boolean("provider_limited",
               !providers.empty() && std::ranges::all_of(providers, is_limited));
  json.boolean("global_limited", global != nullptr && global->limited());
  write_count(json, "provider_count", provider);
  write_count(json, "global_count", global);
  write_limit(json, "provider_limit", provider);
  write_limit(json, "global_limit", global);
  write_each(json, providers);
  json.end_object();
  co_return json_response(200, json);
}

}  // namespace

void add_distribution(Routes& routes) {
  using enum http::Method;
  routes.facade(kGet, "/api/sms/distribution-stats", kManners, get_stats);
  routes.facade(kPost, "/api/sms/distribution-stats/reset", kManners, reset_stats);
  routes.facade(kGet, "/api/sms/rate-limits", kManners, get_rate_limits);
}

}  // namespace heliograph::api::twillow
