// HELIOGRAPH_<SECTION>_<KEY>.
#include "core/config/environment.h"

#include <cstdlib>

#include "tests/unit/config/load.h"

namespace heliograph::config {
namespace {

using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Environment, OverridesEachKindOfScalar) {
  const Config config = loaded("[http]\nlisten = \"127.0.0.1:1\"\nthreads = 2\n",
                               {{"HELIOGRAPH_HTTP_LISTEN", "0.0.0.0:80"},
                                {"HELIOGRAPH_HTTP_THREADS", "4"},
                                {"HELIOGRAPH_HTTP_MAX_CONNECTIONS_PER_ADDRESS", "7"},
                                {"HELIOGRAPH_HTTP_HOSTNAMES", "a.example, b.example"},
                                {"HELIOGRAPH_STORE_MIN_FREE", "1MiB"},
                                {"HELIOGRAPH_RETRY_FACTOR", "1.5"},
                                {"HELIOGRAPH_RETRY_MIN_DELAY", "3s"},
                                {"HELIOGRAPH_FACADES_ALLOW_REMOTE", "yes"},
                                {"HELIOGRAPH_IN_DOUBT_POLICY", "at_most_once"},
                                {"HELIOGRAPH_SHUTDOWN_DRAIN_TIMEOUT", "1s"},
                                {"HELIOGRAPH_LIMITS_TOTAL_LIMIT", "9"},
                                {"HELIOGRAPH_LIMITS_CLIENT_RATE", "2"},
                                {"HELIOGRAPH_ROLES", "dispatch,api"},
                                {"OTHER", "ignored"}});
  EXPECT_EQ(config.http.listen, "0.0.0.0:80");
  EXPECT_EQ(config.http.threads, 4);
  EXPECT_EQ(config.http.max_connections_per_address, 7u);
  EXPECT_THAT(config.http.hostnames, ElementsAre("a.example", "b.example"));
  EXPECT_EQ(config.store.min_free_bytes, 1u << 20);
  EXPECT_EQ(config.retry.factor, 1.5);
  EXPECT_EQ(config.retry.min_delay, seconds{3});
  EXPECT_TRUE(config.facades.allow_remote);
  EXPECT_EQ(config.in_doubt.policy, model::InDoubt::kAtMostOnce);
  EXPECT_EQ(config.drain_timeout, seconds{1});
  EXPECT_EQ(config.limits.total->limit, 9u);
  EXPECT_EQ(config.limits.client->rate, 2.0);
  EXPECT_THAT(config.roles, ElementsAre("dispatch", "api"));
  EXPECT_THAT(config.notes, Contains("HELIOGRAPH_HTTP_LISTEN sets http.listen"));
  EXPECT_EQ(config.notes.size(), 13u);
}

TEST(Environment, ReachesProvidersClientsAndPluginsByName) {
  const std::string toml = R"(
[[provider]]
id = "eu"
plugin = "http"
[[provider]]
id = "eu-west.1"
plugin = "http"
[provider.config]
url = "http://old/"
[[client]]
name = "Shop One"
[[plugin]]
id = "acme"
file = "a.so"
)";
  const Config config = loaded(toml, {{"HELIOGRAPH_PROVIDER_EU_WEIGHT", "5"},
                                      {"HELIOGRAPH_PROVIDER_EU_WEST_1_TIMEOUT", "9s"},
                                      {"HELIOGRAPH_PROVIDER_EU_WEST_1_LIMIT_LIMIT", "3"},
                                      {"HELIOGRAPH_PROVIDER_EU_WEST_1_CONFIG_URL", "http://new/"},
                                      {"HELIOGRAPH_PROVIDER_EU_CONFIG_RECEIPTS__SECRET", "s"},
                                      {"HELIOGRAPH_CLIENT_SHOP_ONE_KEY", "abc"},
                                      {"HELIOGRAPH_PLUGIN_ACME_REQUIRED", "false"},
                                      {"HELIOGRAPH_LIMITER_CONFIG_SHARDS", "4"}});
  EXPECT_EQ(config.providers.at(0).weight, 5u);
  EXPECT_EQ(config.providers.at(0).config.json, R"({"receipts":{"secret":"s"}})");
  EXPECT_EQ(config.providers.at(1).weight, 1u);
  EXPECT_EQ(config.providers.at(1).timeout, seconds{9});
  EXPECT_EQ(config.providers.at(1).limit->limit, 3u);
  EXPECT_EQ(config.providers.at(1).config.json, R"({"url":"http://new/"})");
  EXPECT_EQ(config.clients.at(0).key_sha256.substr(0, 8), "ba7816bf");
  EXPECT_FALSE(config.plugins.files.at(0).required);
  EXPECT_EQ(config.limiter.config.json, R"({"shards":4})");
  EXPECT_THAT(config.notes, Contains("HELIOGRAPH_CLIENT_SHOP_ONE_KEY sets client 'Shop One' key"));
}

TEST(Environment, NamesTheVariableThatIsWrong) {
  EXPECT_THAT(errors("", {{"HELIOGRAPH_HTTP_THREADS", "many"}}),
              ElementsAre("HELIOGRAPH_HTTP_THREADS: [http] threads: expected an integer, found "
                          "\"many\""));
  EXPECT_THAT(errors("", {{"HELIOGRAPH_HTTP_THREADS", "0"}}),
              ElementsAre("HELIOGRAPH_HTTP_THREADS: [http] threads: 0 is out of range, expected 1 "
                          "to 64"));
  EXPECT_THAT(errors("", {{"HELIOGRAPH_FACADES_ALLOW_REMOTE", "maybe"}}),
              ElementsAre(HasSubstr("HELIOGRAPH_FACADES_ALLOW_REMOTE: ")));
  EXPECT_THAT(errors("", {{"HELIOGRAPH_RETRY_FACTOR", "inf"}}),
              ElementsAre(HasSubstr("HELIOGRAPH_RETRY_FACTOR: ")));
  EXPECT_THAT(errors("", {{"HELIOGRAPH_LIMITS_TOTAL_WINDOW", "1s"}}),
              ElementsAre("HELIOGRAPH_LIMITS_TOTAL_WINDOW: [limits] total.limit: is missing; for "
                          "no limit leave the whole table out"));
}

TEST(Environment, RefusesVariablesThatNameNothing) {
  EXPECT_THAT(errors("", {{"HELIOGRAPH_HTTP_LISTN", "x"}}),
              ElementsAre("HELIOGRAPH_HTTP_LISTN: names no key of the configuration; did you mean "
                          "HELIOGRAPH_HTTP_LISTEN?"));
  EXPECT_THAT(errors("", {{"HELIOGRAPH_", "x"}}),
              ElementsAre("HELIOGRAPH_: names no key of the configuration"));
  EXPECT_THAT(errors("", {{"HELIOGRAPH_HTTP", "x"}}),
              ElementsAre("HELIOGRAPH_HTTP: names no key of the configuration"));
  EXPECT_THAT(
      errors("", {{"HELIOGRAPH_PROVIDER_GHOST_WEIGHT", "1"}}),
      ElementsAre("HELIOGRAPH_PROVIDER_GHOST_WEIGHT: there is no [[provider]] of that id to "
                  "set anything of"));
  EXPECT_THAT(errors(provider_with(""), {{"HELIOGRAPH_PROVIDER_ACME_WEIHGT", "1"}}),
              ElementsAre("HELIOGRAPH_PROVIDER_ACME_WEIHGT: names no key of provider 'acme'"));
  EXPECT_THAT(errors("log = 5", {{"HELIOGRAPH_LOG_LEVEL", "info"}}),
              ElementsAre("HELIOGRAPH_LOG_LEVEL: log.level is below something that is no table",
                          "test.toml:1: log: expected a table, found an integer"));
}

TEST(Environment, LeavesItsOtherUsesAlone) {
  // The name of the file, and a secret that the file refers to.
  const Config config = loaded("[[client]]\nname = \"a\"\nkey = \"env:HELIOGRAPH_SHOP_KEY\"",
                               {{"HELIOGRAPH_CONFIG", "/x.toml"}, {"HELIOGRAPH_SHOP_KEY", "abc"}});
  EXPECT_EQ(config.clients.at(0).key_sha256.substr(0, 8), "ba7816bf");
  EXPECT_THAT(config.notes, IsEmpty());
}

TEST(Environment, LeavesTheCommandLinesVariablesAlone) {
  const Config config = loaded("", {{"HELIOGRAPH_URL", "http://x:1"}, {"HELIOGRAPH_API_KEY", "k"}});
  EXPECT_THAT(config.notes, IsEmpty());
}

TEST(Environment, NeverNotesAValue) {
  const Config config =
      loaded(provider_with(""), {{"HELIOGRAPH_PROVIDER_ACME_CONFIG_TOKEN", "hush"}});
  for (const std::string& note : config.notes) EXPECT_FALSE(note.contains("hush")) << note;
}

// Every key that has a variable of its own takes it: a name that is spelled wrong in known_keys()
// would be an unknown variable here.
TEST(Environment, KnowsAVariableForEveryKey) {
  for (const KeyInfo& key : known_keys()) {
    if (key.path.contains('*') || key.type == "plugin table") continue;
    std::string name = "HELIOGRAPH_";
    for (const char c : key.path) {
      name += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    Node root;
    Notes notes;
    Report report;
    apply_environment({{name, "x"}}, root, notes, report);
    EXPECT_TRUE(report.clean()) << name;
    EXPECT_THAT(notes, ElementsAre(name + " sets " + key.path));
  }
}

TEST(Environment, IsTheProcessesOwn) {
  ASSERT_EQ(setenv("HELIOGRAPH_TEST_OF_ENVIRONMENT", "a=b", 1), 0);
  EXPECT_THAT(process_environment(), Contains(std::pair<std::string, std::string>(
                                         "HELIOGRAPH_TEST_OF_ENVIRONMENT", "a=b")));
  unsetenv("HELIOGRAPH_TEST_OF_ENVIRONMENT");
}

}  // namespace
}  // namespace heliograph::config
