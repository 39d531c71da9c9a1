#include "core/model/addresses.h"

#include <gtest/gtest.h>

#include <string>

namespace heliograph::model {
namespace {

TEST(EmailAddress, Good) {
  for (const char* good : {"a@b", "name@example.com", "first.last+tag@sub.example.co.uk",
                           "o'neil@example.com", "a_b-c@xn--bcher-kva.example", "1@2.3"}) {
    EXPECT_TRUE(is_email_address(good)) << good;
  }
  EXPECT_TRUE(is_email_address(std::string(64, 'a') + "@example.com"));
}

TEST(EmailAddress, Bad) {
  for (const char* bad : {"",
                          "@",
                          "name",
                          "@example.com",
                          "name@",
                          "name@.com",
                          "name@example.",
                          "name@exa mple.com",
                          "a b@example.com",
                          ".a@example.com",
                          "a.@example.com",
                          "a..b@example.com",
                          "a@b@c",
                          "a@-example.com",
                          "a@example-.com",
                          "\"a\"@example.com",
                          "a@[127.0.0.1]",
                          "a@b,c@d",
                          "Name <a@example.com>",
                          "a@example.com\r\nRCPT TO:<x@y>",
                          "a@exam_ple.com",
                          "b\xC3\xBC@example.com"}) {
    EXPECT_FALSE(is_email_address(bad)) << bad;
  }
  EXPECT_FALSE(is_email_address(std::string(65, 'a') + "@example.com"));
  EXPECT_FALSE(is_email_address("a@" + std::string(64, 'b') + ".com"));
  std::string domain;
  for (int i = 0; i < 130; ++i) domain += "a.";
  EXPECT_FALSE(is_email_address("a@" + domain + "com"));
}

TEST(WebAddress, Good) {
  for (const char* good : {"http://a", "https://example.com/a.png?x=1&y=%20", "HTTPS://EXAMPLE.COM",
                           "http://127.0.0.1:8080/x", "http://[::1]/x"}) {
    EXPECT_TRUE(is_web_address(good)) << good;
  }
}

TEST(WebAddress, Bad) {
  for (const char* bad :
       {"", "example.com/a.png", "/a.png", "//example.com", "ftp://example.com", "http://",
        "http:///a", "http://:80/", "https://user:pw@example.com/", "https://example.com/a b",
        "https://example.com/#f", "https://example.com/\r\nX: y", "https://ex\xC3\xA4mple.com/",
        "javascript:alert(1)", "data:image/png;base64,AA==", "https://a/\""}) {
    EXPECT_FALSE(is_web_address(bad)) << bad;
  }
  EXPECT_FALSE(is_web_address("https://example.com/" + std::string(2'048, 'a')));
}

}  // namespace
}  // namespace heliograph::model
