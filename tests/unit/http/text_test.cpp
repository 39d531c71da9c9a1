// The pure parts: targets, URLs, routes, problems, digests, heads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "core/http/digest.h"
#include "core/http/outgoing_wire.h"
#include "core/http/problem.h"
#include "core/http/response_head.h"
#include "core/http/router.h"
#include "core/http/target.h"
#include "core/http/url.h"

namespace heliograph::http {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::Pair;

std::string hex(const std::array<std::uint8_t, 32>& digest) {
  std::string text;
  for (const std::uint8_t byte : digest) {
    text += "0123456789abcdef"[byte / 16];
    text += "0123456789abcdef"[byte % 16];
  }
  return text;
}

// ---- targets ----

TEST(Target, DecodesPercentEncoding) {
  EXPECT_EQ(percent_decode("a%20b%2Fc%c3%A9"), "a b/c\xc3\xa9");
  EXPECT_EQ(percent_decode("a+b"), "a+b");
  EXPECT_EQ(percent_decode(""), "");
  for (const char* bad : {"%", "%2", "a%zz", "%0g", "%00", "100%"}) {
    EXPECT_FALSE(percent_decode(bad)) << bad;
  }
}

TEST(Target, ReadsQueriesInOrder) {
  const auto query = parse_query("b=1&a=x+y&flag&&=v&b=%26%3D&c=1=2");
  ASSERT_TRUE(query);
  EXPECT_THAT(*query, ElementsAre(Pair("b", "1"), Pair("a", "x y"), Pair("flag", ""), Pair("", "v"),
                                  Pair("b", "&="), Pair("c", "1=2")));
  EXPECT_FALSE(parse_query("a=%4"));
  EXPECT_FALSE(parse_query("%zz=1"));
}

TEST(Target, SplitsItsForms) {
  const auto origin = split_target("/a/b?c=d?e");
  ASSERT_TRUE(origin);
  EXPECT_EQ(origin->path, "/a/b");
  EXPECT_EQ(origin->query, "c=d?e");
  const auto absolute = split_target("HTTP://x:80?q");
  ASSERT_TRUE(absolute);
  EXPECT_EQ(absolute->authority, "x:80");
  EXPECT_EQ(absolute->path, "/");
  EXPECT_EQ(absolute->query, "q");
  EXPECT_EQ(split_target("*")->path, "*");
  for (const std::string& bad : {""s, "a"s, "http:///a"s, "/a#b"s, "/a b"s, "/\x7f"s, "/\xc3"s}) {
    EXPECT_FALSE(split_target(bad)) << bad;
  }
}

// ---- URLs and what is sent to them ----

TEST(Url, IsTakenApart) {
  const auto url = parse_url("https://api.example.com:8443/a/b?c=d");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->origin, "https://api.example.com:8443");
  EXPECT_EQ(url->authority, "api.example.com:8443");
  EXPECT_EQ(url->host, "api.example.com");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->path, "/a/b");
  EXPECT_EQ(url->query, "?c=d");
  EXPECT_EQ(parse_url("http://[::1]:80/")->host, "::1");
  EXPECT_EQ(parse_url("http://x")->port, 80);
  EXPECT_EQ(parse_url("HTTPS://x?a")->port, 443);
}

TEST(Url, IsRefusedWhereItIsInDoubt) {
  for (const std::string& bad : {""s,
                                 "x"s,
                                 "ftp://x/"s,
                                 "http:/x"s,
                                 "http://"s,
                                 "http:///a"s,
                                 "http://u:p@x/"s,
                                 "http://x:0/"s,
                                 "http://x:65536/"s,
                                 "http://x:/"s,
                                 "http://x:1a/"s,
                                 "http://x/#a"s,
                                 "http://x/a b"s,
                                 "http://x/\r\nHost: y"s,
                                 "http://x/\0"s,
                                 "http://[::1/"s,
                                 "http://[]/"s,
                                 "http://[::1]x/"s,
                                 "http://x\\y/"s,
                                 "http://x/\xc3\xa9"s}) {
    EXPECT_FALSE(parse_url(bad)) << bad;
  }
}

bool writes(const ports::OutgoingRequest& request) {
  std::string wire;
  return write_request(wire, request, *parse_url("http://x:81/a?b"));
}

