// The dispatcher of callbacks in virtual time, over a store and receivers of the test's.
#include "core/pipeline/callbacks/dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/config/config.h"
#include "tests/support/virtual_time.h"

namespace heliograph::pipeline {
namespace {

using namespace std::chrono_literals;
using model::CallbackId;
using model::CallbackState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A table of deliveries. Pages and commits take their time, so that they cross.
class FakeStore final : public ports::StoreCallbacks {
 public:
  struct Row {
    std::int64_t endpoint = 0;
    model::CallbackJob job;
    CallbackState state = CallbackState::kPending;
    ports::CallbackResult last;
  };

  FakeStore(test::VirtualLoop& loop, test::VirtualClock& clock) : loop_(loop), clock_(clock) {}

  std::map<std::int64_t, model::CallbackEndpoint> endpoints;
  std::map<std::int64_t, Row> rows;
  std::chrono::milliseconds read_time{2};
  std::chrono::milliseconds commit_time{3};
  int unreadable = 0;  // pages that fail

  std::int64_t add_endpoint(const std::string& url, std::int64_t client = 1) {
    model::CallbackEndpoint endpoint;
    endpoint.id = CallbackId::from_parts(++last_row_, 7);
    endpoint.client = static_cast<model::ClientId>(client);
    endpoint.url = url;
    endpoint.secrets.current = "secret";
    endpoints[last_row_] = endpoint;
    return last_row_;
  }
  std::int64_t add(std::int64_t endpoint, const std::string& url = "") {
    Row row;
    row.endpoint = endpoint;
    row.job.id = CallbackId::from_parts(++last_row_, 7);
    row.job.url = url;
    row.job.body = "body";
    row.job.due = clock_.wall();
    rows[last_row_] = row;
    return last_row_;
  }

  void callbacks_due(std::int64_t endpoint, model::TimePoint now, std::size_t limit,
                     ports::Executor&, ports::Done<ports::CallbackPage> done) override {
    ports::CallbackPage page;  // as it is now, told later
    const auto found = endpoints.find(endpoint);
    if (found != endpoints.end()) page.endpoint = found->second;
    if (unreadable > 0) {
      --unreadable;
      page.read = false;
    }
    for (const auto& [id, row] : rows) {
      if (row.endpoint != endpoint || row.state != CallbackState::kPending || !page.read) continue;
      if (row.job.due > now) {
        page.next_due = std::min(page.next_due, row.job.due);
      } else if (page.jobs.size() < limit) {
        page.jobs.push_back(row.job);
      }
    }
    loop_.run_at(
        clock_.mono() + read_time,
        [done = std::move(done), page = std::move(page)]() mutable { done(std::move(page)); });
  }

  void finish_callbacks(std::vector<ports::CallbackResult> results, std::vector<std::int64_t> gone,
                        ports::Executor&, ports::Done<bool> done) override {
    loop_.run_at(clock_.mono() + commit_time,
                 [this, results = std::move(results), gone = std::move(gone),
                  done = std::move(done)]() mutable {
                   for (const auto& result : results) apply(result);
                   for (const auto endpoint : gone) endpoints[endpoint].enabled = false;
                   loop_.post([done = std::move(done)]() mutable { done(true); });
                 });
  }

  void create_callback(ports::NewCallbackEndpoint, ports::Executor&,
                       ports::Done<ports::CreateCallbackResult>) override {}
  void update_callback(model::ClientId, CallbackId, ports::CallbackChanges, ports::Executor&,
                       ports::Done<std::optional<model::CallbackEndpoint>>) override {}
  void remove_callback(model::ClientId, CallbackId, ports::Executor&, ports::Done<bool>) override {}
  void rotate_callback_secret(model::ClientId, CallbackId, std::string, model::TimePoint,
                              ports::Executor&,
                              ports::Done<std::optional<model::CallbackEndpoint>>) override {}
  void callback_url_secret(model::ClientId, ports::Executor&,
                           ports::Done<model::CallbackSecrets>) override {}
  void list_callbacks(model::ClientId, std::int64_t, std::size_t, ports::Executor&,
                      ports::Done<ports::CallbackEndpointList>) override {}
  void find_callback(model::ClientId, CallbackId, ports::Executor&,
                     ports::Done<std::optional<model::CallbackEndpoint>>) override {}
  void list_callback_deliveries(ports::CallbackDeliveryFilter, ports::Executor&,
                                ports::Done<std::optional<ports::CallbackDeliveryList>>) override {}
  void message_callbacks(model::MessageId, std::vector<model::TimePoint>, ports::Executor&,
                         ports::Done<std::vector<model::CallbackDelivery>>) override {}
  void replay_callback(model::ClientId, CallbackId, CallbackId, ports::Executor&,
                       ports::Done<ports::ReplayResult>) override {}
  void replay_failed_callbacks(model::ClientId, CallbackId, std::size_t, ports::Executor&,
                               ports::Done<std::optional<ports::BulkReplayResult>>) override {}
  std::vector<ports::CallbackHead> callback_heads() override { return {}; }
  void watch_callbacks(ports::CallbackEvents&) override {}

