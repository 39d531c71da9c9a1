#include "core/plugin/config_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/plugin/files.h"

namespace heliograph::plugin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kSchema = R"({
  "type": "object", "additionalProperties": false, "required": ["url"],
  "properties": {
    "url": {"type": "string", "pattern": "^https?://"},
    "method": {"enum": ["POST", "PUT"], "default": "POST"},
    "timeout": {"type": "string", "x-unit": "duration", "default": "1h30m"},
    "body_max": {"type": "string", "x-unit": "size", "default": "64KiB"},
    "retries": {"type": "integer", "minimum": 0, "maximum": 10, "default": 3},
    "ratio": {"type": "number", "exclusiveMinimum": 0},
    "verbose": {"type": "boolean", "default": false},
    "password": {"type": "string", "x-secret": true, "minLength": 8},
    "headers": {"type": "object", "additionalProperties": {"type": "string"}},
    "receipts": {"type": "object", "additionalProperties": false, "default": {},
                 "properties": {"path": {"type": "string", "default": "/status"}}},
    "codes": {"type": "array", "items": {"type": "object", "required": ["name"],
              "properties": {"name": {"type": "string"},
                             "wait": {"type": "string", "x-unit": "duration", "default": "2s"}}}}
  }})";

struct Prepared {
  config::PluginTable table;
  config::Environment environment{{"SECRET", "correct horse"}, {"SHORT", "tiny"}};
  std::expected<PreparedConfig, std::vector<std::string>> result =
      std::unexpected(std::vector<std::string>{});

  explicit Prepared(const std::string& json, std::string_view schema = kSchema,
                    const std::string& folder = ".") {
    table = {.json = json, .where = "h.toml:41: [provider.config]"};
    result = prepare_config({.table = &table,
                             .schema = schema,
                             .component = "provider 'http'",
                             .environment = &environment,
                             .folder = folder});
  }
  const ConfigView& view() const { return *result.value().view; }
  std::vector<std::string> errors() const {
    return result ? std::vector<std::string>{} : result.error();
  }
  std::string text(const char* path) const {
    hg_str out{};
    return view().str(path, &out) == HG_OK ? std::string{out.ptr, out.len} : "?";
  }
  std::int64_t number(const char* path) const {
    std::int64_t out = -1;
    return view().i64(path, &out) == HG_OK ? out : -1;
  }
};

