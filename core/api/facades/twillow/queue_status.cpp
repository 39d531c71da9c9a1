// GET /api/sms/queue-status and GET /taskiq-status: the queue, as GET /v1/admin/queue knows it.
#include <utility>

#include "core/api/endpoint.h"
#include "core/api/facades/twillow/shapes.h"
#include "core/api/facades/twillow/twillow.h"
#include "core/api/message_json.h"
#include "core/http/await.h"

namespace heliograph::api::twillow {
namespace {

using pipeline::ProviderStatus;

// Where Twillow had workers and pooled connections, there are sends that wait for an answer.
boost::asio::awaitable<std::uint64_t> sends_at_once(Call& call) {
  auto start = [&](ports::Done<std::vector<ProviderStatus>> done) {
    call.ports().providers.providers(call.executor(), std::move(done));
  };
  const auto providers = co_await http::await_done<std::vector<ProviderStatus>>(start);
  std::uint64_t sum = 0;
  for (const ProviderStatus& provider : providers) {
    if (carries_sms(provider)) sum += provider.max_in_flight;
  }
  co_return sum;
}

void write_depth(JsonWriter& json, const ports::StoreQueries& queries) {
  const ports::QueueDepth depth = queries.depth();
  json.text("status", queries.accepting() ? "active" : "paused");
  json.count("waiting", depth.waiting);
  json.count("sending", depth.sending);
}

boost::asio::awaitable<http::Response> queue_status(Call& call) {
  const std::uint64_t workers = co_await sends_at_once(call);
  const ApiSettings& settings = call.context.settings;
  JsonWriter json;
  json.begin_object();
  json.text("queue_type", call.ports().queries.engine_version());
  json.count("providers_configured", settings.sms_providers.size());
  json.count("max_concurrent_workers", workers);
  json.integer("task_retry_limit", settings.retry.max_attempts - 1);
  write_depth(json, call.ports().queries);
  json.end_object();
  co_return json_response(200, json);
}

boost::asio::awaitable<http::Response> taskiq_status(Call& call) {
  const std::uint64_t connections = co_await sends_at_once(call);
  JsonWriter json;
  json.begin_object();
  json.text("broker_type", "Heliograph");
  json.text("queue_name", "messages");
  text_or_null(json, "redis_url", call.context.settings.redis_url);
  json.count("max_connection_pool_size", connections);
  write_depth(json, call.ports().queries);
  json.end_object();
  co_return json_response(200, json);
}

}  // namespace

void add_queue_status(Routes& routes) {
  using enum http::Method;
  routes.facade(kGet, "/api/sms/queue-status", kManners, queue_status);
  routes.facade(kGet, "/taskiq-status", kManners, taskiq_status);
}

}  // namespace heliograph::api::twillow
