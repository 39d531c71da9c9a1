#include "plugins/limiters/memory/limiter.h"

#include <algorithm>
#include <utility>

namespace heliograph::plugins::memory {

namespace {

Rule to_rule(const hg_limit_rule& raw) {
  Rule rule;
  rule.algorithm =
      raw.algorithm == HG_LIMIT_TOKEN_BUCKET ? Algorithm::kTokenBucket : Algorithm::kSlidingWindow;
  rule.window_ns = raw.window_ns;
  rule.limit = raw.limit;
  rule.burst = raw.burst == 0 ? raw.limit : raw.burst;
  return rule;
}

hg_status check(const hg_limit_rule& raw, std::string& why) {
  const std::string name = "rule '" + std::string(sdk::to_view(raw.id)) + "': ";
  if (raw.algorithm != HG_LIMIT_SLIDING_WINDOW && raw.algorithm != HG_LIMIT_TOKEN_BUCKET) {
    why = name + "algorithm " + std::to_string(raw.algorithm) +
          " is not one of sliding_window, token_bucket";
    return HG_E_UNSUPPORTED;
  }
  if (raw.limit == 0 || raw.window_ns == 0) {
    why = name + (raw.limit == 0 ? "limit" : "window") + " must be above 0";
    return HG_E_CONFIG;
  }
  return HG_OK;
}

}  // namespace

hg_status Limiter::set_rules(const sdk::LimitRules& rules, std::string& why) {
  std::vector<NamedTable> next;
  next.reserve(rules.size());
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const hg_limit_rule& raw = rules[i];
    if (const hg_status bad = check(raw, why); bad != HG_OK) return bad;
    const std::string_view id = sdk::to_view(raw.id);
    if (std::ranges::find(next, id, &NamedTable::id) != next.end()) {
      why = "rule '" + std::string(id) + "' is there twice";
      return HG_E_CONFIG;
    }
    next.push_back({std::string(id), KeyTable(to_rule(raw), keys_max_)});
  }
  for (NamedTable& named : next) {
    const auto old = std::ranges::find(tables_, named.id, &NamedTable::id);
    if (old == tables_.end()) continue;
    const Rule rule = named.table.rule();
    named.table = std::move(old->table);
    named.table.convert(now_, rule);
  }
  tables_ = std::move(next);
  return HG_OK;
}

hg_status Limiter::acquire(const hg_limit_req& req, hg_limit_result& out) {
  see(req.now_mono_ns);
  Demands demands;
  if (const hg_status bad = collect(req, demands); bad != HG_OK) return bad;
  const std::uint64_t granted = room(demands, req.max_n);
  if (granted < req.min_n) return deny(demands, req.min_n, out);
  for (std::size_t i = 0; i < demands.count; ++i) {
    const Demand& d = demands.items[i];
    d.table->at(d.slot).take(now_, granted * d.cost, d.table->rule());
  }
  out.granted = static_cast<std::uint32_t>(granted);
  out.grant = now_;
  out.denied_key = UINT32_MAX;
  return HG_OK;
}

hg_status Limiter::collect(const hg_limit_req& req, Demands& demands) {
  if (req.n_keys == 0 || req.n_keys > HG_LIMIT_KEYS_MAX) return HG_E_CONFIG;
  if (req.min_n == 0 || req.min_n > req.max_n) return HG_E_CONFIG;
  for (std::uint32_t i = 0; i < req.n_keys; ++i) {
    const hg_limit_key& key = req.keys[i];
    if (key.rule >= tables_.size() || key.cost == 0) return HG_E_CONFIG;
    KeyTable& table = tables_[key.rule].table;
    const std::optional<std::size_t> slot = table.find_or_add(sdk::to_view(key.key), now_);
    if (!slot) return HG_E_LIMIT;
    Demand* const begin = demands.items.data();
    Demand* const end = begin + demands.count;
    Demand* const same = std::find_if(
        begin, end, [&](const Demand& d) { return d.table == &table && d.slot == *slot; });
    if (same != end) {
      same->cost += key.cost;
    } else {
      demands.items[demands.count++] = {&table, *slot, key.cost, i};
    }
  }
  return HG_OK;
}

std::uint64_t Limiter::room(Demands& demands, std::uint64_t wanted) const {
  for (std::size_t i = 0; i < demands.count && wanted != 0; ++i) {
    const Demand& d = demands.items[i];
    const std::uint64_t units = d.table->at(d.slot).available(now_, d.table->rule());
    wanted = d.cost == 1 ? std::min(wanted, units) : std::min(wanted, units / d.cost);
  }
  return wanted;
}

hg_status Limiter::deny(Demands& demands, std::uint64_t min_n, hg_limit_result& out) const {
  for (std::size_t i = 0; i < demands.count; ++i) {
    const Demand& d = demands.items[i];
    const Rule& rule = d.table->rule();
    if (min_n * d.cost > rule.capacity()) return HG_E_LIMIT;
    const std::uint64_t wait = d.table->at(d.slot).wait(now_, min_n * d.cost, rule);
    if (wait <= out.retry_after_ns) continue;
    out.retry_after_ns = wait;
    out.denied_key = d.position;
  }
  return HG_OK;
}

void Limiter::refund(std::uint64_t grant, std::span<const hg_limit_key> keys, std::uint32_t n) {
  for (const hg_limit_key& key : keys) {
    if (key.rule >= tables_.size()) continue;
    KeyTable& table = tables_[key.rule].table;
    Meter* const meter = table.find(sdk::to_view(key.key));
    if (meter == nullptr) continue;
    meter->refund(now_, grant, std::uint64_t{n} * key.cost, table.rule());
  }
}

std::size_t Limiter::keys() const noexcept {
  std::size_t sum = 0;
  for (const NamedTable& named : tables_) sum += named.table.size();
  return sum;
}

}  // namespace heliograph::plugins::memory
