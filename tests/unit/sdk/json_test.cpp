#include <heliograph/json.hpp>

#include <gtest/gtest.h>

#include <string>

namespace heliograph::sdk::json {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  append_string(out, text);
  return out;
}

TEST(JsonTest, EscapesWhatMustBeEscaped) {
  EXPECT_EQ(quoted("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(quoted(std::string_view("\0\x1f\n", 3)), R"("\u0000\u001f\u000a")");
  EXPECT_EQ(quoted("grün 😀"), "\"grün 😀\"");
}

TEST(JsonTest, BytesThatAreNoUtf8AreReplaced) {
  EXPECT_EQ(quoted("a\xff"
                   "b"),
            "\"a\xEF\xBF\xBD"
            "b\"");
  EXPECT_EQ(quoted("\xC0\xAF"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");                  // overlong
  EXPECT_EQ(quoted("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");  // surrogate
  EXPECT_EQ(quoted("\xE2\x82"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");                  // cut off
}

TEST(JsonTest, ObjectsAreWrittenMemberAfterMember) {
  Object object;
  const std::string text =
      object.text("a", "x").number("b", -7).flag("c", true).raw("d", "[1]").finish();
  EXPECT_EQ(text, R"({"a":"x","b":-7,"c":true,"d":[1]})");
  EXPECT_EQ(object.finish(), "{}");
}

TEST(JsonTest, AcceptsEveryFormOfValue) {
  for (const char* document : {"{}", "[]", " [ 1 , 2 ] ", "0", "-0.5e+10", "1E3", "true", "null",
                               R"("\u00e9\n")", R"({"a":{"b":[{"c":[]}]}})"}) {
    EXPECT_TRUE(valid(document)) << document;
  }
}

TEST(JsonTest, RefusesEverythingElse) {
  for (const char* document :
       {"",        " ",           "{",      "}",     "[1,]",       "{\"a\":}", "{\"a\" 1}", "{a:1}",
        "01",      "1.",          ".5",     "+1",    "1e",         "tru",      "nul",       "\"a",
        "\"\\x\"", "\"\\u12g4\"", "\"\n\"", "[1] 2", "{\"a\":1,}", "[1 2]"}) {
    EXPECT_FALSE(valid(document)) << document;
  }
}

TEST(JsonTest, DepthIsBounded) {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']');
  };
  EXPECT_TRUE(valid(nested(detail::kDepthMax)));
  EXPECT_FALSE(valid(nested(100'000)));
}

TEST(JsonTest, PointersFindValues) {
  const char* document = R"( {"a": {"b/c": [10, {"~": "x"}]}, "n": null, "a2": 1.50} )";
  EXPECT_EQ(find(document, "/a/b~1c/1/~0"), "\"x\"");
  EXPECT_EQ(text_at(document, "/a/b~1c/0"), "10");
  EXPECT_EQ(text_at(document, "/a2"), "1.50");
  EXPECT_EQ(find(document, "/n"), "null");
  EXPECT_EQ(text_at(document, "/n"), std::nullopt);
  EXPECT_EQ(text_at(document, "/a"), std::nullopt);
  EXPECT_EQ(find(document, "/a/b~1c/2"), std::nullopt);
  EXPECT_EQ(find(document, "/a/b~1c/01"), std::nullopt);
  EXPECT_EQ(find(document, "a"), std::nullopt);
  EXPECT_EQ(find("{", ""), std::nullopt);
  EXPECT_EQ(find(" 7 ", ""), "7");
}

TEST(JsonTest, StringsLoseTheirEscapes) {
  EXPECT_EQ(text_at(R"({"a":"\"\\\/\b\f\n\r\t"})", "/a"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(text_at(R"({"a":"\u00e9\ud83d\ude00"})", "/a"), "é😀");
  EXPECT_EQ(text_at(R"({"a":"\ud83d x"})", "/a"), "\xEF\xBF\xBD x");
  EXPECT_EQ(text_at(R"({"a":"\ud83d\u0041"})", "/a"),
            "\xEF\xBF\xBD"
            "A");
  EXPECT_EQ(text_at(R"({"\u0061":"1"})", "/a"), "1");
}

TEST(JsonTest, ElementsOfAnArrayOrTheOneValue) {
  EXPECT_EQ(elements("[1, {\"a\":2}]"), (std::vector<std::string_view>{"1", "{\"a\":2}"}));
  EXPECT_EQ(elements(" {\"a\":2} "), (std::vector<std::string_view>{"{\"a\":2}"}));
  EXPECT_TRUE(elements("[]").empty());
  EXPECT_TRUE(elements("[1").empty());
}

TEST(JsonTest, NoPrefixOfADocumentIsReadAsAnything) {
  const std::string document = R"({"a":[1,{"b":"\u00e9"}],"c":-1.5e3,"d":true})";
  for (std::size_t end = 0; end < document.size(); ++end) {
    EXPECT_EQ(find(document.substr(0, end), "/a"), std::nullopt) << end;
  }
}

}  // namespace
}  // namespace heliograph::sdk::json