 private:
  void apply(const ports::CallbackResult& result) {
    Row& row = rows.at(result.id.row());
    EXPECT_EQ(row.state, CallbackState::kPending);
    row.state = result.state;
    row.last = result;
    if (result.attempted) ++row.job.attempts;
    row.job.due = result.due;
  }

  test::VirtualLoop& loop_;
  test::VirtualClock& clock_;
  std::int64_t last_row_ = std::int64_t{1'700'000'000'000} << 16;
};

// Receivers by URL: each answers after a time, or never.
class FakeHttp final : public ports::HttpClient {
 public:
  struct Receiver {
    std::vector<unsigned> codes;  // in turn, the last for ever; 0: no answer until the deadline
    std::chrono::milliseconds time{10};
    std::string retry_after;
    std::vector<ports::OutgoingRequest> requests;
    std::size_t under_way = 0;
    std::size_t most = 0;
  };
  FakeHttp(test::VirtualLoop& loop, test::VirtualClock& clock) : loop_(loop), clock_(clock) {}

  std::map<std::string, Receiver> receivers;
  int busy = 0;  // requests to refuse

  std::expected<Id, ports::HttpRefusal> request(
      ports::OutgoingRequest request,
      base::UniqueFunction<void(ports::OutgoingResponse)> done) override {
    if (busy > 0 && busy-- > 0) return std::unexpected(ports::HttpRefusal::kBusy);
    if (request.url.empty()) return std::unexpected(ports::HttpRefusal::kMalformed);
    Receiver& receiver = receivers[request.url];
    receiver.most = std::max(receiver.most, ++receiver.under_way);
    const unsigned code =
        receiver.codes.empty()
            ? 200
            : receiver.codes[std::min(receiver.requests.size(), receiver.codes.size() - 1)];
    const ports::MonoTime at = code == 0 ? request.deadline : clock_.mono() + receiver.time;
    receiver.requests.push_back(std::move(request));
    loop_.run_at(at, [&receiver, code, done = std::move(done)]() mutable {
      --receiver.under_way;
      ports::OutgoingResponse response;
      response.status = code == 0 ? ports::HttpStatus::kDeadline : ports::HttpStatus::kOk;
      response.progress =
          code == 0 ? ports::HttpProgress::kWritten : ports::HttpProgress::kComplete;
      response.code = code;
      if (!receiver.retry_after.empty()) {
        response.headers.emplace_back("retry-after", receiver.retry_after);
      }
      done(std::move(response));
    });
    return ++last_id_;
  }
  void cancel(Id) override {}

 private:
  test::VirtualLoop& loop_;
  test::VirtualClock& clock_;
  Id last_id_ = 0;
};

class FakeSigner final : public ports::CallbackSigner {
 public:
  std::string sign(const std::vector<std::string_view>& secrets, std::string_view id,
                   std::int64_t seconds, std::string_view body) const override {
    std::string text;
    for (const auto secret : secrets) text += std::string(secret) + "+";
    return text + std::string(id) + "+" + std::to_string(seconds) + "+" + std::string(body);
  }
};

class CallbackDispatcherTest : public testing::Test {
 protected:
  CallbackDispatcherTest() {
    settings.retry_delays = config::Callbacks{}.retry_delays;
    settings.allow_http = true;
    settings.user_agent = "Heliograph/test";
  }
  void start() {
    dispatcher =
        std::make_unique<CallbackDispatcher>(settings, CallbackDispatcherPorts{.clock = clock,
                                                                               .random = random,
                                                                               .loop = loop,
                                                                               .store = store,
                                                                               .http = http,
                                                                               .signer = signer});
  }
  void tell(std::int64_t endpoint) { dispatcher->on_callbacks_due({endpoint}); }
  FakeStore::Row& row(std::int64_t id) { return store.rows.at(id); }
  std::size_t count(CallbackState state) {
    return static_cast<std::size_t>(std::ranges::count_if(
        store.rows, [&](const auto& entry) { return entry.second.state == state; }));
  }
  static std::string header(const ports::OutgoingRequest& request, std::string_view name) {
    for (const auto& [known, value] : request.headers) {
      if (known == name) return value;
    }
    return {};
  }