TEST(OutgoingWire, WritesARequest) {
  ports::OutgoingRequest request;
  request.method = "POST";
  request.headers = {{"Content-Type", "text/plain"}};
  request.body = "hello";
  std::string wire = "old";
  ASSERT_TRUE(write_request(wire, request, *parse_url("http://x:81?b")));
  EXPECT_EQ(wire,
            "POST /?b HTTP/1.1\r\nHost: x:81\r\nContent-Type: text/plain\r\n"
            "Content-Length: 5\r\n\r\nhello");
  request.method = "GET";
  request.body.clear();
  request.no_reuse = true;
  ASSERT_TRUE(write_request(wire, request, *parse_url("http://x/a")));
  EXPECT_EQ(wire,
            "GET /a HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n");
}

TEST(OutgoingWire, RefusesWhatWouldBreakTheFraming) {
  for (const std::string& method : {""s, "GE T"s, "GET\r\n"s, "CONNECT"s, "TRACE"s}) {
    ports::OutgoingRequest request;
    request.method = method;
    EXPECT_FALSE(writes(request)) << method;
  }
  const std::vector<Header> bad = {{"X", "a\r\nY: b"},
                                   {"X", "a\nb"},
                                   {"X", "a\0b"s},
                                   {"X:", "a"},
                                   {"", "a"},
                                   {"X Y", "a"},
                                   {"HOST", "y"},
                                   {"Content-Length", "1"},
                                   {"connection", "x"},
                                   {"Transfer-Encoding", "chunked"},
                                   {"Expect", "100-continue"}};
  for (const Header& header : bad) {
    ports::OutgoingRequest request;
    request.method = "GET";
    request.headers = {header};
    EXPECT_FALSE(writes(request)) << header.first;
  }
}

// ---- routes ----

boost::asio::awaitable<Response> nothing(Request&) { co_return Response(); }

Router sample_router() {
  Router router;
  router.add(Method::kGet, "/v1/messages", nothing);
  router.add(Method::kPost, "/v1/messages", nothing, RouteOptions{10});
  router.add(Method::kPost, "/v1/messages/batch", nothing, RouteOptions{20});
  router.add(Method::kGet, "/v1/messages/{id}", nothing);
  router.add(Method::kGet, "/v1/messages/{id}/events", nothing);
  router.add(Method::kGet, "/v1/{kind}/special/{id}", nothing);
  router.add(Method::kPost, "/api/sms", nothing);
  router.add(Method::kGet, "/", nothing);
  return router;
}

TEST(Router, FindsLiteralsBeforeParameters) {
  const Router router = sample_router();
  EXPECT_EQ(router.find(Method::kPost, "/v1/messages").options.body_max, 10U);
  EXPECT_EQ(router.find(Method::kPost, "/v1/messages/batch").options.body_max, 20U);
  const auto one = router.find(Method::kGet, "/v1/messages/abc");
  EXPECT_NE(one.handler, nullptr);
  EXPECT_EQ(one.pattern, "/v1/messages/{id}");
  EXPECT_THAT(one.params, ElementsAre(Pair("id", "abc")));
  EXPECT_NE(router.find(Method::kGet, "/").handler, nullptr);
}

TEST(Router, GoesBackWhereALiteralLeadsNowhere) {
  const Router router = sample_router();
  const auto found = router.find(Method::kGet, "/v1/messages/special/7");
  EXPECT_EQ(found.status, 200U);
  EXPECT_THAT(found.params, ElementsAre(Pair("kind", "messages"), Pair("id", "7")));
}

TEST(Router, DecodesSegmentsAfterSplitting) {
  const Router router = sample_router();
  const auto found = router.find(Method::kGet, "/v1/m%65ssages/a%2Fb%20c");
  EXPECT_THAT(found.params, ElementsAre(Pair("id", "a/b c")));
  EXPECT_EQ(router.find(Method::kGet, "/v1%2Fmessages").status, 404U);
}

