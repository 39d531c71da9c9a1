// GET /v1/admin/live and the other routes of the dashboard: what they show, to whom, and what they
// keep from view.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <memory>
#include <string>
#include <vector>

#include "core/api/documents.h"
#include "core/api/live_desk.h"
#include "core/http/body_feed.h"
#include "tests/unit/api/api_fixture.h"

namespace heliograph::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class Live : public ApiTest {
 protected:
  Live() {
    pipeline::ProviderStatus provider;
    provider.id = "provider1";
    provider.outcomes = {7, 1, 0, 2, 0, 0};
    providers.all.push_back(provider);
    ports::MessageCounts counts;
    counts.groups.resize(2);
    counts.groups[0].messages = 3;
    counts.groups[1].messages = 4;
    store.counts.assign(50, counts);
  }

  model::MessageView& put(model::Status status) {
    model::MessageView& message = store.put(demo, status);
    message.to = "+14155552671";
    message.from = "+14155550000";
    message.text = "Meet me";
    message.metadata_json = R"({"note":"private"})";
    message.callback_url = "https://app.example/hook?token=1";
    message.updated_at = message.created_at + 250ms;
    return message;
  }

  // What the feed gives, once it does; nullopt in it: it has ended.
  using Piece = std::shared_ptr<std::optional<std::optional<std::string>>>;
  Piece ask(const std::shared_ptr<Exchange>& exchange) {
    auto piece = std::make_shared<std::optional<std::optional<std::string>>>();
    auto finished = [piece](const std::exception_ptr& error, std::optional<std::string> made) {
      EXPECT_EQ(error, nullptr);
      *piece = std::move(made);
    };
    boost::asio::co_spawn(loop, exchange->response->feed->next(), std::move(finished));
    turn();
    return piece;
  }

  // nullopt: the feed has ended.
  std::optional<std::string> next(const std::shared_ptr<Exchange>& exchange) {
    const Piece piece = ask(exchange);
    EXPECT_TRUE(piece->has_value()) << "the feed waits";
    return piece->value_or(std::nullopt);
  }

  json event(const std::shared_ptr<Exchange>& exchange) {
    const std::string text = next(exchange).value_or("");
    constexpr std::string_view kHead = "event: snapshot\ndata: ";
    EXPECT_TRUE(text.starts_with(kHead) && text.ends_with("\n\n")) << text;
    EXPECT_EQ(std::ranges::count(text, '\n'), 3) << "data of one line";
    return json::parse(text.substr(std::min(text.size(), kHead.size())), nullptr, false);
  }
};

TEST_F(Live, TellsOfEverythingThatMoves) {
  put(model::Status::kDelivered);
  put(model::Status::kSent);
  put(model::Status::kFailedPerm).last_error = "HTTP 400";
  store.queue_depth = {.waiting = 12, .sending = 3};
  store.ends.sent = {250ms};
  readiness.reasons = {"stopping"};
  const auto exchange = begin(get("/v1/admin/live"));
  ASSERT_TRUE(exchange->response && exchange->response->feed);
  EXPECT_EQ(exchange->response->content_type, "text/event-stream");
  EXPECT_EQ(header(*exchange->response, "Cache-Control"), "no-store");
  const json seen = event(exchange);
  EXPECT_EQ(seen.at("ready"), false);
  EXPECT_EQ(seen.at("reasons"), json::array({"stopping"}));
  EXPECT_EQ(seen.at("accepted_per_second"), 7.0);
  EXPECT_EQ(seen.at("queue").at("waiting"), 12);
  EXPECT_EQ(seen.at("providers").at(0).at("outcomes").at("SENT"), 7);
  EXPECT_TRUE(seen.at("limits").at("dispatch").is_null());
  EXPECT_EQ(seen.at("latency").at("sent"),
            (json{{"messages", 1}, {"p50_ms", 250}, {"p95_ms", 250}, {"max_ms", 250}}));
  EXPECT_TRUE(seen.at("latency").at("delivered").is_null());
  EXPECT_EQ(seen.at("newest").size(), 3U);
  ASSERT_EQ(seen.at("failures").size(), 1U);
  EXPECT_EQ(seen.at("failures").at(0).at("last_error"), "HTTP 400");
}

