#include "core/api/key_cache.h"

#include <cstring>
#include <utility>

namespace heliograph::api {

std::size_t KeyCache::HashOfKey::operator()(const ports::KeyHash& key) const noexcept {
  std::size_t value = 0;
  std::memcpy(&value, key.data(), sizeof(value));  // a SHA-256: any part of it is uniform
  return value;
}

KeyCache::Answer KeyCache::find(const ports::KeyHash& key, std::uint64_t version,
                                ports::MonoTime now) {
  const std::scoped_lock lock(mutex_);
  if (version > version_) {
    valid_.clear();
    refused_.clear();
    version_ = version;
  }
  if (version < version_) return {};
  const Answer answer = find_in(valid_, key, now);
  return answer.known ? answer : find_in(refused_, key, now);
}

KeyCache::Answer KeyCache::find_in(Entries& entries, const ports::KeyHash& key,
                                   ports::MonoTime now) {
  const auto found = entries.find(key);
  if (found == entries.end()) return {};
  Entry& entry = found->second;
  const auto age = now - entry.checked_at;
  // Twice as old: the look-up that was to renew it has not come back.
  if (age >= 2 * kFresh) return {};
  if (age >= kFresh && !entry.refreshing) {
    entry.refreshing = true;
    return {};
  }
  return {.known = true, .principal = entry.principal};
}

void KeyCache::put(const ports::KeyHash& key, std::uint64_t version, ports::MonoTime now,
                   std::shared_ptr<const model::Principal> principal) {
  const std::scoped_lock lock(mutex_);
  if (version != version_) return;  // a key has changed since: this answer may be the old one
  const bool valid = principal != nullptr;
  (valid ? refused_ : valid_).erase(key);
  Entries& entries = valid ? valid_ : refused_;
  if (entries.size() >= (valid ? kEntriesMax : kRefusedMax) && !entries.contains(key)) {
    entries.clear();
  }
  entries[key] = Entry{.principal = std::move(principal), .checked_at = now, .refreshing = false};
}

}  // namespace heliograph::api
