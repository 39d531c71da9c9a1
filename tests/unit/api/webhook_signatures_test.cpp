// The signatures of Twilio and SendGrid, by their published examples and by a key made here.
#include "core/api/facades/webhook_signatures.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

#include "core/base/base64.h"

namespace heliograph::api {
namespace {

// The example of Twilio's own libraries.
constexpr const char* kToken = "12345";
constexpr const char* kUrl = "https://mycompany.com/myapp.php?foo=1&bar=2";
constexpr const char* kSignature = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
const std::vector<http::Header> kParameters{{"CallSid", "CA1234567890ABCDE"},
                                            {"Digits", "1234"},
                                            {"From", "+14158675309"},
                                            {"To", "+18005551212"},
                                            {"Caller", "+14158675309"}};

http::Request signed_with(std::string signature) {
  http::Request request;
  request.headers.emplace_back("x-twilio-signature", std::move(signature));
  return request;
}

TEST(TwilioSignature, IsThePublishedOne) {
  EXPECT_EQ(twilio_signature(kToken, kUrl, kParameters), kSignature);
}

TEST(TwilioSignature, OfARepeatedNameTheDifferentValuesCountInOrder) {
  const std::vector<http::Header> repeated{{"Sid", "CA123"},
                                           {"SidAccount", "AC123"},
                                           {"Digits", "5678"},
                                           {"Digits", "1234"},
                                           {"Digits", "1234"}};
  EXPECT_EQ(twilio_signature(kToken, kUrl, repeated), "IK+Dwps556ElfBT0I3Rgjkr1wJU=");
}

TEST(TwilioSignature, TheSchemesOwnPortMayBeSignedOrNot) {
  const WebhookSignatures signatures(kToken, "");
  ASSERT_TRUE(signatures.checks_twilio());
  const auto right = [&](std::string_view url) {
    return signatures.is_twilio(signed_with(kSignature), url, &kParameters);
  };
  EXPECT_TRUE(right(kUrl));
  EXPECT_TRUE(right("https://mycompany.com:443/myapp.php?foo=1&bar=2"));
  EXPECT_FALSE(right("http://mycompany.com/myapp.php?foo=1&bar=2"));
  EXPECT_FALSE(right("https://mycompany.com/myapp.php?foo=1&bar=3"));
  const std::string with_port =
      twilio_signature(kToken, "https://mycompany.com:443/myapp.php?foo=1&bar=2", kParameters);
  EXPECT_TRUE(signatures.is_twilio(signed_with(with_port), kUrl, &kParameters));
}

TEST(TwilioSignature, EveryParameterCountsAndNoneIsNone) {
  const WebhookSignatures signatures(kToken, "");
  std::vector<http::Header> changed = kParameters;
  changed[1].second = "1235";
  EXPECT_FALSE(signatures.is_twilio(signed_with(kSignature), kUrl, &changed));
  EXPECT_FALSE(signatures.is_twilio(http::Request{}, kUrl, &kParameters));
  EXPECT_FALSE(signatures.is_twilio(signed_with(""), kUrl, &kParameters));
  EXPECT_FALSE(WebhookSignatures("", "").checks_twilio());
}

TEST(TwilioSignature, OfABodyThatIsNoFormTheDigestIsInTheUrl) {
  const WebhookSignatures signatures(kToken, "");
  // printf '{"a":1}' | sha256sum
  const std::string digest = "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862";
  const std::string url = "https://mycompany.com/hook?bodySHA256=" + digest;
  http::Request request = signed_with(twilio_signature(kToken, url, {}));
  request.query.emplace_back("bodySHA256", digest);
  request.body = R"({"a":1})";
  EXPECT_TRUE(signatures.is_twilio(request, url, nullptr));
  request.body = R"({"a":2})";
  EXPECT_FALSE(signatures.is_twilio(request, url, nullptr));
  request.query.clear();
  EXPECT_FALSE(signatures.is_twilio(request, url, nullptr));
}

// What SendGrid has on its side.
class SigningKey {
 public:
  SigningKey() : key_(EVP_EC_gen("P-256"), &EVP_PKEY_free) {}

  std::string public_key() const {
    unsigned char* der = nullptr;
    const int length = i2d_PUBKEY(key_.get(), &der);
    const std::string bytes(reinterpret_cast<char*>(der), static_cast<std::size_t>(length));
    OPENSSL_free(der);
    return base::to_base64(bytes);
  }
  std::string sign(const std::string& text) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          &EVP_MD_CTX_free);
    EXPECT_EQ(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()), 1);
    const auto* data = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t length = 0;
    EXPECT_EQ(EVP_DigestSign(context.get(), nullptr, &length, data, text.size()), 1);
    std::string signature(length, '\0');
    EXPECT_EQ(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()),
                             &length, data, text.size()),
              1);
    signature.resize(length);
    return base::to_base64(signature);
  }

 private:
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
};

TEST(SendGridSignature, CoversTheTimeAndTheBody) {
  const SigningKey key;
  const WebhookSignatures signatures("", key.public_key());
  ASSERT_TRUE(signatures.checks_sendgrid());
  http::Request request;
  request.body = R"([{"event":"delivered"}])";
  request.headers = {
      {"x-twilio-email-event-webhook-timestamp", "1600112502"},
      {"x-twilio-email-event-webhook-signature", key.sign("1600112502" + request.body)}};
  EXPECT_TRUE(signatures.is_sendgrid(request));
  http::Request other = request;
  other.body += ' ';
  EXPECT_FALSE(signatures.is_sendgrid(other));
  other = request;
  other.headers[0].second = "1600112503";
  EXPECT_FALSE(signatures.is_sendgrid(other));
  other = request;
  other.headers[1].second = SigningKey().sign("1600112502" + request.body);
  EXPECT_FALSE(signatures.is_sendgrid(other)) << "another key";
  for (const char* wrong : {"", "!", "AAAA"}) {
    other.headers[1].second = wrong;
    EXPECT_FALSE(signatures.is_sendgrid(other)) << wrong;
  }
  other.headers.pop_back();
  EXPECT_FALSE(signatures.is_sendgrid(other));
}

TEST(SendGridSignature, AKeyThatIsNoneIsSaidAtTheStart) {
  EXPECT_THROW(WebhookSignatures("", "AAAA"), std::runtime_error);
  EXPECT_THROW(WebhookSignatures("", "not base64"), std::runtime_error);
  const std::string key = *base::from_base64(SigningKey().public_key());
  EXPECT_THROW(WebhookSignatures("", base::to_base64(key + "x")), std::runtime_error);
}

}  // namespace
}  // namespace heliograph::api