TEST_F(Live, ShowsNobodysNumbersAndTexts) {
  put(model::Status::kFailedPerm);
  const auto exchange = begin(get("/v1/admin/live"));
  const std::string text = next(exchange).value_or("");
  EXPECT_TRUE(text.contains("+1415***2671")) << text;
  for (const auto* hidden : {"4155552671", "4155550000", "Meet me", "private", "app.example"}) {
    EXPECT_FALSE(text.contains(hidden)) << hidden;
  }
}

// One who watches costs what eight cost: the same snapshot while it is young.
TEST_F(Live, IsReadOnceForAllWhoWatch) {
  const auto one = begin(get("/v1/admin/live"));
  const auto two = begin(get("/v1/admin/live"));
  const json first = event(one);
  EXPECT_EQ(event(two), first);
  EXPECT_EQ(store.counted.size(), 1U);
  const std::size_t lists = store.filters.size();
  clock.passed += 1s;
  EXPECT_NE(event(one), first);
  EXPECT_EQ(store.counted.size(), 2U);
  EXPECT_EQ(store.filters.size(), lists + 1) << "what looks through many rows goes slower";
  clock.passed += 3s;
  event(one);
  EXPECT_EQ(store.filters.size(), lists + 3);
}

// However many messages have come in since, and by when they failed.
TEST_F(Live, ShowsTheLastFailuresBehindAnyNumberOfNewerMessages) {
  const model::MessageId first = put(model::Status::kFailedPerm).id;
  const model::MessageId second = put(model::Status::kFailedTemp).id;
  const model::MessageId requeued = put(model::Status::kQueued).id;
  store.ends.failed = {first, requeued, second, model::MessageId::from_parts(1, 1)};
  for (int i = 0; i < 20; ++i) put(model::Status::kQueued);
  store.examine_max = 20;
  const json seen = event(begin(get("/v1/admin/live")));
  ASSERT_EQ(seen.at("failures").size(), 2U);
  EXPECT_EQ(seen.at("failures").at(0).at("id"), first.to_string());
  EXPECT_EQ(seen.at("failures").at(1).at("id"), second.to_string());
  EXPECT_EQ(seen.at("failures_complete"), false) << "there may be some of an earlier run";
}

TEST_F(Live, FillsUpWithFailuresOfAnEarlierRun) {
  const model::MessageId old = put(model::Status::kExpired).id;
  const model::MessageId recent = put(model::Status::kUnknown).id;
  store.ends.failed = {recent};
  json seen = event(begin(get("/v1/admin/live")));
  ASSERT_EQ(seen.at("failures").size(), 2U) << "each once";
  EXPECT_EQ(seen.at("failures").at(1).at("id"), old.to_string());
  EXPECT_EQ(seen.at("failures_complete"), true);
  for (int i = 0; i < 20; ++i)
    store.ends.failed.insert(store.ends.failed.begin(), put(model::Status::kFailedPerm).id);
  const std::size_t lists = store.filters.size();
  clock.passed += 5s;
  seen = event(begin(get("/v1/admin/live")));
  EXPECT_EQ(seen.at("failures").size(), 12U);
  EXPECT_EQ(seen.at("failures").at(0).at("id"), store.ends.failed.front().to_string());
  EXPECT_EQ(store.filters.size(), lists + 1) << "nothing is searched when there are enough";
}

TEST_F(Live, ACountThatIsNotCompleteIsNoRate) {
  store.counts.front().complete = false;
  EXPECT_TRUE(event(begin(get("/v1/admin/live"))).at("accepted_per_second").is_null());
}

