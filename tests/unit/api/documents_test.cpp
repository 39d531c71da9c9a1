#include "core/api/documents.h"

#include <gtest/gtest.h>

#include "tests/unit/api/api_fixture.h"

namespace heliograph::test {
namespace {

class DocumentsTest : public ApiTest {
 protected:
  http::Response fetch(std::string target, std::vector<http::Header> headers = {}) {
    http::Request request = get(std::move(target), "");
    for (http::Header& header : headers) request.headers.push_back(std::move(header));
    return send(std::move(request));
  }
};

TEST_F(DocumentsTest, ServesTheContractToEverybody) {
  const http::Response response = fetch("/openapi.json");
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(header(response, "Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(header(response, "X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(header(response, "Content-Encoding"), "");
  EXPECT_EQ(json_of(response).at("openapi"), "3.1.0");
}

// Origins from the configuration must not add a second Access-Control-Allow-Origin.
TEST_F(DocumentsTest, AnswersOneOriginHeaderWhereOriginsAreConfigured) {
  settings.cors_origins = {"https://app.example"};
  rebuild();
  const http::Response response = fetch("/openapi.json", {{"origin", "https://app.example"}});
  const auto count = std::ranges::count(response.headers, "Access-Control-Allow-Origin",
                                        [](const http::Header& field) { return field.first; });
  EXPECT_EQ(count, 1);
  EXPECT_EQ(header(response, "Access-Control-Allow-Origin"), "*");
}

TEST_F(DocumentsTest, AnswersNotModifiedToWhoHasIt) {
  const std::string tag = header(fetch("/openapi.json"), "ETag");
  ASSERT_GT(tag.size(), 10U);
  for (const std::string& field : {tag, "W/" + tag, "\"other\", " + tag, std::string("*")}) {
    const http::Response again = fetch("/openapi.json", {{"if-none-match", field}});
    EXPECT_EQ(again.status, 304U) << field;
    EXPECT_EQ(again.body, "");
    EXPECT_EQ(again.content_type, "");
    EXPECT_EQ(header(again, "ETag"), tag);
  }
  EXPECT_EQ(fetch("/openapi.json", {{"if-none-match", "\"other\""}}).status, 200U);
}

TEST_F(DocumentsTest, CompressesWhereTheClientTakesIt) {
  const http::Response plain = fetch("/docs/swagger-ui-bundle.js");
  const http::Response packed =
      fetch("/docs/swagger-ui-bundle.js", {{"accept-encoding", "gzip, deflate, br"}});
  EXPECT_EQ(header(packed, "Content-Encoding"), "gzip");
  EXPECT_EQ(packed.body.substr(0, 2), "\x1f\x8b");
  EXPECT_LT(packed.body.size() * 2, plain.body.size());
  EXPECT_EQ(header(plain, "Vary"), "Accept-Encoding");
  EXPECT_NE(header(packed, "ETag"), header(plain, "ETag"));
}

TEST(AcceptEncoding, IsReadWithItsWeights) {
  using api::accepts_gzip;
  EXPECT_FALSE(accepts_gzip(std::nullopt));
  EXPECT_FALSE(accepts_gzip(""));
  EXPECT_FALSE(accepts_gzip("identity"));
  EXPECT_FALSE(accepts_gzip("gzip;q=0"));
  EXPECT_FALSE(accepts_gzip("gzip; q=0.000, *"));
  EXPECT_FALSE(accepts_gzip("br, *;q=0"));
  EXPECT_TRUE(accepts_gzip("gzip"));
  EXPECT_TRUE(accepts_gzip("br;q=1.0 ,GZIP;q=0.8"));
  EXPECT_TRUE(accepts_gzip("*"));
  EXPECT_TRUE(accepts_gzip("*;q=0, gzip;q=0.01"));
}

TEST_F(DocumentsTest, ServesAPageThatMayRunItsOwnScriptsAlone) {
  const http::Response page = fetch("/docs");
  EXPECT_EQ(page.status, 200U);
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  const std::string policy = header(page, "Content-Security-Policy");
  EXPECT_TRUE(policy.contains("default-src 'none'")) << policy;
  EXPECT_FALSE(policy.contains("unsafe")) << policy;
  EXPECT_FALSE(page.body.contains("://")) << "the page names another host";
  EXPECT_EQ(header(page, "X-Content-Type-Options"), "nosniff");
}

TEST_F(DocumentsTest, ServesEveryFileThatThePageNames) {
  const std::string body = fetch("/docs").body;
  std::size_t files = 0;
  for (std::size_t at = 0; (at = body.find("\"docs/", at)) != std::string::npos; ++at, ++files) {
    const std::string name = body.substr(at + 1, body.find('"', at + 1) - at - 1);
    const http::Response file = fetch("/" + name);
    EXPECT_EQ(file.status, 200U) << name;
    EXPECT_TRUE(file.content_type.starts_with(name.ends_with(".css") ? "text/css" : "text/javascr"))
        << file.content_type;
    EXPECT_FALSE(file.body.empty()) << name;
  }
  EXPECT_EQ(files, 4U);
  EXPECT_EQ(fetch("/docs/docs.html").status, 404U);
  EXPECT_EQ(fetch("/docs/openapi.json").status, 404U);
}

}  // namespace
}  // namespace heliograph::test