  test::VirtualClock clock;
  test::VirtualLoop loop{clock, 1};
  test::SeededRandom random{1};
  FakeStore store{loop, clock};
  FakeHttp http{loop, clock};
  FakeSigner signer;
  CallbackSettings settings;
  std::unique_ptr<CallbackDispatcher> dispatcher;
};

TEST_F(CallbackDispatcherTest, SendsOnceAndNotesIt) {
  const auto endpoint = store.add_endpoint("https://a/");
  const auto id = store.add(endpoint);
  start();
  tell(endpoint);
  tell(endpoint);
  loop.run_for(1min);
  EXPECT_EQ(row(id).state, CallbackState::kDelivered);
  EXPECT_EQ(row(id).last.status_code, 200);
  ASSERT_EQ(http.receivers["https://a/"].requests.size(), 1u);
  const auto& request = http.receivers["https://a/"].requests[0];
  const std::string text = row(id).job.id.to_string();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.body, "body");
  EXPECT_EQ(header(request, "webhook-id"), text);
  const std::string seconds = header(request, "webhook-timestamp");
  EXPECT_EQ(header(request, "webhook-signature"), "secret+" + text + "+" + seconds + "+body");
  EXPECT_EQ(header(request, "User-Agent"), "Heliograph/test");
  EXPECT_EQ(loop.timers(), 0u);  // nothing is left behind
}

TEST_F(CallbackDispatcherTest, SignsWithBothSecretsDuringTheOverlap) {
  const auto endpoint = store.add_endpoint("https://a/");
  store.endpoints[endpoint].secrets.previous = "older";
  store.endpoints[endpoint].secrets.previous_until = clock.wall() + 1h;
  store.add(endpoint);
  start();
  tell(endpoint);
  loop.run_for(1min);
  loop.run_for(2h);
  store.add(endpoint);
  tell(endpoint);
  loop.run_for(1min);
  const auto& requests = http.receivers["https://a/"].requests;
  EXPECT_THAT(header(requests.at(0), "webhook-signature"), testing::StartsWith("secret+older+"));
  EXPECT_THAT(header(requests.at(1), "webhook-signature"), testing::Not(HasSubstr("older")));
}

TEST_F(CallbackDispatcherTest, FollowsTheScheduleAndGivesUpAfterTheLast) {
  const auto endpoint = store.add_endpoint("https://a/");
  http.receivers["https://a/"].codes = {500};
  const auto id = store.add(endpoint);
  start();
  tell(endpoint);
  loop.run_for(4s);
  EXPECT_EQ(row(id).job.attempts, 1);
  loop.run_for(3s);
  EXPECT_EQ(row(id).job.attempts, 2);
  loop.run_for(100h);
  EXPECT_EQ(row(id).job.attempts, 10);
  EXPECT_EQ(row(id).state, CallbackState::kFailed);
  EXPECT_EQ(row(id).last.error, "the receiver answered 500");
  const auto& requests = http.receivers["https://a/"].requests;
  ASSERT_EQ(requests.size(), 10u);
  EXPECT_EQ(header(requests[0], "webhook-id"), header(requests[9], "webhook-id"));
  EXPECT_NE(header(requests[0], "webhook-timestamp"), header(requests[9], "webhook-timestamp"));
  EXPECT_EQ(dispatcher->stats().given_up, 1u);
}

TEST_F(CallbackDispatcherTest, ARetryThatSucceedsEndsIt) {
  const auto endpoint = store.add_endpoint("https://a/");
  http.receivers["https://a/"].codes = {0, 302, 204};
  const auto id = store.add(endpoint);
  start();
  tell(endpoint);
  loop.run_for(1h);
  EXPECT_EQ(row(id).state, CallbackState::kDelivered);
  EXPECT_EQ(row(id).job.attempts, 3);
  EXPECT_EQ(http.receivers["https://a/"].requests.size(), 3u);
}

TEST_F(CallbackDispatcherTest, ARetryThatIsDueWhileItLooksIsNotForgotten) {
  const auto endpoint = store.add_endpoint("https://a/");
  for (int i = 0; i < 300; ++i) {
    http.receivers["https://a/"].codes.insert(http.receivers["https://a/"].codes.end(), {500, 200});
  }
  settings.retry_delays = {4ms};
  start();
  clock.creep(100us);
  for (int i = 0; i < 300; ++i) {
    const auto id = store.add(endpoint);
    tell(endpoint);
    loop.run_for(200ms);
    ASSERT_EQ(row(id).state, CallbackState::kDelivered) << "delivery " << i;
  }
}

TEST_F(CallbackDispatcherTest, GoneDisablesTheEndpointAndGivesUpTheRest) {
  const auto endpoint = store.add_endpoint("https://a/");
  http.receivers["https://a/"].codes = {410};
  for (int i = 0; i < 100; ++i) store.add(endpoint);
  start();
  tell(endpoint);
  loop.run_for(1min);
  EXPECT_FALSE(store.endpoints[endpoint].enabled);
  EXPECT_EQ(count(CallbackState::kFailed), 100u);
  // What was under way, and a page that was read before the change.
  EXPECT_LE(http.receivers["https://a/"].requests.size(), 8u);
  EXPECT_EQ(loop.timers(), 0u);
}

TEST_F(CallbackDispatcherTest, RetryAfterHoldsTheEndpointAndTheDelivery) {
  const auto endpoint = store.add_endpoint("https://a/");
  auto& receiver = http.receivers["https://a/"];
  receiver.codes = {429, 200};
  receiver.retry_after = "60";
  settings.max_in_flight = 1;
  store.add(endpoint);
  store.add(endpoint);
  start();
  tell(endpoint);
  loop.run_for(59s);
  EXPECT_EQ(receiver.requests.size(), 1u);
  loop.run_for(5s);
  EXPECT_EQ(count(CallbackState::kDelivered), 2u);
}

TEST_F(CallbackDispatcherTest, NoMoreThanAllowedAtOneEndpoint) {
  const auto endpoint = store.add_endpoint("https://a/");
  settings.max_in_flight = 8;
  for (int i = 0; i < 500; ++i) store.add(endpoint);
  start();
  tell(endpoint);
  loop.run_for(1min);
  EXPECT_EQ(count(CallbackState::kDelivered), 500u);
  EXPECT_EQ(http.receivers["https://a/"].requests.size(), 500u);
  EXPECT_EQ(http.receivers["https://a/"].most, 8u);
}

TEST_F(CallbackDispatcherTest, ASlowEndpointHoldsUpNobody) {
  const auto slow = store.add_endpoint("https://slow/");
  const auto quick = store.add_endpoint("https://quick/");
  http.receivers["https://slow/"].codes = {0};
  for (int i = 0; i < 2'000; ++i) store.add(slow);
  std::vector<std::int64_t> wanted;
  for (int i = 0; i < 500; ++i) wanted.push_back(store.add(quick));
  start();
  tell(slow);
  tell(quick);
  loop.run_for(2s);  // none of the slow one's has timed out yet
  for (const auto id : wanted) EXPECT_EQ(row(id).state, CallbackState::kDelivered);
  EXPECT_LE(http.receivers["https://slow/"].most, 32u);
}

TEST_F(CallbackDispatcherTest, OneClientsManySlowEndpointsLeaveRoomForAnothers) {
  settings.retry_delays = {1s};
  std::vector<std::string> urls;
  for (int i = 0; i < 200; ++i) {
    urls.push_back("https://slow/" + std::to_string(i));
    http.receivers[urls.back()].codes = {0};
    const auto endpoint = store.add_endpoint(urls.back(), 1);
    for (int j = 0; j < 10; ++j) store.add(endpoint);
  }
  const auto quick = store.add_endpoint("https://quick/", 2);
  const auto id = store.add(quick);
  start();
  for (const auto& [endpoint, value] : store.endpoints) tell(endpoint);
  loop.run_for(1s);
  EXPECT_EQ(row(id).state, CallbackState::kDelivered);
  std::size_t under_way = 0;
  for (const auto& url : urls) under_way += http.receivers[url].under_way;
  EXPECT_EQ(under_way, kCallbacksInFlight / 2);
  loop.run_for(3h);
  EXPECT_EQ(count(CallbackState::kPending), 0u);  // in line, but not forgotten
}

TEST_F(CallbackDispatcherTest, PagesAndCommitsThatCrossSendNothingTwice) {
  const auto endpoint = store.add_endpoint("https://a/");
  http.receivers["https://a/"].time = 1ms;
  store.read_time = 7ms;
  store.commit_time = 5ms;
  start();
  for (int i = 0; i < 300; ++i) {
    store.add(endpoint);
    tell(endpoint);
    loop.run_for(1ms);
  }
  loop.run_for(1min);
  EXPECT_EQ(count(CallbackState::kDelivered), 300u);
  EXPECT_EQ(http.receivers["https://a/"].requests.size(), 300u);
}

TEST_F(CallbackDispatcherTest, ARetryIsNotForgottenWhenItsAttemptFailsBesideAPage) {
  const auto endpoint = store.add_endpoint("https://a/");
  http.receivers["https://a/"].codes = {500, 200};
  store.read_time = 20ms;
  store.commit_time = 30ms;
  store.add(endpoint);
  start();
  tell(endpoint);
  loop.run_for(25ms);  // the first is under way
  store.add(endpoint);
  tell(endpoint);  // this page is read before the failure and told after it
  loop.run_for(1h);
  EXPECT_EQ(count(CallbackState::kDelivered), 2u);
  EXPECT_EQ(http.receivers["https://a/"].requests.size(), 3u);
}

TEST_F(CallbackDispatcherTest, WhatWaitedAtTheStartIsSent) {
  const auto endpoint = store.add_endpoint("https://a/");
  const auto id = store.add(endpoint);
  row(id).job.due = clock.wall() + 10min;
  start();
  dispatcher->start({{.endpoint = endpoint, .first_due = row(id).job.due}});
  loop.run_for(9min);
  EXPECT_EQ(row(id).state, CallbackState::kPending);
  loop.run_for(2min);
  EXPECT_EQ(row(id).state, CallbackState::kDelivered);
}

TEST_F(CallbackDispatcherTest, AMessagesOwnUrlIsUsed) {
  const auto endpoint = store.add_endpoint("https://a/dlr");
  store.add(endpoint, "https://a/dlr?id=1");
  start();
  tell(endpoint);
  loop.run_for(1s);
  EXPECT_EQ(http.receivers["https://a/dlr?id=1"].requests.size(), 1u);
}

TEST_F(CallbackDispatcherTest, PlainHttpIsRefusedUnlessAllowed) {
  settings.allow_http = false;
  settings.retry_delays = {};
  const auto endpoint = store.add_endpoint("HTTP://a/");
  const auto id = store.add(endpoint);
  start();
  tell(endpoint);
  loop.run_for(1s);
  EXPECT_EQ(row(id).state, CallbackState::kFailed);
  EXPECT_THAT(row(id).last.error, HasSubstr("callbacks.allow_http"));
  EXPECT_THAT(http.receivers, IsEmpty());
}

TEST_F(CallbackDispatcherTest, TroubleBelowCountsNoAttempt) {
  const auto endpoint = store.add_endpoint("https://a/");
  const auto id = store.add(endpoint);
  store.unreadable = 2;
  http.busy = 2;
  start();
  tell(endpoint);
  loop.run_for(1min);
  EXPECT_EQ(row(id).state, CallbackState::kDelivered);
  EXPECT_EQ(row(id).job.attempts, 1);
}

TEST_F(CallbackDispatcherTest, AnEndpointThatIsGoneFromTheStoreIsForgotten) {
  const auto endpoint = store.add_endpoint("https://a/");
  store.endpoints.clear();
  start();
  tell(endpoint);
  loop.run_for(1min);
  EXPECT_EQ(loop.timers(), 0u);
  EXPECT_THAT(http.receivers, IsEmpty());
}

TEST_F(CallbackDispatcherTest, ADrainWaitsForWhatIsUnderWayButNotForEver) {
  const auto endpoint = store.add_endpoint("https://a/");
  const auto hangs = store.add_endpoint("https://hangs/");
  http.receivers["https://hangs/"].codes = {0};
  for (int i = 0; i < 50; ++i) store.add(endpoint);
  store.add(hangs);
  start();
  tell(endpoint);
  tell(hangs);
  loop.run_for(5ms);
  std::optional<ports::MonoTime> drained;
  const auto from = clock.mono();
  dispatcher->drain(from + 2s, [&] { drained = clock.mono(); });
  loop.run_for(10s);
  ASSERT_TRUE(drained);
  EXPECT_EQ(*drained - from, 2s);
  EXPECT_EQ(count(CallbackState::kDelivered), 4u);  // what was under way; nothing begun since
}

}  // namespace
}  // namespace heliograph::pipeline