// Those who ask while another makes it wait for that one, and get what it has made.
TEST_F(Live, IsMadeByOneAtATime) {
  providers.hold = true;
  std::vector<std::shared_ptr<Exchange>> exchanges;
  std::vector<Piece> pieces;
  for (int i = 0; i < 3; ++i) {
    exchanges.push_back(begin(get("/v1/admin/live")));
    pieces.push_back(ask(exchanges.back()));
  }
  EXPECT_EQ(providers.held.size(), 1U) << "the loop is asked once";
  for (const Piece& piece : pieces) EXPECT_FALSE(piece->has_value());
  providers.held.front()();
  const auto until = std::chrono::steady_clock::now() + 20s;
  const auto open = [](const Piece& piece) { return !piece->has_value(); };
  while (std::ranges::any_of(pieces, open) && std::chrono::steady_clock::now() < until) {
    loop.restart();
    loop.run_one_for(1s);
  }
  EXPECT_EQ(providers.held.size(), 1U);
  ASSERT_FALSE(std::ranges::any_of(pieces, open));
  for (const Piece& piece : pieces) {
    EXPECT_TRUE(piece->value().has_value());
    EXPECT_EQ(*piece, *pieces.front());
  }
}

// Whoever makes it may be cut off: then another one does.
TEST_F(Live, TheRightToMakeItIsGivenBack) {
  api::LiveDesk desk{clock.wall()};
  auto making = desk.begin_making();
  ASSERT_TRUE(making.has_value());
  EXPECT_FALSE(desk.begin_making().has_value());
  making.reset();
  EXPECT_TRUE(desk.begin_making().has_value());
}

TEST_F(Live, IsForEightAtATime) {
  std::vector<std::shared_ptr<Exchange>> all;
  for (std::size_t i = 0; i < api::LiveDesk::kStreamsMax; ++i) {
    all.push_back(begin(get("/v1/admin/live")));
    EXPECT_EQ(all.back()->response->status, 200U);
  }
  const http::Response refused = send(get("/v1/admin/live"));
  EXPECT_EQ(refused.status, 503U);
  EXPECT_EQ(header(refused, "Retry-After"), "5");
  EXPECT_EQ(refused.feed, nullptr);
  all.pop_back();
  EXPECT_EQ(begin(get("/v1/admin/live"))->response->status, 200U);
}

TEST_F(Live, EndsWithTheKeyThatOpenedIt) {
  EXPECT_EQ(send(get("/v1/admin/live", kOtherKey)).status, 403U);
  EXPECT_EQ(send(get("/v1/admin/live", "")).status, 401U);
  const auto exchange = begin(get("/v1/admin/live"));
  EXPECT_TRUE(next(exchange).has_value());
  store.forget_key(kKey);
  ++store.version;
  EXPECT_FALSE(next(exchange).has_value());
}

TEST_F(Live, OperatorsSearchAllClientsMessages) {
  put(model::Status::kSent);
  put(model::Status::kFailedPerm).client_reference = "order-7";
  model::MessageView& theirs = put(model::Status::kQueued);
  theirs.client = other;
  const json all = json_of(send(get("/v1/admin/messages")));
  ASSERT_EQ(all.at("messages").size(), 3U);
  EXPECT_EQ(all.at("messages").at(0).at("client"), "other");
  EXPECT_EQ(all.at("messages").at(0).at("to"), "+1415***2671");
  EXPECT_EQ(all.at("messages").at(0).at("from"), "+1415***0000");
  EXPECT_FALSE(all.at("messages").at(0).contains("text"));
  const auto found = [&](const std::string& query) {
    return json_of(send(get("/v1/admin/messages?" + query))).at("messages").size();
  };
  EXPECT_EQ(found("client=demo"), 2U);
  EXPECT_EQ(found("client_reference=order-7"), 1U);
  EXPECT_EQ(found("status=SENT&client=other"), 0U);
  send(get("/v1/admin/messages?dead_letters=true"));
  EXPECT_TRUE(store.filters.back().dead_letters_only);
  const json open = json_of(send(get("/v1/admin/messages?personal=true&client=other")));
  EXPECT_EQ(open.at("messages").at(0).at("to"), "+14155552671");
  EXPECT_EQ(open.at("messages").at(0).at("text"), "Meet me");
}

