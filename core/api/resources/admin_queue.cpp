// GET /v1/admin/queue: how much waits in which lane and for how long, and whether the store takes
// more.
#include <algorithm>

#include "core/api/endpoint.h"
#include "core/api/message_json.h"
#include "core/http/await.h"

namespace heliograph::api {
namespace {

void write_lane(JsonWriter& json, model::Lane lane, const ports::LaneDepth& depth,
                model::TimePoint now) {
  json.begin_object(model::to_string(lane));
  json.count("live", std::min<std::uint64_t>(depth.live, ports::kLaneCountMax));
  json.count("later", depth.later);
  json.boolean("more", depth.more);
  const auto age = depth.oldest ? now - *depth.oldest : std::chrono::milliseconds{0};
  json.number("oldest_seconds", std::max(0.0, std::chrono::duration<double>(age).count()));
  json.end_object();
}

boost::asio::awaitable<http::Response> get_queue(Call& call) {
  const ports::StoreQueries& queries = call.ports().queries;
  auto start = [&](ports::Done<ports::LaneDepths> done) {
    call.ports().queries.lanes(call.executor(), std::move(done));
  };
  const auto lanes = co_await http::await_done<ports::LaneDepths>(start);
  const ports::QueueDepth depth = queries.depth();
  const model::TimePoint now = call.ports().clock.wall();
  JsonWriter json;
  json.begin_object();
  json.count("waiting", depth.waiting);
  json.count("sending", depth.sending);
  std::uint64_t later = 0;
  for (const ports::LaneDepth& lane : lanes) later += lane.later;
  json.count("later", later);
  json.begin_object("lanes");
  for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
    write_lane(json, static_cast<model::Lane>(lane), lanes[lane], now);
  }
  json.end_object();
  json.boolean("accepting", queries.accepting());
  json.text("store", queries.engine_version());
  json.end_object();
  co_return json_response(200, json);
}

}  // namespace

void add_admin_queue(Routes& routes) {
  routes.admin(http::Method::kGet, "/v1/admin/queue", get_queue);
}

}  // namespace heliograph::api
