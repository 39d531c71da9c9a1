#include "core/api/key_cache.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "core/http/digest.h"

namespace heliograph::api {
namespace {

using std::chrono::milliseconds;

const ports::KeyHash kKey = http::sha256("key");

ports::MonoTime at(milliseconds time) { return ports::MonoTime{time}; }

std::shared_ptr<const model::Principal> principal(std::uint8_t scopes = model::kScopeSend) {
  model::Principal made;
  made.scopes = scopes;
  return std::make_shared<const model::Principal>(made);
}

TEST(KeyCache, RemembersForHalfASecondThenAsksOnce) {
  KeyCache cache;
  EXPECT_FALSE(cache.find(kKey, 1, at(milliseconds{0})).known);
  cache.put(kKey, 1, at(milliseconds{0}), principal());
  EXPECT_TRUE(cache.find(kKey, 1, at(milliseconds{499})).known);
  EXPECT_FALSE(cache.find(kKey, 1, at(milliseconds{500})).known) << "the first one refreshes";
  EXPECT_TRUE(cache.find(kKey, 1, at(milliseconds{501})).known) << "the others do not wait for it";
}

TEST(KeyCache, NothingIsBelievedForASecond) {
  KeyCache cache;
  cache.put(kKey, 0, at(milliseconds{0}), principal());
  EXPECT_FALSE(cache.find(kKey, 0, at(milliseconds{600})).known);
  EXPECT_TRUE(cache.find(kKey, 0, at(milliseconds{999})).known);
  EXPECT_FALSE(cache.find(kKey, 0, at(milliseconds{1'000})).known);
  EXPECT_FALSE(cache.find(kKey, 0, at(milliseconds{1'001})).known);
}

TEST(KeyCache, AChangeOfAnyKeyForgetsAll) {
  KeyCache cache;
  cache.find(kKey, 3, at(milliseconds{0}));
  cache.put(kKey, 3, at(milliseconds{0}), principal());
  EXPECT_TRUE(cache.find(kKey, 3, at(milliseconds{1})).known);
  EXPECT_FALSE(cache.find(kKey, 4, at(milliseconds{2})).known);
}

TEST(KeyCache, AnAnswerOlderThanAChangeIsNotKept) {
  KeyCache cache;
  cache.find(kKey, 3, at(milliseconds{0}));  // asks the store while ...
  cache.find(kKey, 4, at(milliseconds{1}));  // ... somebody revokes the key
  cache.put(kKey, 3, at(milliseconds{2}), principal());
  EXPECT_FALSE(cache.find(kKey, 4, at(milliseconds{3})).known);
}

TEST(KeyCache, RefusedKeysAreRememberedApart) {
  KeyCache cache;
  cache.put(kKey, 0, at(milliseconds{0}), principal());
  for (std::size_t i = 0; i <= KeyCache::kRefusedMax; ++i) {
    cache.put(http::sha256(std::to_string(i)), 0, at(milliseconds{0}), nullptr);
  }
  const KeyCache::Answer valid = cache.find(kKey, 0, at(milliseconds{1}));
  EXPECT_TRUE(valid.known && valid.principal) << "guessing keys must not push valid ones out";
  const auto last = http::sha256(std::to_string(KeyCache::kRefusedMax));
  const KeyCache::Answer refused = cache.find(last, 0, at(milliseconds{1}));
  EXPECT_TRUE(refused.known);
  EXPECT_EQ(refused.principal, nullptr);
  EXPECT_FALSE(cache.find(http::sha256("0"), 0, at(milliseconds{1})).known) << "bounded";
}

TEST(KeyCache, ARevokedKeyTurnsIntoARefusedOne) {
  KeyCache cache;
  cache.put(kKey, 0, at(milliseconds{0}), principal());
  cache.put(kKey, 0, at(milliseconds{600}), nullptr);
  const KeyCache::Answer answer = cache.find(kKey, 0, at(milliseconds{601}));
  EXPECT_TRUE(answer.known);
  EXPECT_EQ(answer.principal, nullptr);
}

TEST(KeyCache, ManyThreadsMayUseIt) {
  KeyCache cache;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&cache, thread] {
      for (int i = 0; i < 2'000; ++i) {
        const auto key = http::sha256(std::to_string(i % 50));
        const auto version = static_cast<std::uint64_t>(i / 500);
        const auto answer = cache.find(key, version, at(milliseconds{i}));
        if (answer.known) EXPECT_NE(answer.principal, nullptr);
        cache.put(key, version, at(milliseconds{i}), principal(static_cast<std::uint8_t>(thread)));
      }
    });
  }
}

}  // namespace
}  // namespace heliograph::api
