#include "plugins/limiters/redis/permits.h"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace heliograph::plugins::redis {

namespace {

// The scripts count in doubles, which hold whole numbers up to here exactly.
constexpr std::uint64_t kUnitsMax = std::uint64_t{1} << 53;

std::uint64_t burst_of(const hg_limit_rule& rule) {
  return rule.burst == 0 ? rule.limit : rule.burst;
}

std::uint64_t capacity(const hg_limit_rule& rule) {
  return rule.algorithm == HG_LIMIT_TOKEN_BUCKET ? burst_of(rule) : rule.limit;
}

std::uint64_t to_us(std::uint64_t ns) { return ns / 1'000 + (ns % 1'000 == 0 ? 0 : 1); }

void check(const hg_limit_rule& rule) {
  const std::string name = "rule '" + std::string(sdk::to_view(rule.id)) + "': ";
  if (rule.algorithm != HG_LIMIT_SLIDING_WINDOW && rule.algorithm != HG_LIMIT_TOKEN_BUCKET) {
    throw sdk::Failure(HG_E_UNSUPPORTED, name + "algorithm " + std::to_string(rule.algorithm) +
                                             " is not one of sliding_window, token_bucket");
  }
  if (rule.limit == 0 || rule.window_ns == 0) {
    throw sdk::Failure(HG_E_CONFIG,
                       name + (rule.limit == 0 ? "limit" : "window") + " must be above 0");
  }
  if (std::max(rule.limit, rule.burst) > kUnitsMax) {
    throw sdk::Failure(HG_E_CONFIG, name + "limit and burst must not be above 2^53");
  }
}

}  // namespace

// What the script answered.
struct Permits::Verdict {
  std::uint32_t granted = 0;
  std::uint64_t grant = 0;
  std::uint64_t retry_ns = 0;
  std::uint32_t denied = UINT32_MAX;  // index into the group's keys

  static bool read(const redisReply& reply, Verdict& out, std::int64_t& birth) {
    if (reply.type != REDIS_REPLY_ARRAY || reply.elements != 5) return false;
    for (std::size_t i = 0; i < 5; ++i) {
      if (reply.element[i]->type != REDIS_REPLY_INTEGER) return false;
    }
    const auto value = [&](std::size_t i) { return reply.element[i]->integer; };
    out.granted = static_cast<std::uint32_t>(value(0));
    out.grant = static_cast<std::uint64_t>(value(1));
    out.retry_ns = static_cast<std::uint64_t>(value(2)) * 1'000;
    if (value(3) >= 0) out.denied = static_cast<std::uint32_t>(value(3));
    birth = value(4);
    return true;
  }
};

void Permits::set_rules(const sdk::LimitRules& rules) {
  std::vector<Rule> next;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    check(rules[i]);
    std::string id(sdk::to_view(rules[i].id));
    const auto same = [&](const Rule& rule) { return rule.id == id; };
    if (std::any_of(next.begin(), next.end(), same)) {
      throw sdk::Failure(HG_E_CONFIG, "rule '" + id + "' is there twice");
    }
    next.push_back({std::move(id), rules[i]});
  }
  rules_ = std::move(next);
}

// ---- requests ----

hg_status Permits::collect(std::span<const hg_limit_key> keys, std::vector<Key>& out) const {
  if (keys.empty() || keys.size() > HG_LIMIT_KEYS_MAX) return HG_E_CONFIG;
  for (std::uint32_t i = 0; i < keys.size(); ++i) {
    if (keys[i].rule >= rules_.size() || keys[i].cost == 0) return HG_E_CONFIG;
    const std::string& id = rules_[keys[i].rule].id;
    const std::string_view who = sdk::to_view(keys[i].key);
    std::string name = settings_.prefix + id;
    if (who != id) name.append(":").append(who);
    const auto same =
        std::find_if(out.begin(), out.end(), [&](const Key& k) { return k.name == name; });
    if (same != out.end()) {
      same->cost += keys[i].cost;
    } else {
      out.push_back({std::move(name), keys[i].rule, keys[i].cost, i});
    }
  }
  return HG_OK;
}

bool Permits::fits(const std::vector<Key>& keys, std::uint32_t min) const {
  return std::all_of(keys.begin(), keys.end(), [&](const Key& key) {
    return min <= capacity(rules_[key.rule].values) / key.cost;
  });
}

hg_status Permits::acquire(hg_op op, const hg_limit_req& request) {
  if (request.min_n == 0 || request.min_n > request.max_n) return HG_E_CONFIG;
  std::vector<Key> keys;
  const hg_status bad = collect(std::span(request.keys, request.n_keys), keys);
  if (bad != HG_OK) return bad;
  if (!fits(keys, request.min_n)) return HG_E_LIMIT;
  if (!connection_.ready()) return HG_E_IO;
  const auto like = [&](const auto& group) { return group->keys == keys; };
  auto found = std::find_if(groups_.begin(), groups_.end(), like);
  if (found == groups_.end()) {
    auto group = std::make_shared<Group>();
    group->keys = std::move(keys);
    found = groups_.insert(groups_.end(), std::move(group));
  }
  (*found)->waiters.push_back({op, request.min_n, request.max_n});
  waiting_.insert(op);
  ask_flush();
  return HG_PENDING;
}

void Permits::cancel(hg_op op) {
  if (waiting_.contains(op)) cancelled_.insert(op);
}

void Permits::ask_flush() {
  if (flush_asked_) return;
  flush_asked_ = host_.post([this] { flush(); });
}

