#include "plugins/limiters/redis/settings.h"

#include <gtest/gtest.h>

#include "plugins/limiters/redis/greeting.h"
#include "plugins/limiters/redis/resolver.h"

namespace heliograph::plugins::redis {
namespace {

std::string refusal(std::string_view text) {
  try {
    parse_url(text);
  } catch (const sdk::ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(RedisUrlTest, Parts) {
  const Url plain = parse_url("redis://cache.internal");
  EXPECT_EQ(plain.host, "cache.internal");
  EXPECT_EQ(plain.port, 6379);
  EXPECT_EQ(plain.database, 0u);
  EXPECT_EQ(plain.password, "");
  const Url full = parse_url("redis://gateway:p%40ss%3aword@10.0.0.7:6380/3");
  EXPECT_EQ(full.user, "gateway");
  EXPECT_EQ(full.password, "p@ss:word");
  EXPECT_EQ(full.host, "10.0.0.7");
  EXPECT_EQ(full.port, 6380);
  EXPECT_EQ(full.database, 3u);
  const Url six = parse_url("redis://:secret@[::1]:7000/");
  EXPECT_EQ(six.user, "");
  EXPECT_EQ(six.password, "secret");
  EXPECT_EQ(six.host, "::1");
  EXPECT_EQ(six.port, 7000);
}

TEST(RedisUrlTest, SaysWhatIsWrong) {
  EXPECT_EQ(refusal("http://x"), "url: must begin with redis://");
  EXPECT_NE(refusal("rediss://x").find("TLS"), std::string::npos);
  EXPECT_EQ(refusal("redis://"), "url: the host is missing");
  EXPECT_EQ(refusal("redis://x:0"), "url: the port must not be 0");
  EXPECT_EQ(refusal("redis://x:70000"), "url: the port must be a number from 0 to 65535");
  EXPECT_EQ(refusal("redis://x/one"), "url: the database must be a number from 0 to 65535");
  EXPECT_EQ(refusal("redis://secret@x"), "url: user without a password: write user:password@host");
  EXPECT_EQ(refusal("redis://u:@x"), "url: the password is empty");
  EXPECT_EQ(refusal("redis://u:%zz@x"), "url: '%' in user or password must begin %XX");
  EXPECT_EQ(refusal("redis://[::1"), "url: the address in [ ] does not end");
}

TEST(GreetingTest, SaysWhoWeAreAndLoadsTheScripts) {
  const auto words = greeting(parse_url("redis://u:p@x/2"));
  ASSERT_EQ(words.size(), 6u);
  EXPECT_EQ(words[0], (Words{"AUTH", "u", "p"}));
  EXPECT_EQ(words[1], (Words{"SELECT", "2"}));
  EXPECT_EQ(words[2], (Words{"INFO", "server"}));
  EXPECT_EQ(words[3][1], "LOAD");
  EXPECT_EQ(greeting(parse_url("redis://x")).size(), 4u);
  EXPECT_EQ(greeting(parse_url("redis://:p@x"))[0], (Words{"AUTH", "p"}));
}

TEST(GreetingTest, RunIdOfInfo) {
  EXPECT_EQ(run_id_of("# Server\r\nrun_id:abc123\r\ntcp_port:1\r\n"), "abc123");
  EXPECT_EQ(run_id_of("nothing"), "?");
}

TEST(ResolverTest, AddressesNeedNoLookUp) {
  EXPECT_EQ(address_without_lookup("10.1.2.3"), "10.1.2.3");
  EXPECT_EQ(address_without_lookup("::1"), "::1");
  EXPECT_EQ(address_without_lookup("localhost"), "127.0.0.1");
  EXPECT_EQ(address_without_lookup("cache.internal"), "");
}

}  // namespace
}  // namespace heliograph::plugins::redis
