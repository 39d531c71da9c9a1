#include "core/app/remote/rendering.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/app/remote/api_client.h"

namespace heliograph::app {
namespace {

using Json = nlohmann::json;

TEST(Rendering, WhatATerminalWouldObeyIsTakenOut) {
  EXPECT_EQ(printable("a\x1b[2Jb\nc\x7f"), "a [2Jb c ");
  EXPECT_EQ(printable("x\xc2\x9b"
                      "1m"),
            "x 1m");  // U+009B, CSI in one character
  EXPECT_EQ(printable("Gr\xc3\xbc\xc3\x9f"), "Gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(printable("bad\xff\x9b"), "bad??");
}

TEST(Rendering, ColumnsCountCharacters) {
  EXPECT_EQ(table({"A", "LONG"}, {{"\xc3\xbc\xc3\xbc", "1"}, {"x", ""}}),
            "A   LONG\n\xc3\xbc\xc3\xbc  1\nx\n");
}

TEST(Rendering, MembersAreText) {
  const Json object = {{"text", "t"}, {"count", 3}, {"none", nullptr}, {"yes", true}};
  EXPECT_EQ(member(object, "text"), "t");
  EXPECT_EQ(member(object, "count"), "3");
  EXPECT_EQ(member(object, "none"), "");
  EXPECT_EQ(member(object, "yes"), "true");
  EXPECT_EQ(member(object, "missing"), "");
  EXPECT_EQ(member(Json(7), "text"), "");
}

TEST(Rendering, AListShowsWhyAMessageFailed) {
  EXPECT_EQ(messages_text(Json::array()), "No messages.\n");
  const auto text = messages_text(
      Json::array({{{"id", "m1"}, {"status", "FAILED_PERM"}, {"reason", "rejected"}}}));
  EXPECT_TRUE(text.contains("FAILED_PERM (rejected)")) << text;
}

TEST(ApiTargets, QueriesAreEncodedAndEmptyValuesLeftOut) {
  EXPECT_EQ(with_query("/v1/messages", {{"to", "+1 5&x"}, {"status", ""}, {"limit", "3"}}),
            "/v1/messages?to=%2B1%205%26x&limit=3");
  EXPECT_EQ(with_query("/v1/messages", {}), "/v1/messages");
  EXPECT_EQ(path_segment("../a"), "..%2Fa");
  EXPECT_THROW(path_segment(""), UsageError);
}

TEST(ApiClient, RefusesAnAddressThatIsNone) {
  ::setenv("HELIOGRAPH_API_KEY", "k", 1);
  for (const char* url : {"gateway:8080", "ftp://x", "http://x/?a=b"}) {
    Remote remote;
    remote.url = url;
    EXPECT_THROW(ApiClient{remote}, UsageError) << url;
  }
  ::unsetenv("HELIOGRAPH_API_KEY");
  Remote remote;
  remote.url = "http://127.0.0.1:1";
  EXPECT_THROW(ApiClient{remote}, UsageError);  // no key
}

}  // namespace
}  // namespace heliograph::app
