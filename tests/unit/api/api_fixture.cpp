#include "tests/unit/api/api_fixture.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include "core/base/text.h"
#include "core/http/problem.h"
#include "core/http/target.h"

namespace heliograph::test {

void LoopExecutor::post(base::Task task) { boost::asio::post(loop_, std::move(task)); }

void FakeProviders::providers(ports::Executor& where,
                              ports::Done<std::vector<pipeline::ProviderStatus>> done) {
  where.post([this, done = std::move(done)]() mutable { done(all); });
}

void FakeProviders::act(std::string provider, pipeline::ProviderAction action,
                        ports::Executor& where,
                        ports::Done<std::optional<pipeline::ProviderStatus>> done) {
  std::optional<pipeline::ProviderStatus> result;
  const auto found = std::ranges::find(all, provider, &pipeline::ProviderStatus::id);
  if (found != all.end()) {
    actions.emplace_back(provider, action);
    if (action == pipeline::ProviderAction::kDisable) found->enabled = false;
    result = *found;
  }
  where.post(
      [done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
}

void FakeProviders::distribution(bool reset, ports::Executor& where,
                                 ports::Done<pipeline::Distribution> done) {
  if (reset) ++resets;
  pipeline::Distribution answer = counts;
  answer.providers = all;
  base::Task task = [answer = std::move(answer), done = std::move(done)]() mutable {
    done(std::move(answer));
  };
  if (hold) {
    held.push_back(std::move(task));
  } else {
    where.post(std::move(task));
  }
}

void FakeIngress::handle(ports::IngressRequest request, ports::Executor& where,
                         ports::Done<ports::IngressAnswer> done) {
  requests.push_back(std::move(request));
  where.post([this, done = std::move(done)]() mutable { done(answer); });
}

ApiTest::ApiTest() {
  using enum model::Scope;
  demo = store.add("demo", kKey, kScopeSend | kScopeRead | kScopeAdmin, 100'000).id;
  other = store.add("other", kOtherKey, kScopeSend | kScopeRead, 100'000).id;
  store.add("reader", kReadKey, kScopeRead, 0);
  intake_settings.providers = {{"provider1", 1 | 4}, {"mailer", 2}};
  rebuild();
}

ApiTest::~ApiTest() {
  store.held.clear();
  providers.held.clear();
  turn();
}

void ApiTest::rebuild() {
  intake_ = std::make_unique<pipeline::Intake>(intake_settings, clock, store);
  const api::ApiPorts ports{.intake = *intake_,
                            .providers = providers,
                            .store = store,
                            .queries = store,
                            .clients = store,
                            .callbacks = callbacks,
                            .conversations = conversations,
                            .ingress = ingress,
                            .clock = clock,
                            .readiness = readiness,
                            .settlements = settlements,
                            .inbound = inbound_,
                            .metrics = metrics,
                            .plugins = plugins};
  router_ = std::make_unique<http::Router>(api::make_router(settings, ports));
}

http::Request ApiTest::get(std::string target, std::string_view key) {
  http::Request request;
  request.target = std::move(target);
  request.headers.emplace_back("host", "localhost:8080");
  if (!key.empty()) request.headers.emplace_back("x-api-key", key);
  request.peer = "127.0.0.1";
  request.peer_is_loopback = true;
  request.local_listener = "127.0.0.1:8080";
  return request;
}

http::Request ApiTest::post(std::string target, std::string body, std::string_view key) {
  http::Request request = get(std::move(target), key);
  request.method = http::Method::kPost;
  if (!body.empty()) request.headers.emplace_back("content-type", "application/json");
  request.body = std::move(body);
  return request;
}

std::shared_ptr<Exchange> ApiTest::begin(http::Request request) {
  auto exchange = std::make_shared<Exchange>();
  exchange->request = std::move(request);
  http::Request& sent = exchange->request;
  const auto target = http::split_target(sent.target);
  EXPECT_TRUE(target.has_value()) << sent.target;
  sent.path = target->path;
  sent.query = http::parse_query(target->query).value();
  sent.executor = &executor;
  auto match = router_->find(sent.method, target->path);
  if (match.handler == nullptr) {
    exchange->response = http::problem_response(match.status, "");
    exchange->response->headers.emplace_back("Allow", match.allow);
    return exchange;
  }
  sent.params = std::move(match.params);
  auto finished = [exchange](const std::exception_ptr& error, http::Response response) {
    EXPECT_EQ(error, nullptr) << "a handler threw";
    exchange->response = std::move(response);
  };
  boost::asio::co_spawn(loop, (*match.handler)(sent), std::move(finished));
  turn();
  return exchange;
}

void ApiTest::turn() {
  loop.restart();
  loop.poll();
}

http::Response ApiTest::send(http::Request request) {
  const auto exchange = begin(std::move(request));
  if (!exchange->response) {
    ADD_FAILURE() << "no answer to " << exchange->request.target;
    return {};
  }
  return *exchange->response;
}

nlohmann::json ApiTest::json_of(const http::Response& response) {
  auto json = nlohmann::json::parse(response.body, nullptr, false);
  EXPECT_FALSE(json.is_discarded()) << response.body;
  const bool problem = response.content_type == "application/problem+json";
  if (problem) {
    EXPECT_EQ(json.at("status"), response.status);
    EXPECT_TRUE(json.contains("title") && json.contains("detail") && json.contains("error"));
  } else {
    EXPECT_EQ(response.content_type, "application/json");
  }
  return json;
}

std::string ApiTest::header(const http::Response& response, std::string_view name) {
  const auto found = std::ranges::find_if(response.headers, [&](const http::Header& header) {
    return base::equals_ignore_case(header.first, name);
  });
  return found == response.headers.end() ? "" : found->second;
}

std::string ApiTest::valid_message(std::string_view extra) {
  return R"({"to":"+14155552671","from":"TEST","text":"Hello")" + std::string(extra) + "}";
}

}  // namespace heliograph::test
