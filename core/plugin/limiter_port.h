// LimiterPort: ports::Limiter under one set of rules. When the rules of a running limiter change
// there is another port, so that a permit is given back under the rules it was granted under,
// whatever their places are now.
//
// Owned by its LimiterHandle, for as long as that lives. [loop]
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/ports/limiter.h"

namespace heliograph::plugin {

class LimiterHandle;

class LimiterPort final : public ports::Limiter {
 public:
  explicit LimiterPort(LimiterHandle& handle) : handle_(handle) {}

  std::optional<ports::LimitAnswer> acquire(
      const ports::LimitRequest& request,
      base::UniqueFunction<void(ports::LimitAnswer)> done) override;
  void refund(std::uint64_t grant, std::span<const ports::LimitKey> keys,
              std::uint32_t items) override;

  // Denies from now on. Where the handle goes on under other rules `places` says where each rule of
  // this port is then (nullopt: gone), and `limits` what it allowed here; later changes of rules
  // are told by moved().
  void close() { closed_ = true; }
  void close(std::vector<std::optional<std::uint32_t>> places, std::vector<std::uint64_t> limits);
  void moved(const std::vector<std::optional<std::uint32_t>>& places);

 private:
  LimiterHandle& handle_;
  bool closed_ = false;
  bool translates_ = false;
  std::vector<std::optional<std::uint32_t>> places_;  // by rule of this port
  std::vector<std::uint64_t> limits_;
};

}  // namespace heliograph::plugin
