#include "core/pipeline/in_flight_keys.h"

namespace heliograph::pipeline {

std::optional<InFlightKeys::Claim> InFlightKeys::claim(const Key& key) {
  const std::lock_guard lock(mutex_);
  if (!keys_.insert(key).second) return std::nullopt;
  return Claim(*this, key);
}

std::size_t InFlightKeys::size() const {
  const std::lock_guard lock(mutex_);
  return keys_.size();
}

void InFlightKeys::release(const Key& key) {
  const std::lock_guard lock(mutex_);
  keys_.erase(key);
}

}  // namespace heliograph::pipeline
