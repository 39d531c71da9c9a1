// /v1/admin/distribution: which provider got how many messages, counted until an operator resets.
#include <algorithm>

#include "core/api/endpoint.h"
#include "core/api/message_json.h"
#include "core/http/await.h"

namespace heliograph::api {
namespace {

void write_share(JsonWriter& json, const pipeline::ProviderStatus& provider, std::uint64_t all) {
  json.begin_object();
  json.text("id", provider.id);
  json.boolean("healthy", provider.healthy());
  json.boolean("limited", provider.limit && provider.limit->limited());
  json.count("sends", provider.sends);
  json.count("picks", provider.picks);
  json.number("share", static_cast<double>(provider.sends) /
                           static_cast<double>(std::max<std::uint64_t>(all, 1)));
  json.count("in_flight", provider.in_flight);
  if (provider.last_used) json.time("last_used", *provider.last_used);
  json.end_object();
}

boost::asio::awaitable<http::Response> answer(Call& call, bool reset) {
  auto start = [&](ports::Done<pipeline::Distribution> done) {
    call.ports().providers.distribution(reset, call.executor(), std::move(done));
  };
  const auto distribution = co_await http::await_done<pipeline::Distribution>(start);
  std::uint64_t all = 0;
  for (const auto& provider : distribution.providers) all += provider.sends;
  JsonWriter json(256 * (distribution.providers.size() + 1));
  json.begin_object();
  json.text("strategy", call.context.settings.distributor);
  json.time("since", distribution.since);
  json.count("sends", all);
  json.text_unless_empty("last_pick", distribution.last_pick);
  json.begin_array("providers");
  for (const auto& provider : distribution.providers) write_share(json, provider, all);
  json.end_array();
  json.end_object();
  co_return json_response(200, json);
}

boost::asio::awaitable<http::Response> get_distribution(Call& call) { return answer(call, false); }

boost::asio::awaitable<http::Response> reset_distribution(Call& call) { return answer(call, true); }

}  // namespace

void add_admin_distribution(Routes& routes) {
  using enum http::Method;
  routes.admin(kGet, "/v1/admin/distribution", get_distribution);
  routes.admin(kPost, "/v1/admin/distribution/reset", reset_distribution);
}

}  // namespace heliograph::api
