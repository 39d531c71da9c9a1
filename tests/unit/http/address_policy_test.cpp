// Which addresses are refused, and why; the tables are IANA's.
#include "core/http/address_policy.h"

#include <gtest/gtest.h>

#include "core/http/webhook_signature.h"

namespace heliograph::http {
namespace {

const AddressPolicy& strict() {
  static const AddressPolicy policy({.public_only = true, .allow_cidrs = {}});
  return policy;
}

bool refused(const AddressPolicy& policy, const char* address) {
  return policy.refusal(boost::asio::ip::make_address(address)).has_value();
}

class RefusedAddress : public testing::TestWithParam<const char*> {};
TEST_P(RefusedAddress, IsRefused) { EXPECT_TRUE(refused(strict(), GetParam())); }
// First and last of each block.
INSTANTIATE_TEST_SUITE_P(V4, RefusedAddress,
                         testing::Values("0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255",
                                         "100.64.0.0", "100.100.100.200", "100.127.255.255",
                                         "127.0.0.1", "127.255.255.255", "168.63.129.16",
                                         "169.254.0.0", "169.254.169.254", "169.254.255.255",
                                         "172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.255",
                                         "192.0.2.1", "192.88.99.1", "192.168.0.0",
                                         "192.168.255.255", "198.18.0.0", "198.19.255.255",
                                         "198.51.100.7", "203.0.113.7", "224.0.0.1",
                                         "239.255.255.255", "240.0.0.0", "255.255.255.255"));
INSTANTIATE_TEST_SUITE_P(V6, RefusedAddress,
                         testing::Values("::", "::1", "::2", "::127.0.0.1", "::ffff:127.0.0.1",
                                         "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::808:808",
                                         "64:ff9b:1::a00:1", "100::1", "2001::1", "2001:0:ffff::1",
                                         "2001:1ff::1", "2001:db8::1", "2002:7f00:1::1",
                                         "2002:808:808::1", "3fff::1", "3fff:fff::1", "4000::1",
                                         "fc00::1", "fd00:ec2::254", "fdff::1", "fe80::1",
                                         "fe80::1%1", "febf::1", "fec0::1", "ff02::1"));

class AllowedAddress : public testing::TestWithParam<const char*> {};
TEST_P(AllowedAddress, IsAllowed) { EXPECT_FALSE(refused(strict(), GetParam())); }
// The neighbours of the blocks above.
INSTANTIATE_TEST_SUITE_P(Neighbours, AllowedAddress,
                         testing::Values("1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255",
                                         "100.128.0.0", "126.255.255.255", "128.0.0.0",
                                         "168.63.129.15", "169.253.255.255", "169.255.0.0",
                                         "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0",
                                         "192.167.255.255", "192.169.0.0", "198.17.255.255",
                                         "198.20.0.0", "223.255.255.255", "2000::1", "2001:200::1",
                                         "2001:db7::1", "2001:db9::1", "2003::1", "2606:4700::1111",
                                         "3ffe:ffff::1", "3fff:1000::1"));

TEST(AddressPolicy, AllowedNetworksAreExceptions) {
  const AddressPolicy policy(
      {.public_only = true, .allow_cidrs = {"127.0.0.0/8", "10.1.2.3", "fd12::/16"}});
  EXPECT_FALSE(refused(policy, "127.0.0.1"));
  EXPECT_FALSE(refused(policy, "10.1.2.3"));
  EXPECT_TRUE(refused(policy, "10.1.2.4"));
  EXPECT_FALSE(refused(policy, "fd12:3::1"));
  EXPECT_TRUE(refused(policy, "fd13::1"));
  EXPECT_TRUE(refused(policy, "::ffff:127.0.0.1"));
  EXPECT_TRUE(refused(policy, "::1"));
}

TEST(AddressPolicy, TheReasonIsSaid) {
  EXPECT_EQ(strict().refusal_of_host("10.0.0.1"), "private (RFC 1918)");
  EXPECT_EQ(strict().refusal_of_host("169.254.169.254"), "cloud metadata");
  EXPECT_EQ(strict().refusal_of_host("::1"), "loopback");
  EXPECT_EQ(strict().refusal_of_host("localhost"), std::nullopt);
  EXPECT_EQ(strict().refusal_of_host("8.8.8.8"), std::nullopt);
}

TEST(AddressPolicy, WithoutTheRuleNothingIsRefused) {
  EXPECT_FALSE(refused(AddressPolicy({}), "127.0.0.1"));
}

TEST(AddressPolicy, AWrongNetworkIsNamed) {
  EXPECT_THROW(AddressPolicy({.public_only = true, .allow_cidrs = {"10.0.0.0/33"}}),
               std::runtime_error);
}

// The example of the specification's reference implementations.
TEST(WebhookSignature, TheKnownVector) {
  // base64: MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
  const std::string secret =
      "\x31\xf2\x90\xf6\xbf\x06\x29\x8a\xab\x4f\x08\xd4\x3c\x3f\x08\x2c\xf6\x48\xa3\x62\xda\x2d"
      "\xa4\xb0";
  const WebhookSigner signer;
  EXPECT_EQ(webhook_secret_text(secret), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  const std::string id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
  const std::string expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
  EXPECT_EQ(signer.sign({secret}, id, 1614265330, R"({"test": 2432232314})"), expected);
  const std::string both =
      signer.sign({std::string(32, 'x'), secret}, id, 1614265330, R"({"test": 2432232314})");
  EXPECT_TRUE(both.starts_with("v1,"));
  EXPECT_TRUE(both.ends_with(" " + expected));
  EXPECT_EQ(both.size(), 2 * expected.size() + 1);
}

}  // namespace
}  // namespace heliograph::http
