// GET /metrics: the figures of this gateway as Prometheus reads them. What a part does not tell in
// time is left out: figures matter most when something hangs.
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <utility>

#include "core/api/endpoint.h"
#include "core/api/metrics_desk.h"
#include "core/api/metrics_source.h"
#include "core/http/await.h"
#include "core/http/problem.h"

namespace heliograph::api {
namespace {

// Well within the ten seconds that Prometheus waits by default.
constexpr std::chrono::seconds kPatience{3};
constexpr std::chrono::milliseconds kMakingPause{20};  // until looking again for what another makes

// Answers once, whoever comes first.
struct Once {
  std::optional<ports::Done<bool>> done;
  void operator()(bool complete) {
    if (!done) return;
    auto call = std::exchange(done, std::nullopt);
    (*call)(complete);
  }
};

boost::asio::awaitable<MetricsDesk::Page> make_page(Call& call, MetricsSource& source) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  std::shared_ptr<MetricsScrape> scrape;
  auto start = [&](ports::Done<bool> done) {
    auto once = std::make_shared<Once>(std::move(done));
    timer.expires_after(kPatience);
    timer.async_wait([once](const boost::system::error_code&) { (*once)(false); });
    scrape = source.begin(call.executor(), [once] { (*once)(true); });
  };
  co_await http::await_done<bool>(start);
  timer.cancel();
  co_return std::make_shared<const std::string>(scrape->text());
}

boost::asio::awaitable<void> pause(std::chrono::milliseconds time) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, time);
  co_await timer.async_wait(boost::asio::use_awaitable);
}

// Made by one of those who ask at the same time, for all of them.
boost::asio::awaitable<MetricsDesk::Page> shared_page(Call& call, MetricsSource& source) {
  MetricsDesk& desk = *call.context.metrics;
  const std::uint64_t made = desk.made();
  for (;;) {
    MetricsDesk::Page page = desk.page_after(made);
    if (page) co_return page;
    auto making = desk.begin_making();
    if (making) {
      page = co_await make_page(call, source);
      making->finish(page);
      co_return page;
    }
    co_await pause(kMakingPause);
  }
}

boost::asio::awaitable<http::Response> get_metrics(Call& call) {
  MetricsSource* source = call.ports().metrics;
  if (source == nullptr) co_return http::problem_response(404, "There is nothing at this path.");
  const MetricsDesk::Page page = co_await shared_page(call, *source);
  http::Response response;
  response.headers.emplace_back("Content-Type", std::string(source->content_type()));
  response.headers.emplace_back("Cache-Control", "no-store");
  response.body = *page;
  co_return response;
}

}  // namespace

void add_metrics(Routes& routes) { routes.metrics("/metrics", get_metrics); }

}  // namespace heliograph::api
