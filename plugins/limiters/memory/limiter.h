// The memory limiter: permits counted in this process, exactly, answered within the call.
//
// The gateway asks for one grant over several keys ("the whole dispatch" and "this provider"),
// which is given for all of them or for none, so nobody's permits are spent on a message that
// cannot go. Grants are named by their time: grants of one moment under one key are
// interchangeable.
//
// Counts are this process's own and start empty: with several gateways in front of one contract use
// a limiter with a shared backend. Not thread-safe: the instance's strand owns it.
#pragma once

#include <heliograph/abi/abi.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <heliograph/limiter.hpp>

#include "plugins/limiters/memory/key_table.h"

namespace heliograph::plugins::memory {

class Limiter {
 public:
  explicit Limiter(std::size_t keys_max) : keys_max_(keys_max) {}

  // Replaces the rules and carries counts over by rule id and key, at the time of the last call.
  // Not HG_OK: `why` says what is wrong with which rule, and the old rules stay.
  hg_status set_rules(const sdk::LimitRules& rules, std::string& why);

  // Grants req.max_n items or as many as there is room for, at least req.min_n, else none; then
  // retry_after_ns is exactly the time until min_n fit (if nothing else happens) and denied_key the
  // key that takes longest. HG_E_CONFIG: a rule that does not exist, or no keys, or no items;
  // HG_E_LIMIT: min_n items can never fit, or too many busy keys.
  hg_status acquire(const hg_limit_req& req, hg_limit_result& out);

  // Gives back n items of the grant made at `grant` under these keys.
  void refund(std::uint64_t grant, std::span<const hg_limit_key> keys, std::uint32_t n);

  [[nodiscard]] std::size_t keys() const noexcept;

 private:
  struct NamedTable {
    std::string id;
    KeyTable table;
  };
  // One distinct key of a request; a key that is named twice costs the sum.
  struct Demand {
    KeyTable* table;
    std::size_t slot;
    std::uint64_t cost;
    std::uint32_t position;
  };
  struct Demands {
    std::array<Demand, HG_LIMIT_KEYS_MAX> items;
    std::size_t count = 0;
  };

  hg_status collect(const hg_limit_req& req, Demands& demands);
  std::uint64_t room(Demands& demands, std::uint64_t wanted) const;
  hg_status deny(Demands& demands, std::uint64_t min_n, hg_limit_result& out) const;
  void see(std::uint64_t now) noexcept { now_ = now > now_ ? now : now_; }

  std::vector<NamedTable> tables_;  // by rule index
  std::size_t keys_max_;
  std::uint64_t now_ = 0;  // of the latest acquire: time never goes back in here
};

}  // namespace heliograph::plugins::memory
