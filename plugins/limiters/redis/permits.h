// Permits: requests for permits as calls of the script in Redis, and its answers as grants.
//
// Requests of one turn of the loop that ask for the same keys at the same cost become one call for
// all of their items, and all calls of a turn leave in one write. So a backlog costs Redis one
// script per turn and provider instead of one per message, while a permit is still taken when it is
// needed: nothing is held in stock, no lease widens the window. What is granted goes to the
// requests in the order in which they came. [loop], set_rules() [ctl].
#pragma once

#include <heliograph/abi/abi.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include <heliograph/host.hpp>
#include <heliograph/limiter.hpp>

#include "plugins/limiters/redis/connection.h"

namespace heliograph::plugins::redis {

class Permits {
 public:
  Permits(sdk::Host host, const Settings& settings, Connection& connection)
      : host_(host), settings_(settings), connection_(connection) {}

  // Throws Failure. Counts go on under rule id and key: they are in Redis.
  void set_rules(const sdk::LimitRules& rules);
  // HG_PENDING; HG_E_IO: no connection; HG_E_CONFIG, HG_E_LIMIT as the memory limiter.
  hg_status acquire(hg_op op, const hg_limit_req& request);
  void refund(std::uint64_t grant, std::span<const hg_limit_key> keys, std::uint32_t items);
  // Its permits are given back when they come.
  void cancel(hg_op op);
  // The connection is there: makes sure the memory's birth is on record.
  void on_ready();

 private:
  struct Rule {
    std::string id;
    hg_limit_rule values;  // `id` in it is void
  };
  // One key in Redis with what an item costs there, as the scripts take it.
  struct Key {
    std::string name;
    std::uint32_t rule;
    std::uint64_t cost;
    std::uint32_t position;  // in the request
    bool operator==(const Key&) const = default;
  };
  struct Waiter {
    hg_op op;
    std::uint32_t min;
    std::uint32_t max;
  };
  struct Group {
    std::vector<Key> keys;
    std::vector<Waiter> waiters;
    Words rule_words;  // of the rules in force when it was sent
  };
  struct Verdict;

  hg_status collect(std::span<const hg_limit_key> keys, std::vector<Key>& out) const;
  bool fits(const std::vector<Key>& keys, std::uint32_t min) const;
  Words words_of(const std::vector<Key>& keys) const;
  void ask_flush();
  void flush();
  void send(std::shared_ptr<Group> group);
  void settle(const Group& group, const redisReply* reply);
  void share_out(const Group& group, const Verdict& verdict);
  void complete(const Group& group, const Waiter& waiter, const hg_limit_result& result);
  void fail(const Group& group, const std::string& why);
  void give_back(const Group& group, std::uint64_t grant, std::uint32_t items);
  void note_birth(std::int64_t birth);
  std::string birth_key() const { return settings_.prefix + ":birth"; }

  sdk::Host host_;
  const Settings& settings_;
  Connection& connection_;
  std::vector<Rule> rules_;
  std::vector<std::shared_ptr<Group>> groups_;  // to be sent at the end of this turn
  std::unordered_set<hg_op> waiting_;
  std::unordered_set<hg_op> cancelled_;  // of these
  bool flush_asked_ = false;
  std::int64_t birth_ = 0;
  std::string last_error_;
};

}  // namespace heliograph::plugins::redis