TEST(Router, TellsUnknownPathsFromUnknownMethods) {
  const Router router = sample_router();
  for (const char* path : {"/none", "/v1", "/v1/messages/", "/v1//messages", "/api/sms/", "",
                           "/v1/messages/a/b", "/v1/messages/../messages", "v1/messages"}) {
    EXPECT_EQ(router.find(Method::kGet, path).status, 404U) << path;
  }
  const auto wrong = router.find(Method::kDelete, "/v1/messages");
  EXPECT_EQ(wrong.status, 405U);
  EXPECT_EQ(wrong.allow, "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(router.find(Method::kGet, "/v1/messages/batch").status, 405U);
  EXPECT_EQ(router.find(Method::kHead, "/v1/messages").status, 200U);
  EXPECT_EQ(router.find(Method::kOptions, "/api/sms").allow, "POST, OPTIONS");
}

TEST(Router, RefusesContradictions) {
  Router router = sample_router();
  EXPECT_THROW(router.add(Method::kGet, "/v1/messages", nothing), std::logic_error);
  EXPECT_THROW(router.add(Method::kGet, "/v1/messages/{name}/x", nothing), std::logic_error);
  EXPECT_THROW(router.add(Method::kGet, "v1", nothing), std::logic_error);
}

// ---- answers ----

TEST(Problem, IsJsonWithEverythingThatWasSaid) {
  Problem problem;
  problem.status = 402;
  problem.detail = "not enough";
  problem.error = "insufficient credits";
  problem.pointer = "/to";
  problem.numbers = {{"required_cents", 10}};
  const Response response = problem_response(problem);
  EXPECT_EQ(response.status, 402U);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(response.body,
            R"({"type":"about:blank","title":"Payment Required","status":402,)"
            R"("detail":"not enough","error":"insufficient credits","pointer":"/to",)"
            R"("required_cents":10})");
}

TEST(Problem, StaysJsonWhateverItQuotes) {
  EXPECT_EQ(problem_response(400, "a\"b\\c\n\x01\x7f").body,
            R"({"type":"about:blank","title":"Bad Request","status":400,)"
            R"("detail":"a\"b\\c\u000a\u0001\u007f","error":"a\"b\\c\u000a\u0001\u007f"})");
  EXPECT_THAT(problem_response(400, "\xc3\xa9").body, ::testing::HasSubstr("\xc3\xa9"));
  EXPECT_THAT(problem_response(400, "\xc3").body, ::testing::HasSubstr("\\ufffd"));
}

TEST(ResponseHead, IsWrittenInFull) {
  Response response;
  response.status = 202;
  response.content_type = "application/json";
  response.headers = {{"Location", "/v1/messages/1"}};
  HeadContext context;
  context.server_name = "heliograph";
  context.date = "now";
  context.request_id = "r";
  context.persistence = Persistence::kClose;
  std::string head;
  append_head(head, response, context, 7);
  EXPECT_EQ(head,
            "HTTP/1.1 202 Accepted\r\nServer: heliograph\r\nDate: now\r\n"
            "Content-Type: application/json\r\nContent-Length: 7\r\nX-Request-Id: r\r\n"
            "Location: /v1/messages/1\r\nConnection: close\r\n\r\n");
}

TEST(ResponseHead, HasNoLengthWhereThereIsNoBody) {
  Response response;
  response.status = 204;
  std::string head;
  append_head(head, response, {}, 0);
  EXPECT_EQ(head, "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST(ResponseHead, FormatsDatesAsHttpDoes) {
  EXPECT_EQ(format_http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(ResponseHead, KnowsUnsafeHeaders) {
  Response response;
  response.headers = {{"X", "fine"}};
  EXPECT_TRUE(has_safe_headers(response));
  for (const Header& bad : {Header{"X", "a\r\nb"}, Header{"X", "a\0"s}, Header{"X Y", "a"},
                            Header{"", "a"}, Header{"X:", "a"}}) {
    response.headers = {bad};
    EXPECT_FALSE(has_safe_headers(response));
  }
  response.headers.clear();
  response.content_type = "a\r\n";
  EXPECT_FALSE(has_safe_headers(response));
}

// ---- digests ----

TEST(Digest, MatchesTheStandards) {
  EXPECT_EQ(hex(sha256("abc")),  // FIPS 180-4, example
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(hmac_sha256("Jefe", "what do ya want for nothing?")),  // RFC 4231, case 2
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex(hmac_sha256("", "")),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Digest, ComparesSecrets) {
  EXPECT_TRUE(equal_secrets("abc", "abc"));
  EXPECT_TRUE(equal_secrets("", ""));
  EXPECT_FALSE(equal_secrets("abc", "abd"));
  EXPECT_FALSE(equal_secrets("abc", "ab"));
}

TEST(Digest, MakesRandomHex) {
  const std::string first = random_hex(16);
  EXPECT_EQ(first.size(), 32U);
  EXPECT_EQ(first.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_NE(first, random_hex(16));
}

}  // namespace
}  // namespace heliograph::http
