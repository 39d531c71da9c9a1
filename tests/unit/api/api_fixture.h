// ApiTest: the whole API over fakes, without sockets. A request goes through the router as the
// server would send it; the handler runs on an io_context that the test turns.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/api/api.h"
#include "tests/unit/api/api_store.h"
#include "tests/unit/api/callback_store.h"
#include "tests/unit/api/conversation_store.h"

namespace heliograph::test {

class ManualClock final : public ports::Clock {
 public:
  ports::MonoTime mono() const override { return ports::MonoTime{passed}; }
  model::TimePoint wall() const override { return start + std::chrono::floor<ms>(passed); }
  model::TimePoint real_wall() const override { return wall(); }

  std::chrono::nanoseconds passed{std::chrono::seconds{100}};

 private:
  using ms = std::chrono::milliseconds;
  model::TimePoint start{ms{1'764'000'000'000}};
};

class LoopExecutor final : public ports::Executor {
 public:
  explicit LoopExecutor(boost::asio::io_context& loop) : loop_(loop) {}
  void post(base::Task task) override;

 private:
  boost::asio::io_context& loop_;
};

class FakeProviders final : public pipeline::ProviderAdmin {
 public:
  void providers(ports::Executor& where,
                 ports::Done<std::vector<pipeline::ProviderStatus>> done) override;
  void act(std::string provider, pipeline::ProviderAction action, ports::Executor& where,
           ports::Done<std::optional<pipeline::ProviderStatus>> done) override;
  void distribution(bool reset, ports::Executor& where,
                    ports::Done<pipeline::Distribution> done) override;

  std::vector<pipeline::ProviderStatus> all;
  std::vector<std::pair<std::string, pipeline::ProviderAction>> actions;
  pipeline::Distribution counts;  // what distribution() answers, with `all` for its providers
  int resets = 0;
  bool hold = false;             // keep the answers of distribution() in `held`
  std::vector<base::Task> held;  // to be run on the loop
};

class FakeIngress final : public ports::Ingress {
 public:
  void handle(ports::IngressRequest request, ports::Executor& where,
              ports::Done<ports::IngressAnswer> done) override;

  std::vector<ports::IngressRequest> requests;
  ports::IngressAnswer answer;
};

class FakeReadiness final : public api::Readiness {
 public:
  std::vector<std::string> unready_reasons() const override { return reasons; }
  std::vector<std::string> reasons;
};

// One request under way. Complete once `response` is there.
struct Exchange {
  http::Request request;
  std::optional<http::Response> response;
};

class ApiTest : public ::testing::Test {
 protected:
  static constexpr const char* kKey = "secret";        // client "demo": send, read, admin
  static constexpr const char* kOtherKey = "other";    // client "other": send, read
  static constexpr const char* kReadKey = "readonly";  // client "reader": read

  ApiTest();
  ~ApiTest() override;

  // Settings changed after construction count from here on.
  void rebuild();

  static http::Request get(std::string target, std::string_view key = kKey);
  static http::Request post(std::string target, std::string body = {}, std::string_view key = kKey);
  http::Response send(http::Request request);              // runs to its end
  std::shared_ptr<Exchange> begin(http::Request request);  // until it waits for something
  void turn();                                             // runs what is ready
  std::vector<std::string> routes() const { return router_->routes(); }
  nlohmann::json json_of(const http::Response& response);

  // "" when there is none.
  static std::string header(const http::Response& response, std::string_view name);
  static std::string valid_message(std::string_view extra = "");

  boost::asio::io_context loop;
  LoopExecutor executor{loop};
  ManualClock clock;
  ApiStore store;
  CallbackStore callbacks;
  ConversationStore conversations;
  FakeProviders providers;
  FakeIngress ingress;
  FakeReadiness readiness;
  pipeline::Settlements settlements;
  pipeline::IntakeSettings intake_settings;
  api::ApiSettings settings;
  const api::PluginDirectory* plugins = nullptr;
  api::MetricsSource* metrics = nullptr;
  model::ClientId demo{};
  model::ClientId other{};

 private:
  pipeline::InboundIntake inbound_{{}, conversations, nullptr};
  std::unique_ptr<pipeline::Intake> intake_;
  std::unique_ptr<http::Router> router_;
};

}  // namespace heliograph::test