void Permits::flush() {
  flush_asked_ = false;
  for (auto& group : std::exchange(groups_, {})) send(std::move(group));
  connection_.flush();
}

Words Permits::words_of(const std::vector<Key>& keys) const {
  Words words;
  for (const Key& key : keys) {
    const hg_limit_rule& rule = rules_[key.rule].values;
    words.push_back(rule.algorithm == HG_LIMIT_TOKEN_BUCKET ? "1" : "0");
    words.push_back(std::to_string(to_us(rule.window_ns)));
    words.push_back(std::to_string(rule.limit));
    words.push_back(std::to_string(burst_of(rule)));
    words.push_back(std::to_string(key.cost));
  }
  return words;
}

void Permits::send(std::shared_ptr<Group> group) {
  const bool known = std::all_of(group->keys.begin(), group->keys.end(),
                                 [&](const Key& key) { return key.rule < rules_.size(); });
  if (!known) return fail(*group, "the rule is gone");
  std::uint32_t min = std::numeric_limits<std::uint32_t>::max();
  std::uint64_t max = 0;
  for (const Waiter& waiter : group->waiters) {
    min = std::min(min, waiter.min);
    max += waiter.max;
  }
  max = std::min<std::uint64_t>(max, std::numeric_limits<std::uint32_t>::max());
  group->rule_words = words_of(group->keys);
  Words words{birth_key()};
  for (const Key& key : group->keys) words.push_back(key.name);
  words.push_back(connection_.run_id());
  words.push_back(std::to_string(settings_.settle.count() / 1'000));
  words.push_back(std::to_string(min));
  words.push_back(std::to_string(max));
  words.insert(words.end(), group->rule_words.begin(), group->rule_words.end());
  auto done = [this, group](const redisReply* reply) { settle(*group, reply); };
  const bool sent =
      connection_.run(Script::kAcquire, 1 + group->keys.size(), std::move(words), std::move(done));
  if (!sent) fail(*group, "the connection is gone");
}

// ---- answers ----

void Permits::settle(const Group& group, const redisReply* reply) {
  Verdict verdict;
  std::int64_t birth = 0;
  if (reply == nullptr) return fail(group, {});  // the connection has said why
  if (reply->type == REDIS_REPLY_ERROR) {
    return fail(group, std::string(reply->str, static_cast<std::size_t>(reply->len)));
  }
  if (!Verdict::read(*reply, verdict, birth)) return fail(group, "its answer is not understood");
  last_error_.clear();
  note_birth(birth);
  share_out(group, verdict);
}

void Permits::share_out(const Group& group, const Verdict& verdict) {
  std::uint32_t left = verdict.granted;
  for (const Waiter& waiter : group.waiters) {
    hg_limit_result result{};
    const std::uint32_t items = std::min(waiter.max, left);
    if (items >= waiter.min) {
      left -= items;
      result.granted = items;
      result.grant = verdict.grant;
      result.denied_key = UINT32_MAX;
      if (cancelled_.contains(waiter.op)) give_back(group, verdict.grant, items);
    } else {
      result.retry_after_ns = verdict.retry_ns;
      result.denied_key =
          verdict.denied < group.keys.size() ? group.keys[verdict.denied].position : UINT32_MAX;
    }
    complete(group, waiter, result);
  }
  // Too little for anybody: a request may ask for more than one at least.
  if (left > 0) give_back(group, verdict.grant, left);
}

void Permits::complete(const Group&, const Waiter& waiter, const hg_limit_result& result) {
  waiting_.erase(waiter.op);
  cancelled_.erase(waiter.op);
  hg_limit_result sized = result;
  sized.size = sizeof(sized);
  host_.raw()->complete_limit(host_.raw(), waiter.op, &sized);
}

void Permits::fail(const Group& group, const std::string& why) {
  if (!why.empty() && why != last_error_) {
    host_.warn("Redis refused a request for permits", {{"reason", why}});
    last_error_ = why;
  }
  hg_limit_result result{};
  result.status = HG_E_IO;
  for (const Waiter& waiter : group.waiters) complete(group, waiter, result);
}

void Permits::note_birth(std::int64_t birth) {
  const std::int64_t before = std::exchange(birth_, birth);
  if (before != 0 && before != birth) {
    host_.warn("Redis has lost its counts: nothing is granted until they are whole again");
  }
}

void Permits::on_ready() {
  const auto seen = [this](const redisReply* reply) {
    Verdict verdict;
    std::int64_t birth = 0;
    if (reply != nullptr && Verdict::read(*reply, verdict, birth)) note_birth(birth);
  };
  connection_.run(Script::kAcquire, 1, {birth_key(), connection_.run_id()}, seen);
  connection_.flush();
}

// ---- refunds ----

void Permits::give_back(const Group& group, std::uint64_t grant, std::uint32_t items) {
  Words words;
  for (const Key& key : group.keys) words.push_back(key.name);
  words.push_back(std::to_string(grant));
  words.push_back(std::to_string(items));
  words.insert(words.end(), group.rule_words.begin(), group.rule_words.end());
  const auto ignored = [](const redisReply*) {};
  if (connection_.run(Script::kRefund, group.keys.size(), std::move(words), ignored)) ask_flush();
}

void Permits::refund(std::uint64_t grant, std::span<const hg_limit_key> keys, std::uint32_t items) {
  Group group;
  if (collect(keys, group.keys) != HG_OK || items == 0) return;
  group.rule_words = words_of(group.keys);
  give_back(group, grant, items);
}

}  // namespace heliograph::plugins::redis
