// A limiter in C++: exact sliding windows in memory. For each rule and key it notes when how many
// units were granted; what is older than the window does not count any more.
#include <algorithm>
#include <cstdint>
#include <deque>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <heliograph/sdk.hpp>

namespace {

namespace sdk = heliograph::sdk;

constexpr std::string_view kSchema = R"json({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "max_keys": {
      "type": "integer", "default": 100000, "minimum": 1, "maximum": 10000000,
      "description": "Keys counted at once; a further one is denied until an older one is idle."
    }
  }
})json";

struct Rule {
  std::string id;
  std::uint64_t limit, window_ns;
};

struct Window {
  struct Grant {
    std::uint64_t at, units;
  };
  std::deque<Grant> grants;
  std::uint64_t used = 0;
  std::uint64_t window_ns = 0;

  void forget(std::uint64_t now) {
    while (!grants.empty() && grants.front().at + window_ns <= now) {
      used -= grants.front().units;
      grants.pop_front();
    }
  }

  void add(std::uint64_t now, std::uint64_t units) {
    if (grants.empty() || grants.back().at != now) grants.push_back({now, 0});
    grants.back().units += units;
    used += units;
  }

  // How long until `units` have left.
  std::uint64_t wait(std::uint64_t now, std::uint64_t units) const {
    for (const Grant& grant : grants) {
      if (grant.units >= units) return grant.at + window_ns - now;
      units -= grant.units;
    }
    return 0;
  }
};

class Limiter {
 public:
  Limiter(sdk::Host, const sdk::Config& config)
      : max_keys_(static_cast<std::size_t>(config.integer("max_keys"))) {}

  // Counts are kept by the rule's id, so they outlive a change of the rules.
  void on_rules(const sdk::LimitRules& rules) {
    std::vector<Rule> fresh;
    for (std::size_t i = 0; i < rules.size(); ++i) {
      if (rules[i].algorithm != HG_LIMIT_SLIDING_WINDOW) {
        throw sdk::Failure(HG_E_UNSUPPORTED, "only sliding windows are known here");
      }
      fresh.push_back({std::string(sdk::to_view(rules[i].id)), rules[i].limit, rules[i].window_ns});
    }
    rules_ = std::move(fresh);
  }

  // All keys together or none.
  void acquire(const hg_limit_req& request, hg_limit_result& out) {
    const std::span keys(request.keys, request.n_keys);
    std::uint64_t granted = request.max_n;
    Window* windows[HG_LIMIT_KEYS_MAX];
    make_room(request.now_mono_ns);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      windows[i] = window_of(keys[i], request.now_mono_ns);
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const std::uint64_t limit = rules_[keys[i].rule].limit;
      const std::uint64_t used = windows[i] == nullptr ? limit : std::min(windows[i]->used, limit);
      std::uint64_t cost = 0;  // a key that is named twice costs the sum
      for (std::size_t j = 0; j < keys.size(); ++j) {
        if (windows[j] == windows[i]) cost += keys[j].cost;
      }
      const std::uint64_t fit = (limit - used) / cost;
      if (fit < request.min_n) return deny(request, i, windows[i], cost, out);
      granted = std::min(granted, fit);
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
      windows[i]->add(request.now_mono_ns, granted * keys[i].cost);
    }
    out.granted = static_cast<std::uint32_t>(granted);
    out.grant = request.now_mono_ns;
  }

  void refund(std::uint64_t grant, std::span<const hg_limit_key> keys, std::uint32_t n) {
    for (const hg_limit_key& key : keys) {
      const auto found = windows_.find(name_of(key));
      if (found == windows_.end()) continue;
      Window& window = found->second;
      for (Window::Grant& noted : window.grants) {
        if (noted.at != grant) continue;
        const std::uint64_t units = std::min(noted.units, std::uint64_t{n} * key.cost);
        noted.units -= units;
        window.used -= units;
      }
    }
  }

 private:
  std::string name_of(const hg_limit_key& key) const {
    return rules_[key.rule].id + '\0' + std::string(sdk::to_view(key.key));
  }

  // nullptr: there are too many keys.
  Window* window_of(const hg_limit_key& key, std::uint64_t now) {
    std::string name = name_of(key);
    auto found = windows_.find(name);
    if (found == windows_.end()) {
      if (windows_.size() >= max_keys_) return nullptr;
      found = windows_.try_emplace(std::move(name)).first;
    }
    found->second.window_ns = rules_[key.rule].window_ns;
    found->second.forget(now);
    return &found->second;
  }

  // Drops idle keys: when there are twice as many as were busy, so that a new key costs little on
  // average, and of a full table once a second.
  void make_room(std::uint64_t now) {
    const bool full = windows_.size() >= max_keys_ && now >= sweep_after_;
    if (windows_.size() < sweep_at_ && !full) return;
    for (auto at = windows_.begin(); at != windows_.end();) {
      at->second.forget(now);
      at = at->second.grants.empty() ? windows_.erase(at) : std::next(at);
    }
    sweep_at_ = std::max<std::size_t>(64, windows_.size() * 2);
    sweep_after_ = now + 1'000'000'000;
  }

  void deny(const hg_limit_req& request, std::size_t i, const Window* window, std::uint64_t cost,
            hg_limit_result& out) const {
    const std::uint64_t needed = request.min_n * cost;
    const std::uint64_t limit = rules_[request.keys[i].rule].limit;
    out.denied_key = static_cast<std::uint32_t>(i);
    if (window == nullptr || needed > limit) return;
    out.retry_after_ns = window->wait(request.now_mono_ns, window->used + needed - limit);
  }

  std::size_t max_keys_;
  std::size_t sweep_at_ = 64;
  std::uint64_t sweep_after_ = 0;
  std::vector<Rule> rules_;
  std::unordered_map<std::string, Window> windows_;
};

}  // namespace

HELIOGRAPH_PLUGIN(
    sdk::ModuleInfo{.name = "@NAME@", .version = "0.1.0", .vendor = "me", .license = "MIT"},
    sdk::component<Limiter>(
        {.id = "@NAME@", .summary = "Sliding windows in the gateway's memory.", .schema = kSchema}))
