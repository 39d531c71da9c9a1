// GET /v1/me/ledger and GET /v1/admin/queue.
#include <gtest/gtest.h>

#include "tests/unit/api/api_fixture.h"

namespace heliograph::test {
namespace {

using Ledger = ApiTest;

TEST_F(Ledger, ShowsSumsEntriesAndWhereToGoOn) {
  ports::LedgerEntry hold;
  hold.kind = ports::LedgerEntry::Kind::kHold;
  hold.cents = 5;
  hold.at = clock.wall();
  hold.resolved_at = clock.wall() + std::chrono::seconds{1};
  hold.state = model::HoldState::kCaptured;
  hold.message = store.put(demo, model::Status::kDelivered).id;
  hold.client_reference = "order-7";
  ports::LedgerEntry grant;
  grant.cents = 100;
  grant.note = "top-up";
  store.ledger_page = {.entries = {hold, grant}, .next_row = 77};
  const http::Response response = send(get("/v1/me/ledger?limit=2"));
  ASSERT_EQ(response.status, 200u) << response.body;
  const auto json = json_of(response);
  EXPECT_EQ(json.at("credit_cents"), 100'000);
  EXPECT_EQ(json.at("held_cents"), 0);
  const auto& first = json.at("entries")[0];
  EXPECT_EQ(first.at("type"), "hold");
  EXPECT_EQ(first.at("state"), "captured");
  EXPECT_EQ(first.at("cents"), 5);
  EXPECT_EQ(first.at("message_id"), hold.message->to_string());
  EXPECT_EQ(first.at("client_reference"), "order-7");
  EXPECT_EQ(first.at("resolved_at"), base::format_rfc3339(*hold.resolved_at));
  EXPECT_EQ(json.at("entries")[1].at("type"), "grant");
  EXPECT_EQ(json.at("entries")[1].at("note"), "top-up");
  ASSERT_EQ(store.ledger_requests.size(), 1u);
  EXPECT_EQ(store.ledger_requests[0].client, demo);
  EXPECT_EQ(store.ledger_requests[0].limit, 2u);

  const std::string cursor = json.at("next_cursor");
  store.ledger_page.next_row = 0;
  const auto last = json_of(send(get("/v1/me/ledger?cursor=" + cursor)));
  EXPECT_EQ(store.ledger_requests[1].before_row, 77);
  EXPECT_TRUE(last.at("next_cursor").is_null());
  EXPECT_EQ(send(get("/v1/me/ledger?cursor=" + cursor, kOtherKey)).status, 400u);
}

TEST_F(Ledger, RefusesOtherQueries) {
  for (const char* query :
       {"limit=0", "limit=101", "limit=x", "cursor=x", "cursor=", "page=2", "limit=1&limit=2"}) {
    EXPECT_EQ(send(get(std::string("/v1/me/ledger?") + query)).status, 400u) << query;
  }
  EXPECT_EQ(send(get("/v1/me/ledger", "")).status, 401u);
}

TEST_F(Ledger, TheQueueIsToldByLane) {
  store.queue_depth = {.waiting = 7, .sending = 1};
  store.lane_depths[0] = {.live = 2,
                          .later = 1,
                          .more = false,
                          .oldest = clock.wall() - std::chrono::milliseconds{2'500}};
  store.lane_depths[2].live = ports::kLaneCountMax + 1;
  store.lane_depths[2].more = true;
  const auto json = json_of(send(get("/v1/admin/queue")));
  EXPECT_EQ(json.at("waiting"), 7);
  EXPECT_EQ(json.at("later"), 1);
  const auto& lanes = json.at("lanes");
  EXPECT_EQ(lanes.at("urgent").at("live"), 2);
  EXPECT_EQ(lanes.at("urgent").at("oldest_seconds"), 2.5);
  EXPECT_EQ(lanes.at("normal").at("oldest_seconds"), 0);
  EXPECT_EQ(lanes.at("bulk").at("live"), ports::kLaneCountMax);
  EXPECT_EQ(lanes.at("bulk").at("more"), true);
}

}  // namespace
}  // namespace heliograph::test
