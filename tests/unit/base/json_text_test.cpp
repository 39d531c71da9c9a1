#include "core/base/json_text.h"

#include <gtest/gtest.h>

#include "core/base/secret_bytes.h"

namespace heliograph::base {
namespace {

TEST(SecretBytes, AreManyAndNeverTheSame) {
  const std::string one = secret_bytes(32);
  EXPECT_EQ(one.size(), 32u);
  EXPECT_NE(one, secret_bytes(32));
}

TEST(JsonText, EscapesAndReplaces) {
  std::string out = "x";
  append_json_string(out, "a\"b\\c\n\x01\xc3\xa9");
  EXPECT_EQ(out, "x\"a\\\"b\\\\c\\n\\u0001\xc3\xa9\"");
  out.clear();
  append_json_string(out, "a\xff");
  EXPECT_EQ(out, "\"a\xEF\xBF\xBD\"");
}

}  // namespace
}  // namespace heliograph::base
