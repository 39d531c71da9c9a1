// GET /v1/admin/live: a snapshot of everything that moves, every second, as server-sent events
// (WHATWG HTML, 9.2). For the dashboard and whoever likes to watch.
//
// EventSource cannot send a key, so pages read it with fetch(). The key is looked at again for
// every event: one that is revoked sees no more.
#include <utility>

#include "core/api/endpoint.h"
#include "core/api/live_desk.h"
#include "core/api/live_snapshot.h"
#include "core/http/body_feed.h"
#include "core/http/problem.h"

namespace heliograph::api {
namespace {

class LiveFeed final : public http::BodyFeed {
 public:
  // The request lives as long as the answer to it is sent.
  LiveFeed(const Call& call, LiveDesk::Seat seat) : call_(call), seat_(std::move(seat)) {}

  boost::asio::awaitable<std::optional<std::string>> next() override {
    const bool allowed = co_await still_allowed();
    if (!allowed) co_return std::nullopt;
    const auto snapshot = co_await live_snapshot(call_);
    if (!snapshot) co_return std::nullopt;  // its seat is free for whoever asks again
    co_return "event: snapshot\ndata: " + *snapshot + "\n\n";
  }

  std::chrono::milliseconds pause() const override { return std::chrono::milliseconds{1'000}; }

 private:
  boost::asio::awaitable<bool> still_allowed() {
    if (call_.context.listeners.trusted(call_.request.local_listener)) co_return true;
    const Authenticator::Result known = co_await call_.context.auth.authenticate(call_.request);
    co_return known.has_value() && (*known)->may(model::kScopeAdmin);
  }

  Call call_;
  LiveDesk::Seat seat_;
};

boost::asio::awaitable<http::Response> get_live(Call& call) {
  auto seat = call.context.live->take_seat();
  if (!seat) {
    http::Response full = http::problem_response(503, "As many watch as may; one has to go first.");
    full.headers.emplace_back("Retry-After", "5");
    co_return full;
  }
  http::Response response;
  response.content_type = "text/event-stream";
  response.headers.emplace_back("Cache-Control", "no-store");
  // nginx would collect it otherwise.
  response.headers.emplace_back("X-Accel-Buffering", "no");
  response.feed = std::make_shared<LiveFeed>(call, *std::move(seat));
  co_return response;
}

}  // namespace

void add_admin_live(Routes& routes) {
  routes.admin(http::Method::kGet, "/v1/admin/live", get_live);
}

}  // namespace heliograph::api
