#include <heliograph/config.hpp>

#include <gtest/gtest.h>

#include <heliograph/testing/testing.hpp>

namespace heliograph::sdk::testing {
namespace {

constexpr const char* kSchema = R"json({
  "type": "object", "additionalProperties": false, "required": ["url"],
  "properties": {
    "url": {"type": "string"},
    "timeout": {"type": "string", "x-unit": "duration", "default": "1m30s"},
    "limit": {"type": "string", "x-unit": "size", "default": "64KiB"},
    "ratio": {"type": "number", "default": 0.5},
    "on": {"type": "boolean", "default": true},
    "codes": {"type": "array", "items": {"type": "object", "properties": {
      "name": {"type": "string"},
      "wait": {"type": "string", "x-unit": "duration", "default": "2s"}}}},
    "headers": {"type": "object", "additionalProperties": {"type": "string"}}
  }
})json";

class ConfigTest : public ::testing::Test {
 protected:
  Config config(const Value& given) {
    tree_ = std::make_unique<ConfigTree>(apply_schema(kSchema, given));
    return {host_.raw(), tree_->raw()};
  }

  FakeHost host_;
  std::unique_ptr<ConfigTree> tree_;
};

TEST_F(ConfigTest, DefaultsAndUnitsAreThere) {
  const Config read = config(Value::table({{"url", "http://x"}}));
  EXPECT_EQ(read.text("url"), "http://x");
  EXPECT_EQ(read.duration("timeout"), std::chrono::seconds{90});
  EXPECT_EQ(read.integer("limit"), 65536);
  EXPECT_DOUBLE_EQ(read.number("ratio"), 0.5);
  EXPECT_TRUE(read.flag("on"));
  EXPECT_FALSE(read.has("codes"));
  EXPECT_TRUE(read.children("codes").empty());
  EXPECT_EQ(read.find_text("codes.0.name"), std::nullopt);
}

TEST_F(ConfigTest, ArraysAndTablesAreWalked) {
  const Value codes =
      Value::array({Value::table({{"name", "a"}, {"wait", "3s"}}), Value::table({{"name", "b"}})});
  const Value headers = Value::table({{"x-one", "1"}, {"x-two", "2"}});
  const Config read = config(Value::table({{"url", "u"}, {"codes", codes}, {"headers", headers}}));
  EXPECT_EQ(read.type("codes"), HG_CFG_ARRAY);
  const std::vector<Config> list = read.children("codes");
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].text("name"), "a");
  EXPECT_EQ(list[0].duration("wait"), std::chrono::seconds{3});
  EXPECT_EQ(list[1].duration("wait"), std::chrono::seconds{2});
  EXPECT_EQ(list[1].key(), "1");
  const std::vector<Config> pairs = read.children("headers");
  ASSERT_EQ(pairs.size(), 2U);
  EXPECT_EQ(pairs[1].key(), "x-two");
  EXPECT_EQ(pairs[1].text(), "2");
  EXPECT_EQ(read.at("codes").at("1").text("name"), "b");
}

TEST_F(ConfigTest, WhatIsMissingOrOfAnotherTypeIsNamed) {
  const Config read = config(Value::table({{"url", "u"}}));
  try {
    read.at("codes").text("0.name");
    FAIL();
  } catch (const ConfigError& e) {
    EXPECT_STREQ(e.what(), "codes.0.name: is missing");
    EXPECT_EQ(e.status(), HG_E_CONFIG);
  }
  try {
    read.find_integer("url");
    FAIL();
  } catch (const ConfigError& e) {
    EXPECT_STREQ(e.what(), "url: is of another type than the plugin reads");
  }
}

TEST_F(ConfigTest, JsonIsTheWhole) {
  const Config read = config(Value::table({{"url", "u"}}));
  EXPECT_EQ(read.json(),
            R"({"url":"u","timeout":90000000000,"limit":65536,"ratio":0.5,"on":true})");
}

std::string schema_error(const Value& given) {
  try {
    apply_schema(kSchema, given);
  } catch (const SchemaError& e) {
    return e.what();
  }
  return "none";
}

TEST(SchemaTest, MistakesAreNamed) {
  EXPECT_EQ(schema_error(Value::table()), "url: is missing");
  EXPECT_EQ(schema_error(Value::table({{"url", 7}})), "url: must be of type string");
  EXPECT_EQ(schema_error(Value::table({{"url", "u"}, {"uri", "u"}})), "uri: unknown key");
  EXPECT_EQ(schema_error(Value::table({{"url", "u"}, {"timeout", "5 parsecs"}})),
            "'5 parsecs' is no duration, write it like \"5s\"");
  EXPECT_EQ(schema_error(Value::table({{"url", "u"}, {"headers", Value::table({{"a", 1}})}})),
            "headers.a: must be of type string");
}

TEST(SchemaTest, Units) {
  EXPECT_EQ(parse_duration("1h30m"), 5'400'000'000'000);
  EXPECT_EQ(parse_duration("250ms"), 250'000'000);
  EXPECT_EQ(parse_size("10MB"), 10'000'000);
  for (const char* text : {"", "5", "s", "-5s", "5s5", "99999999999h"}) {
    EXPECT_THROW(parse_duration(text), SchemaError) << text;
  }
  EXPECT_THROW(parse_size("1TB"), SchemaError);
}

TEST(ValueTest, ParsesWhatItWrites) {
  const char* document = R"({"a":[1,-2.5,"x\"y",null,true],"b":{"c":{}}})";
  EXPECT_EQ(Value::parse(document).json(), document);
  EXPECT_EQ(Value::parse(document).at_path("a.2")->text(), "x\"y");
  EXPECT_EQ(Value::parse(document).at_path("a.9"), nullptr);
  EXPECT_THROW(Value::parse("{"), std::invalid_argument);
}

}  // namespace
}  // namespace heliograph::sdk::testing
