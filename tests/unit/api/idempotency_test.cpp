#include "core/api/idempotency.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace heliograph::api {
namespace {

http::Request with_keys(const std::vector<std::string>& keys, std::string body = "{}") {
  http::Request request;
  request.method = http::Method::kPost;
  request.path = "/v1/messages";
  request.body = std::move(body);
  for (const std::string& key : keys) request.headers.emplace_back("idempotency-key", key);
  return request;
}

TEST(IdempotencyKey, IsReadQuotedAndBare) {
  const std::vector<std::pair<std::string, std::string>> table{
      {"abc", "abc"},
      {R"("abc")", "abc"},
      {"  abc  ", "abc"},
      {R"("a\"b\\c")", R"(a"b\c)"},
      {"8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"},
      {R"(a"b)", R"(a"b)"},
      {std::string(255, 'k'), std::string(255, 'k')},
  };
  for (const auto& [sent, expected] : table) {
    const auto key = idempotency_key(with_keys({sent}));
    ASSERT_TRUE(key.has_value()) << sent;
    EXPECT_EQ(*key, std::optional(expected)) << sent;
  }
  EXPECT_EQ(*idempotency_key(with_keys({})), std::nullopt);
}

TEST(IdempotencyKey, RefusesWhatIsNoKey) {
  const std::vector<std::vector<std::string>> table{
      {""},
      {"   "},
      {R"("")"},
      {R"("abc)"},
      {R"(")"},
      {R"("a"b")"},
      {R"("a\n")"},
      {R"("a\")"},
      {std::string(256, 'k')},
      {"caf\xc3\xa9"},
      {"a\tb"},
      {"a", "a"},
      {"a", "b"},
  };
  for (const auto& keys : table) {
    const auto key = idempotency_key(with_keys(keys));
    ASSERT_FALSE(key.has_value()) << keys.front();
    EXPECT_EQ(key.error().status, 400u);
    EXPECT_NE(key.error().detail.find("Idempotency-Key"), std::string::npos);
  }
}

TEST(IdempotencyRecord, ScopeIsClientPathAndKeyAndTheFingerprintIsTheBody) {
  const auto record = [](const http::Request& request, int client) {
    return **idempotency_record(request, static_cast<model::ClientId>(client));
  };
  const auto first = record(with_keys({"abc"}), 1);
  EXPECT_EQ(record(with_keys({R"("abc")"}), 1).key_hash, first.key_hash);
  EXPECT_EQ(record(with_keys({"abc"}), 1).fingerprint, first.fingerprint);

  EXPECT_NE(record(with_keys({"abc"}), 2).key_hash, first.key_hash);
  EXPECT_NE(record(with_keys({"abd"}), 1).key_hash, first.key_hash);
  http::Request elsewhere = with_keys({"abc"});
  elsewhere.path = "/v1/messages/batch";
  EXPECT_NE(record(elsewhere, 1).key_hash, first.key_hash);

  const auto other_body = record(with_keys({"abc"}, "{ }"), 1);
  EXPECT_EQ(other_body.key_hash, first.key_hash);
  EXPECT_NE(other_body.fingerprint, first.fingerprint);
}

}  // namespace
}  // namespace heliograph::api
