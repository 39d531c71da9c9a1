// A limiter by sliding windows with one thing wrong: built several times, with another BAD_...
// each. What is wrong stands in limiter.toml.
#include <unistd.h>

#include <deque>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "bad_module.h"

struct Unit {
  uint64_t at_ns;
  uint64_t grant;
};

struct Rule {
  std::string id;
  uint64_t limit;
  uint64_t window_ns;
};

struct hg_instance {
  const hg_host* host;
  std::vector<Rule> rules;
  std::map<std::string, std::deque<Unit>> counts;
  uint64_t grants = 0;
};

namespace {

hg_status create(const hg_host* host, const hg_component*, const hg_config*, hg_instance** out,
                 hg_error*) {
  *out = new hg_instance{host, {}, {}, 0};
  return HG_OK;
}

void destroy(hg_instance* self) { delete self; }

hg_status on_rules(hg_instance* self, const hg_limit_rule* rules, size_t n, hg_error*) {
#if !defined(BAD_TAKES_ANY_ALGORITHM)
  for (size_t i = 0; i < n; ++i) {
    if (HG_AT(rules, i)->algorithm != HG_LIMIT_SLIDING_WINDOW) return HG_E_UNSUPPORTED;
  }
#endif
  self->rules.clear();
  for (size_t i = 0; i < n; ++i) {
    const hg_limit_rule& rule = *HG_AT(rules, i);
    self->rules.push_back({std::string(rule.id.ptr, rule.id.len), rule.limit, rule.window_ns});
  }
#if defined(BAD_FORGETS_ON_NEW_RULES)
  self->counts.clear();
#endif
  return HG_OK;
}

std::string name_of(const hg_instance& self, const hg_limit_key& key) {
#if defined(BAD_COUNTS_BY_INDEX)
  const std::string rule = std::to_string(key.rule);
#else
  const std::string& rule = self.rules.at(key.rule).id;
#endif
  return rule + "/" + std::string(key.key.ptr, key.key.len);
}

void forget(std::deque<Unit>& units, const Rule& rule, uint64_t now_ns) {
#if defined(BAD_FIXED_WINDOW)
  while (!units.empty() && units.front().at_ns / rule.window_ns < now_ns / rule.window_ns) {
#elif defined(BAD_FORGETS_EARLY)
  while (!units.empty() && units.front().at_ns + rule.window_ns / 2 <= now_ns) {
#elif defined(BAD_FORGETS_LATE)
  while (!units.empty() && units.front().at_ns + rule.window_ns * 5 / 4 <= now_ns) {
#else
  while (!units.empty() && units.front().at_ns + rule.window_ns <= now_ns) {
#endif
    units.pop_front();
  }
}

uint64_t cost_of(const hg_limit_key& key) {
#if defined(BAD_IGNORES_COST)
  return 1;
#else
  return key.cost;
#endif
}

// The counts of a key, those of other keys swept now and then.
std::deque<Unit>& counts_of(hg_instance* self, const hg_limit_key& key, uint64_t now_ns) {
#if !defined(BAD_KEEPS_KEYS)
  if (self->counts.size() > 5000) {
    std::erase_if(self->counts, [&](const auto& one) {
      return one.second.empty() || one.second.back().at_ns + 20'000'000'000 < now_ns ||
             one.second.back().at_ns + self->rules.at(0).window_ns <= now_ns;
    });
  }
#endif
  std::deque<Unit>& units = self->counts[name_of(*self, key)];
  forget(units, self->rules.at(key.rule), now_ns);
  return units;
}

uint64_t limit_of(const Rule& rule) {
#if defined(BAD_OVER_GRANTS)
  return rule.limit + 1;
#elif defined(BAD_WASTES)
  return rule.limit > 2 ? rule.limit - rule.limit / 10 - 1 : rule.limit;
#else
  return rule.limit;
#endif
}

hg_status acquire(hg_instance* self, hg_op, const hg_limit_req* request, hg_limit_result* out) {
#if defined(BAD_NEVER_COMPLETES_PENDING)
  return HG_PENDING;
#endif
#if defined(BAD_THROWS_IN_ACQUIRE)
  throw std::logic_error("thrown in acquire");
#endif
#if defined(BAD_BLOCKS_IN_ACQUIRE)
  static int calls = 0;
  if (++calls == 2) usleep(400'000);
#endif
  const uint64_t now_ns = request->now_mono_ns;
  uint64_t items = request->max_n;
  for (uint32_t i = 0; i < request->n_keys; ++i) {
    const hg_limit_key& key = request->keys[i];
    const Rule& rule = self->rules.at(key.rule);
    std::deque<Unit>& units = counts_of(self, key, now_ns);
    const uint64_t limit = limit_of(rule);
    const uint64_t room = limit > units.size() ? limit - units.size() : 0;
    const uint64_t fit = room / cost_of(key);
    if (fit < items) items = fit;
    if (items < request->min_n) {
      out->granted = 0;
      out->denied_key = i;
      if (!units.empty()) {
        const uint64_t need = cost_of(key) * request->min_n - room;
        const size_t last = need <= units.size() ? need - 1 : units.size() - 1;
        out->retry_after_ns = units[last].at_ns + rule.window_ns - now_ns;
#if defined(BAD_RETRY_AFTER_LIES)
        out->retry_after_ns = 1;
#endif
      }
#if defined(BAD_GRANTS_PARTS)
      for (uint32_t k = 0; k < i; ++k) {
        counts_of(self, request->keys[k], now_ns).push_back({now_ns, ++self->grants});
      }
#endif
      return HG_OK;
    }
  }
#if defined(BAD_GRANTS_MORE_THAN_ASKED)
  if (items == request->max_n && request->max_n > 1) ++items;
#endif
  out->granted = static_cast<uint32_t>(items);
  out->grant = ++self->grants;
  for (uint32_t i = 0; i < request->n_keys; ++i) {
    std::deque<Unit>& units = counts_of(self, request->keys[i], now_ns);
    for (uint64_t n = items * cost_of(request->keys[i]); n > 0; --n) {
      units.push_back({now_ns, out->grant});
    }
  }
  return HG_OK;
}

void refund(hg_instance* self, uint64_t grant, const hg_limit_key* keys, size_t n_keys,
            uint32_t n) {
#if defined(BAD_IGNORES_REFUND)
  return;
#endif
  for (size_t i = 0; i < n_keys; ++i) {
    std::deque<Unit>& units = self->counts[name_of(*self, keys[i])];
    uint64_t left = n * cost_of(keys[i]);
    for (auto unit = units.begin(); unit != units.end() && left > 0;) {
#if defined(BAD_REFUNDS_ANYBODY)
      const bool mine = true;
#else
      const bool mine = unit->grant == grant;
#endif
      if (mine) --left;
      unit = mine ? units.erase(unit) : unit + 1;
    }
  }
}

const hg_lifecycle life{
    sizeof(hg_lifecycle), 0, create, nullptr, nullptr, nullptr, nullptr, destroy, nullptr};
const hg_limiter table{sizeof(hg_limiter), 0, on_rules, acquire, refund, nullptr};

}  // namespace

BAD_PLUGIN(HG_KIND_LIMITER, life, table, kEmptySchema)