TEST_F(Live, OperatorsPageThroughWhatTheyFound) {
  for (int i = 0; i < 3; ++i) put(model::Status::kSent);
  const json first = json_of(send(get("/v1/admin/messages?limit=2&client=demo")));
  const auto cursor = first.at("next_cursor").get<std::string>();
  const json second = json_of(send(get("/v1/admin/messages?limit=2&client=demo&cursor=" + cursor)));
  EXPECT_EQ(second.at("messages").size(), 1U);
  EXPECT_TRUE(second.at("next_cursor").is_null());
  EXPECT_EQ(send(get("/v1/admin/messages?limit=2&cursor=" + cursor)).status, 400U);
  EXPECT_EQ(send(get("/v1/messages?cursor=" + cursor)).status, 400U);
}

TEST_F(Live, BadQuestionsAreToldApart) {
  const std::vector<std::pair<std::string, std::string>> table{
      {"client=nobody", "client"},  {"client=", "client"},
      {"personal=yes", "personal"}, {"dead_letters=1", "dead_letters"},
      {"surprise=1", "surprise"},   {"personal=true&personal=true", "personal"},
      {"status=SENDED", "status"},  {"limit=101", "limit"}};
  for (const auto& [query, named] : table) {
    const http::Response response = send(get("/v1/admin/messages?" + query));
    EXPECT_EQ(response.status, 400U) << query;
    EXPECT_TRUE(json_of(response).at("detail").get<std::string>().contains(named)) << query;
  }
  // What operators alone may say is still unknown to clients.
  for (const auto* query : {"client=demo", "personal=true", "dead_letters=true"}) {
    EXPECT_EQ(send(get(std::string("/v1/messages?") + query)).status, 400U) << query;
  }
}

TEST_F(Live, AStoryHasEverythingOfAMessage) {
  const model::MessageView message = put(model::Status::kFailedPerm);
  store.attempt_views[message.id].emplace_back().provider = "provider1";
  store.event_views[message.id].emplace_back().at = message.created_at;
  model::CallbackDelivery told;
  told.message = message.id;
  told.event = model::CallbackEvent::kFailed;
  told.url = "https://user:secret@app.example:8443/hook?token=1";
  callbacks.deliveries = {told, {}};
  const std::string path = "/v1/admin/messages/" + message.id.to_string();
  const json story = json_of(send(get(path)));
  EXPECT_EQ(story.at("message").at("client"), "demo");
  EXPECT_EQ(story.at("message").at("to"), "+1415***2671");
  EXPECT_EQ(story.at("attempts").size(), 1U);
  EXPECT_EQ(story.at("events").size(), 1U);
  ASSERT_EQ(story.at("callbacks").size(), 1U);
  EXPECT_EQ(story.at("callbacks").at(0).at("type"), "message.failed");
  EXPECT_EQ(story.at("callbacks").at(0).at("origin"), "app.example:8443");
  EXPECT_EQ(callbacks.asked_moments, std::vector{message.created_at});
  EXPECT_EQ(json_of(send(get(path + "?personal=true"))).at("message").at("text"), "Meet me");
  EXPECT_EQ(send(get(path + "?personal=maybe")).status, 400U);
  EXPECT_EQ(send(get(path + "?text=true")).status, 400U);
  EXPECT_EQ(send(get(path, kOtherKey)).status, 403U);
  EXPECT_EQ(send(get("/v1/admin/messages/" + model::MessageId{}.to_string())).status, 404U);
}

TEST_F(Live, OperatorsRequeueAnybodysDeadLetter) {
  model::MessageView& message = put(model::Status::kFailedPerm);
  message.client = other;
  const std::string path = "/v1/admin/messages/" + message.id.to_string() + "/requeue";
  EXPECT_EQ(send(post("/v1/dead-letters/" + message.id.to_string() + "/requeue")).status, 404U);
  EXPECT_EQ(send(post(path, R"({"validity":"soon"})")).status, 400U);
  const http::Response response = send(post(path, R"({"validity":"1h"})"));
  EXPECT_EQ(response.status, 202U) << response.body;
  EXPECT_EQ(store.validities.back(), std::chrono::milliseconds(1h));
  EXPECT_EQ(send(post(path)).status, 409U);
}

