// The variables of the systems this gateway replaces.
#include "tests/unit/config/load.h"

namespace heliograph::config {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kTwoProviders =
    "[[provider]]\nid = \"a\"\nplugin = \"http\"\nlimit = { limit = 5 }\n"
    "[[provider]]\nid = \"b\"\nplugin = \"http\"\n";

// The whole .env of the first system, without any file.
TEST(ReplacedSystems, RunsFromTheSmsGatewaysVariables) {
  const Config config = loaded("", {{"REDIS_URL", "redis://localhost:6379"},
                                    {"TASKIQ_BROKER_URL", "redis://localhost:6379"},
                                    {"DATABASE_URL", "sqlite:///./data/sms_gateway.db"},
                                    {"PROVIDER2_URL", "http://localhost:8072/api/sms/provider2"},
                                    {"PROVIDER1_URL", "http://localhost:8071/api/sms/provider1"},
                                    {"PROVIDER_RATE_LIMIT", "50"},
                                    {"TOTAL_RATE_LIMIT", "200"},
                                    {"RATE_LIMIT_WINDOW", "1"},
                                    {"HEALTH_WINDOW_DURATION", "300"},
                                    {"HEALTH_FAILURE_THRESHOLD", "0.7"},
                                    {"DEBUG", "true"}});
  ASSERT_EQ(config.providers.size(), 2u);
  EXPECT_EQ(config.providers[0].id, "provider1");
  EXPECT_EQ(config.providers[0].plugin, "http");
  EXPECT_EQ(config.providers[0].config.json,
            R"({"url":"http://localhost:8071/api/sms/provider1"})");
  EXPECT_EQ(config.providers[1].id, "provider2");
  const Limit limit{.limit = 50, .window = seconds{1}};
  EXPECT_EQ(config.providers[0].limit, limit);
  EXPECT_EQ(config.providers[1].limit, limit);
  EXPECT_EQ(config.limits.total, (Limit{.limit = 200, .window = seconds{1}}));
  EXPECT_EQ(config.health.window, seconds{300});
  EXPECT_EQ(config.health.cooldown, seconds{300});
  EXPECT_EQ(config.health.failure_threshold, 0.7);
  EXPECT_EQ(config.log.level, "debug");
  EXPECT_EQ(config.limiter.plugin, "memory");  // never switched by REDIS_URL
  EXPECT_THAT(config.notes, Contains("REDIS_URL is ignored: limiter.plugin is not \"redis\""));
  EXPECT_THAT(config.notes, Contains("DATABASE_URL is ignored: it has no meaning here"));
  EXPECT_THAT(config.notes, Contains("PROVIDER1_URL adds provider 'provider1'"));
}

TEST(ReplacedSystems, RunsFromTheCreditGatewaysVariables) {
  const Config config = loaded("", {{"PORT", "9000"},
                                    {"PRICE_PER_PART_CENTS", "7"},
                                    {"RATE_LIMIT_RPS", "100"},
                                    {"RATE_LIMIT_BURST", "200"},
                                    {"MOCK_SUCCESS_RATE", "0.8"},
                                    {"MOCK_TEMP_FAIL_RATE", "0.15"},
                                    {"MOCK_PERM_FAIL_RATE", "0.05"},
                                    {"RETRY_MIN_DELAY", "15s"},
                                    {"RETRY_MAX_DELAY", "30m"},
                                    {"RETRY_FACTOR", "2.5"},
                                    {"MAX_ATTEMPTS", "7"},
                                    {"LOG_LEVEL", "WARNING"},
                                    {"NATS_URL", "nats://x"},
                                    {"POSTGRES_PASSWORD", "hush"}});
  EXPECT_EQ(config.http.listen, "127.0.0.1:9000");
  EXPECT_EQ(config.billing.price_per_part_cents, 7);
  EXPECT_EQ(config.limits.client, (ClientRate{100, 200}));
  EXPECT_EQ(config.mock, (Mock{0.8, 0.15, 0.05}));
  EXPECT_EQ(config.retry.min_delay, seconds{15});
  EXPECT_EQ(config.retry.max_delay, minutes{30});
  EXPECT_EQ(config.retry.factor, 2.5);
  EXPECT_EQ(config.retry.max_attempts, 7);
  EXPECT_EQ(config.log.level, "warn");
  EXPECT_EQ(config.notes.size(), 14u);
  EXPECT_THAT(config.notes, Each(testing::Not(HasSubstr("hush"))));
}

TEST(ReplacedSystems, RunsFromTheMessagingServicesVariables) {
  const Config config = loaded("", {{"POSTGRES_HOST", "localhost"},
                                    {"REDIS_HOST", "localhost"},
                                    {"REDIS_PORT", "6379"},
                                    {"SYNC_MESSAGE_PROCESSING", "false"},
                                    {"RATE_LIMIT_ENABLED", "true"},
                                    {"RATE_LIMIT_REQUESTS", "120"},
                                    {"RATE_LIMIT_PERIOD", "60"},
                                    {"ENVIRONMENT", "development"},
                                    {"DEBUG", "false"}});
  EXPECT_EQ(config.facades.messaging_requests, 120u);
  EXPECT_EQ(config.facades.messaging_period, seconds{60});
  EXPECT_FALSE(config.limits.client) << "that is another limit";
  EXPECT_EQ(config.log.level, "info");
  EXPECT_EQ(config.limiter.config.json, "{}");
}

TEST(ReplacedSystems, MakeAnswersWaitForTheirMessage) {
  const auto wait = [](const std::string& toml, const std::string& value) {
    return loaded(toml, {{"SYNC_MESSAGE_PROCESSING", value}}).messages.sync_wait;
  };
  const std::string two = "[messages]\nsync_wait = \"2s\"\n";
  EXPECT_EQ(wait("", "true"), seconds{10});
  EXPECT_EQ(wait("", "false"), seconds{0});
  EXPECT_EQ(wait(two, "true"), seconds{2});
  EXPECT_EQ(wait(two, "false"), seconds{0});
  EXPECT_EQ(wait("[messages]\nsync_wait = \"0s\"\n", "true"), seconds{10});
  EXPECT_EQ(loaded(two).messages.sync_wait, seconds{2});
}

TEST(ReplacedSystems, StandBetweenTheFileAndHeliographsOwn) {
  const std::string toml = "[log]\nlevel = \"error\"\n[http]\nlisten = \"0.0.0.0:1\"\n";
  EXPECT_EQ(loaded(toml, {{"LOG_LEVEL", "warn"}}).log.level, "warn");
  EXPECT_EQ(loaded(toml, {{"HELIOGRAPH_LOG_LEVEL", "trace"}, {"LOG_LEVEL", "warn"}}).log.level,
            "trace");
  EXPECT_EQ(loaded(toml, {{"LOG_LEVEL", "warn"}, {"DEBUG", "1"}}).log.level, "warn");
  EXPECT_EQ(loaded(toml, {{"PORT", "2"}}).http.listen, "0.0.0.0:2");  // keeps the host
  EXPECT_EQ(loaded("[http]\nlisten = \"[::1]:1\"", {{"PORT", "0"}}).http.listen, "[::1]:0");
}

TEST(ReplacedSystems, SetProvidersByNameOrPlace) {
  const Config config = loaded(kTwoProviders, {{"PROVIDER2_URL", "http://two/"},
                                               {"PROVIDER_URL", "not ours"},
                                               {"PROVIDERX_URL", "not ours"}});
  EXPECT_EQ(config.providers.at(0).config.json, "{}");
  EXPECT_EQ(config.providers.at(1).config.json, R"({"url":"http://two/"})");
  const Config named =
      loaded("[[provider]]\nid = \"provider2\"\nplugin = \"http\"\n" + kTwoProviders,
             {{"PROVIDER2_URL", "http://two/"}});
  EXPECT_EQ(named.providers.at(0).config.json, R"({"url":"http://two/"})");
  EXPECT_EQ(named.providers.at(1).config.json, "{}");
  EXPECT_THAT(errors(kTwoProviders, {{"PROVIDER3_URL", "http://three/"}}),
              ElementsAre("PROVIDER3_URL: there is no provider 3, the configuration has 2"));
}

TEST(ReplacedSystems, TakeTheWindowInSeconds) {
  const Config config = loaded("[limits]\ntotal = { limit = 9, window = \"1m\" }\n" + kTwoProviders,
                               {{"RATE_LIMIT_WINDOW", "5"}});
  EXPECT_EQ(config.limits.total->window, seconds{5});
  EXPECT_EQ(config.limits.total->limit, 9u);
  EXPECT_EQ(config.providers.at(0).limit->window, seconds{5});
  EXPECT_FALSE(config.providers.at(1).limit);  // no limit, no window
  EXPECT_FALSE(loaded("", {{"RATE_LIMIT_WINDOW", "5"}}).limits.total);
}

TEST(ReplacedSystems, SwitchTheMessagingServicesLimitOff) {
  const std::string toml = "[limits]\nclient = { rate = 5 }\n[facades]\nmessaging_requests = 7\n";
  const Config off = loaded(toml, {{"RATE_LIMIT_ENABLED", "false"}, {"RATE_LIMIT_REQUESTS", "9"}});
  EXPECT_EQ(off.facades.messaging_requests, 0u);
  EXPECT_TRUE(off.limits.client) << "the bucket of each client is no business of that variable";
  EXPECT_EQ(loaded(toml, {{"RATE_LIMIT_ENABLED", "true"}}).facades.messaging_requests, 7u);
}

TEST(ReplacedSystems, LimitTheMessagingServicesRequests) {
  EXPECT_EQ(loaded("", {}).facades.messaging_requests, 100u);
  EXPECT_EQ(loaded("", {}).facades.messaging_period, seconds{60});
  const Config requests = loaded("", {{"RATE_LIMIT_REQUESTS", "30"}});
  EXPECT_EQ(requests.facades.messaging_requests, 30u);
  EXPECT_EQ(requests.facades.messaging_period, seconds{60});
  const Config period = loaded("", {{"RATE_LIMIT_PERIOD", "10"}});
  EXPECT_EQ(period.facades.messaging_requests, 100u);
  EXPECT_EQ(period.facades.messaging_period, seconds{10});
  EXPECT_EQ(loaded("", {{"RATE_LIMIT_RPS", "4"}}).limits.client, (ClientRate{4, 4}));
}

TEST(ReplacedSystems, SayWhereRedisIsOnlyToWhoUsesIt) {
  const std::string redis = "[limiter]\nplugin = \"redis\"\n";
  EXPECT_EQ(loaded(redis, {{"REDIS_URL", "redis://r:1"}}).limiter.config.json,
            R"({"url":"redis://r:1"})");
  EXPECT_EQ(loaded(redis, {{"REDIS_HOST", "r"}}).limiter.config.json,
            R"({"url":"redis://r:6379"})");
  EXPECT_EQ(loaded(redis, {{"REDIS_PORT", "7"}}).limiter.config.json,
            R"({"url":"redis://127.0.0.1:7"})");
  EXPECT_EQ(loaded("", {{"REDIS_URL", "redis://r:1"}}).limiter.config.json, "{}");
}

TEST(ReplacedSystems, NameTheVariableThatIsWrong) {
  const std::vector<std::pair<Environment, std::string>> cases = {
      {{{"PORT", "http"}}, "PORT: expected a port from 0 to 65535, found \"http\""},
      {{{"PORT", "65536"}}, "PORT: expected a port from 0 to 65535, found \"65536\""},
      {{{"RATE_LIMIT_WINDOW", "1s"}},
       "RATE_LIMIT_WINDOW: expected a number of seconds, found \"1s\""},
      {{{"RATE_LIMIT_WINDOW", "0"}},
       "RATE_LIMIT_WINDOW: expected a number of seconds, found \"0\""},
      {{{"HEALTH_WINDOW_DURATION", "5m"}},
       "HEALTH_WINDOW_DURATION: expected a number of seconds, found \"5m\""},
      {{{"HEALTH_FAILURE_THRESHOLD", "70%"}},
       "HEALTH_FAILURE_THRESHOLD: [health] failure_threshold: expected a number, found \"70%\""},
      {{{"TOTAL_RATE_LIMIT", "0"}},
       "TOTAL_RATE_LIMIT: [limits] total.limit: 0 is out of range, expected 1 to 1000000000"},
      {{{"RETRY_MIN_DELAY", "15"}},
       "RETRY_MIN_DELAY: [retry] min_delay: expected a duration with its unit, such as \"250ms\", "
       "\"30s\" or \"5m\", found \"15\""},
      {{{"MAX_ATTEMPTS", "five"}},
       "MAX_ATTEMPTS: [retry] max_attempts: expected an integer, found \"five\""},
      {{{"LOG_LEVEL", "loud"}},
       "LOG_LEVEL: [log] level: \"loud\" is none of \"trace\", \"debug\", \"info\", \"warn\", "
       "\"error\""},
      {{{"DEBUG", "*"}}, "DEBUG: expected true or false"},
      {{{"SYNC_MESSAGE_PROCESSING", "10"}}, "SYNC_MESSAGE_PROCESSING: expected true or false"},
      {{{"RATE_LIMIT_ENABLED", "sometimes"}}, "RATE_LIMIT_ENABLED: expected true or false"},
      {{{"RATE_LIMIT_REQUESTS", "0"}},
       "RATE_LIMIT_REQUESTS: expected a number of requests above 0"},
      {{{"RATE_LIMIT_PERIOD", "x"}},
       "RATE_LIMIT_PERIOD: expected a number of seconds, found \"x\""},
      {{{"MOCK_SUCCESS_RATE", "80"}},
       "MOCK_SUCCESS_RATE: expected a share from 0 to 1, found \"80\""},
      {{{"PRICE_PER_PART_CENTS", "0.5"}},
       "PRICE_PER_PART_CENTS: [billing] price_per_part_cents: expected an integer, found \"0.5\""},
  };
  for (const auto& [environment, error] : cases) {
    EXPECT_THAT(errors("", environment), ElementsAre(error));
  }
  EXPECT_THAT(errors(kTwoProviders, {{"PROVIDER_RATE_LIMIT", "-1"}}),
              ElementsAre(HasSubstr("PROVIDER_RATE_LIMIT: [[provider]] 'a' limit.limit: -1"),
                          HasSubstr("PROVIDER_RATE_LIMIT: [[provider]] 'b' limit.limit: -1")));
}

TEST(ReplacedSystems, AreSilentWhenNoneOfThemIsSet) {
  EXPECT_THAT(loaded("", {{"PATH", "/bin"}, {"HOME", "/root"}}).notes, IsEmpty());
}

}  // namespace
}  // namespace heliograph::config
