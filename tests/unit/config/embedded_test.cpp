// The files in the binary and the guide say what the code does: defaults, examples, every key.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tests/unit/config/load.h"

namespace heliograph::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Config load_embedded(std::string text) {
  Source source;
  source.text = std::move(text);
  auto result = load(source, {});
  if (result) return *std::move(result);
  ADD_FAILURE() << result.error().text();
  return {};
}

// Lines that begin with '#' and no blank behind it are examples: as if they were not commented out.
std::string with_examples(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::string out;
  for (std::string line; std::getline(in, line);) {
    if (line.size() > 1 && line[0] == '#' && line[1] != ' ') line.erase(0, 1);
    out += line + "\n";
  }
  return out;
}

TEST(EmbeddedDefault, StatesTheDefaults) {
  const Config config = load_embedded(std::string(embedded_default()));
  Config expected;
  expected.source = "the embedded default";
  expected.store.path = (std::filesystem::current_path() / "data/heliograph.db").string();
  expected.limiter.config.where = config.limiter.config.where;
  expected.distributor.config.where = config.distributor.config.where;
  EXPECT_EQ(config, expected);
  EXPECT_THAT(config.providers, IsEmpty());
  EXPECT_THAT(config.clients, IsEmpty());
  EXPECT_THAT(config.notes, IsEmpty());
}

TEST(EmbeddedDefault, HasEveryKeyAtLeastAsAnExample) {
  const std::string text = with_examples(embedded_default());
  for (const KeyInfo& key : known_keys()) {
    if (key.path == "store.url" || key.path.ends_with("key_sha256")) continue;  // named in comments
    const std::string name = key.path.substr(key.path.rfind('.') + 1);
    const bool there = text.contains("\n" + name + " =") || text.contains(name + " = {") ||
                       text.contains("{ " + name + " =") || text.contains(", " + name + " =") ||
                       text.contains("." + name + "]");
    EXPECT_TRUE(there) << key.path;
  }
}

TEST(EmbeddedDefault, HasExamplesThatAreRightAndStateTheDefaults) {
  Source source;
  source.text = with_examples(embedded_default());
  const auto result = load(source, {{"ACME_SHOP_KEY", "k"}});
  ASSERT_TRUE(result) << result.error().text();
  ASSERT_EQ(result->providers.size(), 1u);
  Provider provider = result->providers[0];
  EXPECT_EQ(provider.limit, (Limit{.limit = 50}));
  provider.id = provider.plugin = "";
  provider.limit.reset();
  provider.config = {};
  EXPECT_EQ(provider, Provider{});
  ASSERT_EQ(result->clients.size(), 1u);
  Client client = result->clients[0];
  client.name = client.key_sha256 = "";
  client.rate = client.burst = {};
  client.price_per_part_cents.reset();
  ASSERT_TRUE(client.quiet_hours);
  EXPECT_EQ(client.quiet_hours->channels, QuietHours{}.channels);
  client.quiet_hours.reset();
  EXPECT_EQ(client, Client{});
  ASSERT_THAT(result->routes, testing::SizeIs(1));
  EXPECT_THAT(result->routes[0].providers, testing::SizeIs(1));
  EXPECT_THAT(result->prices, testing::SizeIs(1));
  EXPECT_THAT(result->http.listeners, testing::SizeIs(1));
  EXPECT_THAT(result->plugins.files, testing::SizeIs(1));
  EXPECT_TRUE(result->limits.total && result->limits.client && result->limits.dispatch);
}

