// KeyCache: what API keys stand for, remembered, so that a request does not ask the database.
//
// An entry counts for as long as no key or client has changed (StoreClients::keys_version) and at
// most kFresh; a key that is revoked or expires is refused within that time, whoever revoked it.
// Bounded: full, it forgets everything, which costs one look-up for each key.
//
// Threads: any.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "core/model/client.h"
#include "core/ports/clock.h"
#include "core/ports/store_clients.h"

namespace heliograph::api {

class KeyCache {
 public:
  // Half of the second within which a revoked key must be refused.
  static constexpr std::chrono::milliseconds kFresh{500};
  static constexpr std::size_t kEntriesMax = 10'000;
  // Of keys that are none: enough for a misconfigured client, too few to be worth an attack.
  static constexpr std::size_t kRefusedMax = 1'000;

  struct Answer {
    bool known = false;                                 // false: ask the store
    std::shared_ptr<const model::Principal> principal;  // nullptr and known: no such key
  };
  // An entry that has outlived kFresh is `known` still for everybody but the first who asks: that
  // one gets known = false and brings the new answer, so that a busy key costs one look-up at a
  // time.
  Answer find(const ports::KeyHash& key, std::uint64_t version, ports::MonoTime now);

  // `version` as read before the store was asked.
  void put(const ports::KeyHash& key, std::uint64_t version, ports::MonoTime now,
           std::shared_ptr<const model::Principal> principal);

 private:
  struct Entry {
    std::shared_ptr<const model::Principal> principal;
    ports::MonoTime checked_at;
    bool refreshing = false;
  };
  struct HashOfKey {
    std::size_t operator()(const ports::KeyHash& key) const noexcept;
  };
  using Entries = std::unordered_map<ports::KeyHash, Entry, HashOfKey>;

  Answer find_in(Entries& entries, const ports::KeyHash& key, ports::MonoTime now);

  std::mutex mutex_;
  std::uint64_t version_ = 0;  // of all entries
  Entries valid_;
  Entries refused_;
};

}  // namespace heliograph::api
