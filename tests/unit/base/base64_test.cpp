#include "core/base/base64.h"

#include <gtest/gtest.h>

namespace heliograph::base {
namespace {

// RFC 4648, section 10.
TEST(Base64, VectorsOfTheRfc) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
    EXPECT_EQ(base64_decoded_size(text), std::string_view(bytes).size());
  }
}

TEST(Base64, EveryByteSurvives) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  for (std::size_t length = 0; length <= bytes.size(); ++length) {
    const std::string part = bytes.substr(0, length);
    EXPECT_EQ(from_base64(to_base64(part)), part);
  }
}

TEST(Base64, OneSpellingOnly) {
  for (const char* bad : {"Zg", "Zg=", "Z===", "====", "=", "Zh==", "Zm9=", "Zm8",
                          "Zm 8=", "Zm8=\n", "Zg==Zg==", "Zm-v", "Zm_v", "Z\xC3\xA4=="}) {
    EXPECT_FALSE(from_base64(bad)) << bad;
  }
}

}  // namespace
}  // namespace heliograph::base
