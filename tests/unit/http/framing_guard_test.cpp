// The guard by itself, with headers that Beast's parser would not even hand over. The corpus over
// the wire is in server_framing_test.cpp.
#include "core/http/framing_guard.h"

#include <gtest/gtest.h>

#include <boost/asio/ip/address.hpp>
#include <string>
#include <vector>

#include "core/http/connection_limits.h"
#include "core/http/request_parser.h"

namespace heliograph::http {
namespace {

unsigned verdict(const std::vector<Header>& fields, std::string_view method = "POST",
                 unsigned version = 11, std::string_view target = "/") {
  ReceivedHeader header;
  header.raw = "POST / HTTP/1.1\r\nHost: x\r\n\r\n";
  header.method = method;
  header.target = target;
  header.version = version;
  header.fields = &fields;
  const auto error = check_framing(header, FramingLimits());
  return error ? error->status : 0;
}

const Header kHost = {"host", "x"};

TEST(FramingGuard, AcceptsWhatHasOneReading) {
  EXPECT_EQ(verdict({kHost}), 0U);
  EXPECT_EQ(verdict({}, "GET", 10), 0U);
  EXPECT_EQ(verdict({kHost, {"content-length", "5"}}), 0U);
  EXPECT_EQ(verdict({kHost, {"transfer-encoding", "Chunked"}}), 0U);
  EXPECT_EQ(verdict({kHost, {"expect", "100-Continue"}}), 0U);
  EXPECT_EQ(verdict({kHost, {"expect", "tea"}}, "GET", 10), 0U);
}

TEST(FramingGuard, RefusesLengthsInDoubt) {
  for (const char* length : {"", "+5", "-1", "0x5", "5,5", "5 ", " 5", "5.0", "1e3",
                             "18446744073709551616", "99999999999999999999999"}) {
    EXPECT_EQ(verdict({kHost, {"content-length", length}}), 400U) << length;
  }
  EXPECT_EQ(verdict({kHost, {"content-length", "5"}, {"content-length", "5"}}), 400U);
  EXPECT_EQ(verdict({kHost, {"content-length", "5"}, {"transfer-encoding", "chunked"}}), 400U);
}

TEST(FramingGuard, RefusesEncodingsInDoubt) {
  for (const char* encoding : {"", "gzip", "xchunked", "chunkedx", "chunked, identity",
                               "chunked, chunked", "gzip, chunked", "\"chunked\"", "chunked;q=1"}) {
    EXPECT_EQ(verdict({kHost, {"transfer-encoding", encoding}}), 400U) << encoding;
  }
  EXPECT_EQ(verdict({kHost, {"transfer-encoding", "chunked"}}, "POST", 10), 400U);
}

TEST(FramingGuard, RefusesFoldedAndBareLines) {
  const std::vector<Header> fields = {kHost};
  for (const char* raw :
       {"POST / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", "POST / HTTP/1.1\r\n\tA: b\r\n\r\n",
        "POST / HTTP/1.1\nA: b\r\n\r\n", "\nPOST / HTTP/1.1\r\n\r\n"}) {
    ReceivedHeader header;
    header.raw = raw;
    header.method = "POST";
    header.target = "/";
    header.fields = &fields;
    const auto error = check_framing(header, FramingLimits());
    ASSERT_TRUE(error) << raw;
    EXPECT_EQ(error->status, 400U);
  }
}

TEST(FramingGuard, KnowsTheSevenMethodsInUpperCase) {
  for (const char* method : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    EXPECT_EQ(verdict({kHost}, method), 0U) << method;
  }
  for (const char* method : {"get", "Post", "TRACE", "CONNECT", "PRI", "", "POSTX"}) {
    EXPECT_EQ(verdict({kHost}, method), 501U) << method;
  }
}

// Every split of a request into two pieces gives the same request.
TEST(RequestParser, DoesNotCareWhereTheInputIsCut) {
  const std::string wire =
      "POST /a?b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nX-Y:  z \r\n\r\n"
      "3\r\nabc\r\n10;e=f\r\n0123456789abcdef\r\n0\r\n\r\n";
  const FramingLimits limits;
  for (std::size_t cut = 0; cut <= wire.size(); ++cut) {
    Request request;
    RequestParser parser(limits, request);
    std::size_t at = 0;
    auto progress = RequestParser::Progress::kNeedMore;
    bool in_body = false;
    for (const std::size_t end : {cut, wire.size()}) {
      if (!in_body && end > 0) {
        progress = parser.parse_header(std::string_view(wire).substr(0, end));
        if (progress != RequestParser::Progress::kDone) continue;
        at = parser.header_size();
        in_body = true;
        progress = parser.start_body(100);
      }
      std::size_t used = 0;
      if (in_body) progress = parser.parse_body(std::string_view(wire).substr(at, end - at), used);
      at += used;
    }
    ASSERT_EQ(progress, RequestParser::Progress::kDone) << cut;
    EXPECT_EQ(at, wire.size());
    EXPECT_EQ(request.target, "/a?b");
    EXPECT_EQ(request.header("x-y"), "z");
    EXPECT_EQ(request.body, "abc0123456789abcdef");
  }
}

TEST(ConnectionLimits, CountInAllAndForEachAddress) {
  const auto key = [](const char* text) {
    return ConnectionLimits::key_of(boost::asio::ip::make_address(text));
  };
  ConnectionLimits limits(3, 2);
  EXPECT_TRUE(limits.take(key("10.0.0.1")));
  EXPECT_TRUE(limits.take(key("10.0.0.1")));
  EXPECT_FALSE(limits.take(key("10.0.0.1")));
  EXPECT_TRUE(limits.take(key("10.0.0.2")));
  EXPECT_FALSE(limits.take(key("10.0.0.3")));
  EXPECT_EQ(limits.open(), 3U);
  limits.give(key("10.0.0.1"));
  EXPECT_TRUE(limits.take(key("10.0.0.3")));
  EXPECT_FALSE(limits.wait_until_none(std::chrono::steady_clock::now()));
}

TEST(ConnectionLimits, CountAnIpv6SubscriberOnce) {
  const auto key = [](const char* text) {
    return ConnectionLimits::key_of(boost::asio::ip::make_address(text));
  };
  EXPECT_EQ(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
  EXPECT_NE(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
  EXPECT_NE(key("10.0.0.1"), key("10.0.0.2"));
}

}  // namespace
}  // namespace heliograph::http