class SomePlugins final : public api::PluginDirectory {
 public:
  std::vector<api::PluginInstance> plugins() const override {
    return {{.name = "provider1",
             .kind = "provider",
             .plugin = "http",
             .version = "1.0.0",
             .file = "/plugins/a.so",
             .sha256 = "ab",
             .state = "running",
             .problem = {},
             .generation = 3,
             .misbehaviour = {{"slow_call", 2}}}};
  }
};

TEST_F(Live, PluginsAreListedWithWhatTheyDid) {
  EXPECT_EQ(json_of(send(get("/v1/admin/plugins"))), (json{{"plugins", json::array()}}));
  const SomePlugins directory;
  plugins = &directory;
  rebuild();
  EXPECT_EQ(json_of(send(get("/v1/admin/plugins"))).at("plugins"),
            json::array({{{"name", "provider1"},
                          {"kind", "provider"},
                          {"plugin", "http"},
                          {"version", "1.0.0"},
                          {"file", "/plugins/a.so"},
                          {"sha256", "ab"},
                          {"generation", 3},
                          {"state", "running"},
                          {"misbehaviour", {{"slow_call", 2}}}}}));
}

TEST(LatencyOf, ReadsRanksFromSortedTimes) {
  EXPECT_FALSE(api::latency_of({}).has_value());
  std::vector<std::chrono::milliseconds> times;
  for (int i = 100; i > 0; --i) times.emplace_back(i);
  const auto latency = api::latency_of(times);
  ASSERT_TRUE(latency.has_value());
  EXPECT_EQ(latency->messages, 100U);
  EXPECT_EQ(latency->median, 50ms);
  EXPECT_EQ(latency->p95, 95ms);
  EXPECT_EQ(latency->max, 100ms);
}

TEST_F(Live, ThePageMayRunItsOwnFilesAlone) {
  const http::Response page = send(get("/", ""));
  EXPECT_EQ(page.status, 200U);
  const std::string policy = header(page, "Content-Security-Policy");
  EXPECT_TRUE(policy.contains("default-src 'none'")) << policy;
  EXPECT_FALSE(policy.contains("unsafe")) << policy;
  EXPECT_FALSE(page.body.contains("://")) << "the page names another host";
  for (const auto* inlined : {" style=", "onclick=", "onsubmit=", "<script>", "<style"}) {
    EXPECT_FALSE(page.body.contains(inlined)) << inlined;
  }
}

// Every file the page and its scripts name is served, and every one that is there is named.
TEST_F(Live, ThePageHasAllItsFiles) {
  std::string names = send(get("/", "")).body;
  std::size_t served = 0;
  for (const api::EmbeddedFile& file : api::embedded_files()) {
    const http::Response response = send(get("/dashboard/" + std::string(file.name), ""));
    if (response.status != 200) continue;
    ++served;
    EXPECT_EQ(header(response, "X-Content-Type-Options"), "nosniff");
    if (file.name.ends_with(".js")) names += response.body;
  }
  EXPECT_EQ(served, 8U);
  for (const auto* name : {"dashboard.css", "dashboard.js", "gateway.js", "elements.js",
                           "charts.js", "overview.js", "messages.js", "plugins.js"}) {
    EXPECT_EQ(send(get(std::string("/dashboard/") + name, "")).status, 200U) << name;
    EXPECT_TRUE(names.contains(std::string("/") + name)) << name;
  }
  EXPECT_EQ(send(get("/dashboard/openapi.json", "")).status, 404U);
}

TEST_F(Live, ThePageIsWhereTheAdminRoutesAre) {
  settings.listeners = {{.name = "127.0.0.1:8080"}, {.name = "admin", .roles = {"admin"}}};
  rebuild();
  EXPECT_EQ(send(get("/", "")).status, 404U);
  http::Request request = get("/", "");
  request.local_listener = "admin";
  EXPECT_EQ(send(std::move(request)).status, 200U);
}

}  // namespace
}  // namespace heliograph::test