TEST(EmbeddedDemo, IsWhatANewcomerNeeds) {
  const Config config = load_embedded(std::string(embedded_demo()));
  ASSERT_EQ(config.providers.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    const Provider& provider = config.providers[i];
    const std::string number = std::to_string(i + 1);
    EXPECT_EQ(provider.id, "provider" + number);
    EXPECT_EQ(provider.plugin, "http");
    EXPECT_EQ(provider.weight, 1u);
    EXPECT_EQ(provider.limit->limit, 50u);
    EXPECT_EQ(provider.limit->window, std::chrono::seconds{1});
    EXPECT_TRUE(provider.receipts);
    EXPECT_THAT(provider.channels,
                ElementsAre(model::Channel::kSms, model::Channel::kMms, model::Channel::kEmail));
    EXPECT_EQ(provider.config.json, "{\"url\":\"http://127.0.0.1:807" + number +
                                        "/api/{channel}/provider" + number + "\"}");
  }
  EXPECT_EQ(config.limits.total->limit, 200u);
  EXPECT_EQ(config.limits.total->window, std::chrono::seconds{1});
  ASSERT_EQ(config.clients.size(), 2u);
  EXPECT_EQ(config.clients[0].name, "demo");
  EXPECT_EQ(config.clients[0].credit_cents, 100'000);
  EXPECT_EQ(config.clients[0].scopes, model::kScopeSend | model::kScopeRead | model::kScopeAdmin);
  EXPECT_TRUE(config.clients[0].billing);
  EXPECT_EQ(config.facades.client, "facades");
  EXPECT_EQ(config.clients[1].name, "facades");
  EXPECT_EQ(config.clients[1].key_sha256, "");
  EXPECT_FALSE(config.clients[1].billing);
  EXPECT_TRUE(config.store.path.ends_with("/data/heliograph.db"));
  EXPECT_THAT(config.notes, IsEmpty());
}

std::string read_guide() {
  std::ifstream file(CONFIGURATION_GUIDE);
  EXPECT_TRUE(file) << CONFIGURATION_GUIDE;
  return {std::istreambuf_iterator<char>(file), {}};
}

// The heading of the section that a key belongs to, and the key as its table there calls it.
std::pair<std::string, std::string> place_in_guide(const std::string& path) {
  if (const auto star = path.rfind(".*."); star != std::string::npos) {
    std::string array = path.substr(0, star);
    if (const auto outer = array.find(".*"); outer != std::string::npos) array.erase(outer, 2);
    return {"### `[[" + array + "]]`\n", path.substr(star + 3)};
  }
  const auto dot = path.find('.');
  if (dot == std::string::npos) return {"### Top level\n", path};
  return {"### `[" + path.substr(0, dot) + "]`\n", path.substr(dot + 1)};
}

TEST(Guide, HasEveryKeyInItsSection) {
  const std::string guide = read_guide();
  for (const KeyInfo& key : known_keys()) {
    const auto [heading, name] = place_in_guide(key.path);
    const auto begin = guide.find(heading);
    ASSERT_NE(begin, std::string::npos) << heading;
    const auto end = guide.find("\n##", begin + heading.size());
    const std::string section = guide.substr(begin, end - begin);
    EXPECT_TRUE(section.contains("\n| `" + name + "` |")) << key.path;
  }
}

TEST(Guide, HasNoKeyThatDoesNotExist) {
  const std::string guide = read_guide();
  const std::string keys = guide.substr(guide.find("\n## Keys"));
  std::istringstream rows(keys.substr(0, keys.find("\n## Limits")));
  std::size_t count = 0;
  for (std::string row; std::getline(rows, row);) count += row.starts_with("| `") ? 1 : 0;
  EXPECT_EQ(count, known_keys().size());
}

TEST(Guide, HasEveryVariableOfTheReplacedSystems) {
  const std::string guide = read_guide();
  for (const char* const name : {"PROVIDER_RATE_LIMIT",
                                 "TOTAL_RATE_LIMIT",
                                 "RATE_LIMIT_WINDOW",
                                 "HEALTH_WINDOW_DURATION",
                                 "HEALTH_FAILURE_THRESHOLD",
                                 "REDIS_URL",
                                 "PRICE_PER_PART_CENTS",
                                 "RATE_LIMIT_RPS",
                                 "RATE_LIMIT_BURST",
                                 "RETRY_MIN_DELAY",
                                 "RETRY_MAX_DELAY",
                                 "RETRY_FACTOR",
                                 "MAX_ATTEMPTS",
                                 "LOG_LEVEL",
                                 "PORT",
                                 "RATE_LIMIT_ENABLED",
                                 "RATE_LIMIT_REQUESTS",
                                 "RATE_LIMIT_PERIOD",
                                 "SYNC_MESSAGE_PROCESSING",
                                 "PROVIDER1_URL",
                                 "MOCK_SUCCESS_RATE",
                                 "MOCK_TEMP_FAIL_RATE",
                                 "MOCK_PERM_FAIL_RATE",
                                 "REDIS_HOST",
                                 "REDIS_PORT",
                                 "DEBUG",
                                 "ENVIRONMENT",
                                 "DATABASE_URL",
                                 "POSTGRES_*",
                                 "NATS_URL",
                                 "TASKIQ_BROKER_URL"}) {
    EXPECT_TRUE(guide.contains("`" + std::string(name) + "`")) << name;
  }
}

TEST(KnownKeys, AreListedWithTheirTypes) {
  const std::vector<KeyInfo> keys = known_keys();
  const auto type_of = [&](std::string_view path) {
    for (const KeyInfo& key : keys) {
      if (key.path == path) return key.type;
    }
    return std::string("missing");
  };
  EXPECT_EQ(type_of("roles"), "array of strings");
  EXPECT_EQ(type_of("http.listen"), "string");
  EXPECT_EQ(type_of("http.listener.*.cert"), "string");
  EXPECT_EQ(type_of("limits.total.window"), "duration");
  EXPECT_EQ(type_of("provider.*.limit.limit"), "integer");
  EXPECT_EQ(type_of("provider.*.config"), "plugin table");
  EXPECT_EQ(type_of("client.*.scopes"), "array of strings");
  EXPECT_EQ(type_of("store.min_free"), "size");
  EXPECT_EQ(type_of("retry.factor"), "number");
  EXPECT_EQ(type_of("http"), "missing");  // a section is no key
}

}  // namespace
}  // namespace heliograph::config
