// GET /metrics: made once for all who ask at the same time, whatever the parts do.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/api/metrics_desk.h"
#include "core/api/metrics_source.h"
#include "tests/unit/api/api_fixture.h"

namespace heliograph::test {
namespace {

class SomeSource final : public api::MetricsSource {
 public:
  class Scrape final : public api::MetricsScrape {
   public:
    explicit Scrape(std::size_t number) : number_(number) {}
    std::string text() override { return "scrape " + std::to_string(number_); }

   private:
    std::size_t number_;
  };

  std::shared_ptr<api::MetricsScrape> begin(ports::Executor& where, base::Task complete) override {
    static_cast<void>(where);
    under_way.push_back(std::move(complete));
    return std::make_shared<Scrape>(++begun);
  }
  std::string_view content_type() const override { return "text/plain"; }

  std::size_t begun = 0;
  std::vector<base::Task> under_way;
};

class MetricsRoute : public ApiTest {
 protected:
  MetricsRoute() {
    metrics = &source;
    rebuild();
  }

  std::shared_ptr<Exchange> scrape() { return begin(get("/metrics")); }
  void complete() {
    source.under_way.at(0)();
    source.under_way.clear();
  }
  // With a deadline: those that wait for another's page look for it by the clock.
  std::string body(const std::shared_ptr<Exchange>& exchange) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!exchange->response && std::chrono::steady_clock::now() < until) {
      loop.restart();
      loop.run_one_for(std::chrono::seconds{1});
    }
    return exchange->response ? exchange->response->body : "no answer";
  }

  SomeSource source;
};

TEST_F(MetricsRoute, WhoComesMeanwhileGetsThePageThatIsBeingMade) {
  std::vector<std::shared_ptr<Exchange>> all;
  for (int i = 0; i < 10; ++i) all.push_back(scrape());
  EXPECT_EQ(source.begun, 1U);
  for (const auto& one : all) EXPECT_FALSE(one->response);
  complete();
  for (const auto& one : all) EXPECT_EQ(body(one), "scrape 1");
  EXPECT_EQ(source.begun, 1U);
}

TEST_F(MetricsRoute, WhoComesAfterwardsGetsANewOne) {
  const auto first = scrape();
  complete();
  EXPECT_EQ(body(first), "scrape 1");
  const auto second = scrape();
  complete();
  EXPECT_EQ(body(second), "scrape 2");
}

TEST(MetricsDesk, AMakerThatEndsWithoutAPageLeavesTheDutyToAnother) {
  api::MetricsDesk desk;
  auto making = desk.begin_making();
  ASSERT_TRUE(making);
  EXPECT_FALSE(desk.begin_making());
  making.reset();
  EXPECT_EQ(desk.page_after(0), nullptr);
  auto again = desk.begin_making();
  ASSERT_TRUE(again);
  const auto page = std::make_shared<const std::string>("x");
  again->finish(page);
  EXPECT_EQ(desk.page_after(0), page);
  EXPECT_EQ(desk.page_after(desk.made()), nullptr) << "who comes now wants a new one";
  EXPECT_TRUE(desk.begin_making());
}

}  // namespace
}  // namespace heliograph::test