TEST(ConfigSchema, DefaultsAreFilledAndUnitsConverted) {
  const Prepared config{
      R"({"url": "http://x", "codes": [{"name": "a"}, {"name": "b", "wait": "250ms"}]})"};
  ASSERT_THAT(config.errors(), ElementsAre());
  EXPECT_EQ(config.text("method"), "POST");
  EXPECT_EQ(config.number("timeout"), 5'400'000'000'000);
  EXPECT_EQ(config.number("body_max"), 65536);
  EXPECT_EQ(config.number("retries"), 3);
  EXPECT_EQ(config.number("verbose"), 0);
  EXPECT_EQ(config.text("receipts.path"), "/status");
  EXPECT_EQ(config.number("codes.0.wait"), 2'000'000'000);
  EXPECT_EQ(config.number("codes.1.wait"), 250'000'000);
  EXPECT_EQ(config.text("codes.1.name"), "b");
}

TEST(ConfigView, TypesChildrenAndKeys) {
  const Prepared config{
      R"({"url": "http://x", "ratio": 1.5, "headers": {"X.Dotted": "1", "Accept": "2"}})"};
  ASSERT_THAT(config.errors(), ElementsAre());
  std::uint32_t type = 99;
  std::size_t children = 99;
  EXPECT_EQ(config.view().type("headers", &type, &children), HG_OK);
  EXPECT_EQ(type, HG_CFG_TABLE);
  EXPECT_EQ(children, 2U);
  EXPECT_EQ(config.view().type("ratio", &type, nullptr), HG_OK);
  EXPECT_EQ(type, HG_CFG_FLOAT);
  EXPECT_EQ(config.view().type("", &type, nullptr), HG_OK);
  EXPECT_EQ(type, HG_CFG_TABLE);
  EXPECT_EQ(config.text("headers.X.Dotted"), "1");
  hg_str key{};
  EXPECT_EQ(config.view().key("headers", 0, &key), HG_OK);
  EXPECT_EQ((std::string{key.ptr, key.len}), "Accept");
  EXPECT_EQ(config.view().key("headers", 2, &key), HG_E_NOT_FOUND);
  std::int64_t number = 7;
  EXPECT_EQ(config.view().i64("url", &number), HG_E_CONFIG);
  EXPECT_EQ(config.view().i64("nothing", &number), HG_E_NOT_FOUND);
  EXPECT_EQ(config.view().i64("ratio", &number), HG_E_CONFIG);
  EXPECT_EQ(number, 7) << "untouched unless HG_OK";
  double real = 0;
  EXPECT_EQ(config.view().f64("retries", &real), HG_OK);
  EXPECT_EQ(real, 3.0);
  EXPECT_EQ(config.view().type("codes.7", &type, nullptr), HG_E_NOT_FOUND);
  const auto json = config.view().text();
  EXPECT_THAT((std::string{json.ptr, json.len}), HasSubstr(R"("timeout":5400000000000)"));
}

struct Bad {
  const char* json;
  const char* error;
};

class BadConfig : public ::testing::TestWithParam<Bad> {};

TEST_P(BadConfig, NamesTheKeyAndWhatIsExpected) {
  const Prepared config{GetParam().json};
  ASSERT_EQ(config.errors().size(), 1U) << ::testing::PrintToString(config.errors());
  EXPECT_EQ(config.errors().front(),
            std::string{"h.toml:41: [provider.config] "} + GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadConfig,
    ::testing::Values(
        Bad{R"({})", "url: is required"}, Bad{R"({"url": 5})", "url: expected a string, got 5"},
        Bad{R"({"url": "ftp://x"})",
            R"(url: does not match the pattern ^https?://, got "ftp://x")"},
        Bad{R"({"url": "http://x", "retrys": 2})", "retrys: unknown key; did you mean 'retries'?"},
        Bad{R"({"url": "http://x", "method": "GET"})",
            R"(method: expected one of "POST", "PUT", got "GET")"},
        Bad{R"({"url": "http://x", "timeout": 5})",
            R"(timeout: expected a duration such as "5s", got 5)"},
        Bad{R"({"url": "http://x", "timeout": "soon"})",
            R"(timeout: expected a duration such as "5s", got "soon")"},
        Bad{R"({"url": "http://x", "body_max": "big"})",
            R"(body_max: expected a size such as "64KiB", got "big")"},
        Bad{R"({"url": "http://x", "retries": 11})", "retries: must be at most 10, got 11"},
        Bad{R"({"url": "http://x", "retries": -1})", "retries: must be at least 0, got -1"},
        Bad{R"({"url": "http://x", "retries": 1.5})", "retries: expected an integer, got 1.5"},
        Bad{R"({"url": "http://x", "ratio": 0})", "ratio: must be more than 0, got 0"},
        Bad{R"({"url": "http://x", "headers": {"A": 1}})", "headers.A: expected a string, got 1"},
        Bad{R"({"url": "http://x", "receipts": {"paths": "/"}})",
            "receipts.paths: unknown key; did you mean 'path'?"},
        Bad{R"({"url": "http://x", "receipts": "no"})", R"(receipts: expected a table, got "no")"},
        Bad{R"({"url": "http://x", "codes": [{"name": "a"}, {}]})", "codes.1.name: is required"},
        Bad{R"({"url": "http://x", "http": {"connections": 0}})",
            "http.connections: must be at least 1, got 0"},
        Bad{R"({"url": "http://x", "http": {"conections": 1}})",
            "http.conections: unknown key; did you mean 'connections'?"},
        Bad{R"({"url": "http://x", "http": {"ca_file": "none.pem"}})",
            "http.ca_file: ./none.pem cannot be read"}));

TEST(ConfigSchema, EveryErrorInOneGo) {
  const Prepared config{R"({"retries": 11, "verbose": "yes"})"};
  EXPECT_EQ(config.errors().size(), 3U) << ::testing::PrintToString(config.errors());
}

TEST(ConfigSchema, SecretsAreResolvedAndNeverShown) {
  const Prepared good{R"({"url": "http://x", "password": "env:SECRET"})"};
  ASSERT_THAT(good.errors(), ElementsAre());
  EXPECT_EQ(good.text("password"), "correct horse");
  const Prepared missing{R"({"url": "http://x", "password": "env:NOT_THERE"})"};
  ASSERT_EQ(missing.errors().size(), 1U);
  EXPECT_THAT(missing.errors().front(), HasSubstr("password: "));
  EXPECT_THAT(missing.errors().front(), HasSubstr("NOT_THERE"));
  const Prepared invalid{R"({"url": "http://x", "password": "env:SHORT"})"};
  ASSERT_EQ(invalid.errors().size(), 1U);
  EXPECT_THAT(invalid.errors().front(), HasSubstr("password: "));
  EXPECT_THAT(invalid.errors().front(), Not(HasSubstr("tiny")));
}

TEST(ConfigSchema, SecretFromAFileBesideTheConfiguration) {
  const TempFolder folder;
  folder.write("pw", "from the file\n");
  const Prepared config{R"({"url": "http://x", "password": "file:pw"})", kSchema,
                        folder.path().string()};
  ASSERT_THAT(config.errors(), ElementsAre());
  EXPECT_EQ(config.text("password"), "from the file");
}

TEST(ConfigSchema, HttpTableBelongsToTheHost) {
  const Prepared config{R"({"url": "http://x", "http": {"connections": 7, "idle_timeout": "3s"}})"};
  ASSERT_THAT(config.errors(), ElementsAre());
  EXPECT_TRUE(config.result->http_given);
  EXPECT_EQ(config.result->http.connections_max, 7U);
  EXPECT_EQ(config.result->http.idle_max, std::chrono::seconds{3});
  std::uint32_t type = 0;
  EXPECT_EQ(config.view().type("http", &type, nullptr), HG_E_NOT_FOUND);
}

TEST(ConfigSchema, HttpPropertyOfTheComponentItself) {
  const Prepared config{R"({"http": "yes"})",
                        R"({"type": "object", "properties": {"http": {"type": "string"}}})"};
  ASSERT_THAT(config.errors(), ElementsAre());
  EXPECT_FALSE(config.result->http_given);
  EXPECT_EQ(config.text("http"), "yes");
}

TEST(ConfigSchema, BrokenSchemasAreThePluginsFault) {
  EXPECT_THAT(Prepared("{}", "{ not json").errors(),
              ElementsAre(HasSubstr("the schema of provider 'http' is not JSON")));
  EXPECT_THAT(Prepared("{}", R"({"type": "string"})").errors(),
              ElementsAre(HasSubstr("does not describe an object")));
  EXPECT_THAT(
      Prepared("{}", R"({"type": "object", "properties": {"a": {"type": "strnig"}}})").errors(),
      ElementsAre(HasSubstr("is broken")));
}

TEST(ConfigSchema, NoSchemaTakesNoConfiguration) {
  EXPECT_THAT(Prepared("{}", "").errors(), ElementsAre());
  EXPECT_THAT(Prepared(R"({"a": 1})", "").errors(), ElementsAre(HasSubstr("a: unknown key")));
}

}  // namespace
}  // namespace heliograph::plugin
