#include "core/config/formats.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/config/scalars.h"

namespace heliograph::config {
namespace {

using Texts = std::vector<std::string>;

void check(bool (*is)(std::string_view), const Texts& good, const Texts& bad) {
  for (const std::string& text : good) EXPECT_TRUE(is(text)) << text;
  for (const std::string& text : bad) EXPECT_FALSE(is(text)) << text;
}

TEST(Formats, OfListenAddresses) {
  check(is_listen_address, {"127.0.0.1:8080", "0.0.0.0:0", "[::1]:65535", "[::]:80"},
        {"", "8080", ":8080", "localhost:8080", "*:8080", "127.0.0.1",
         "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:http", "::1:8080", "[::1]",
         "[::1:80", "[127.0.0.1]:80", "300.0.0.1:80", "example.com:80", "127.0.0.1: 80",
         "http://127.0.0.1:80"});
  EXPECT_EQ(listen_host("[::1]:80"), "[::1]");
  EXPECT_EQ(listen_host("127.0.0.1:80"), "127.0.0.1");
}

TEST(Formats, OfAddressesAndCidrs) {
  check(is_address_or_cidr, {"10.0.0.0/8", "10.0.0.1", "::1", "fd00::/8", "0.0.0.0/0", "::/128"},
        {"", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8",
         "localhost", "/8"});
}

TEST(Formats, OfOrigins) {
  check(is_origin, {"*", "https://app.example.com", "http://localhost:3000", "http://[::1]:80"},
        {"", "app.example.com", "https://", "https://a/", "https://a/b", "https://a?b",
         "https://u@a", "ftp://a", "https://a b", "https:///x"});
}

TEST(Formats, OfHostNames) {
  check(is_hostname, {"a", "sms.example.com", "a-b.c", "1.2.3.4"},
        {"", "a b", "-a", ".a", "a..b", "a_b", "a:80", std::string(254, 'a')});
}

TEST(Formats, OfUrls) {
  check(is_http_url, {"http://a", "https://a.b/c?d=e", "http://[::1]/"},
        {"", "http://", "https:///a", "ftp://a", "http:// a", "http://a b", "http://a\n", "a.b/c"});
}

TEST(Formats, OfIdentifiers) {
  check(is_identifier, {"a", "provider1", "A-b_c.9", "-", std::string(64, 'a')},
        {"", ".a", "..", "a/b", "a b", "ä", std::string(65, 'a')});
}

TEST(Formats, OfDigests) {
  check(is_sha256_hex, {std::string(64, 'a'), std::string(64, 'F'), std::string(64, '0')},
        {"", std::string(63, 'a'), std::string(65, 'a'), std::string(64, 'g')});
}

TEST(Scalars, ReadTruthValues) {
  for (const std::string_view text : {"true", "TRUE", "yes", "On", "1"}) {
    EXPECT_EQ(parse_boolean(text), true) << text;
  }
  for (const std::string_view text : {"false", "False", "no", "OFF", "0"}) {
    EXPECT_EQ(parse_boolean(text), false) << text;
  }
  for (const std::string_view text : {"", "2", "t", "yes "}) EXPECT_FALSE(parse_boolean(text));
}

TEST(Scalars, ReadNumbers) {
  EXPECT_EQ(parse_integer("-5"), -5);
  EXPECT_EQ(parse_integer("9223372036854775807"), 9223372036854775807);
  for (const std::string_view text : {"", "+5", "5 ", "5.0", "9223372036854775808", "0x5"}) {
    EXPECT_FALSE(parse_integer(text)) << text;
  }
  EXPECT_EQ(parse_real("0.5"), 0.5);
  EXPECT_EQ(parse_real("-2"), -2.0);
  EXPECT_EQ(parse_real("1e3"), 1000.0);
  for (const std::string_view text : {"", "inf", "nan", "0,5", "1.5x", "1e999"}) {
    EXPECT_FALSE(parse_real(text)) << text;
  }
}

TEST(Scalars, ReadLists) {
  EXPECT_EQ(split_list("a, b ,,c"), (Texts{"a", "b", "c"}));
  EXPECT_EQ(split_list(""), Texts{});
  EXPECT_EQ(split_list(" , "), Texts{});
}

}  // namespace
}  // namespace heliograph::config
