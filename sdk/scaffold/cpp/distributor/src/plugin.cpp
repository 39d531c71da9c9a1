// A distributor in C++: smooth weighted round robin. Each pick credits every usable provider with
// its weight and takes the richest, which pays the sum: shares follow the weights, interleaved.
#include <cstdint>
#include <optional>
#include <string_view>
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
    "by_priority": {
      "type": "boolean", "default": true,
      "description": "Use only the usable providers with the lowest priority number."
    }
  }
})json";

class Distributor {
 public:
  Distributor(sdk::Host, const sdk::Config& config) : by_priority_(config.flag("by_priority")) {}

  // A new snapshot: tables are made here, and a provider's credit goes with its id.
  void on_candidates(const sdk::Candidates& candidates) {
    std::vector<Entry> fresh(candidates.size());
    for (std::size_t i = 0; i < fresh.size(); ++i) {
      const hg_candidate& candidate = candidates[i];
      fresh[i] = {candidate.id, candidate.weight, by_priority_ ? candidate.priority : 0, 0};
      for (const Entry& old : entries_) {
        if (old.id == candidate.id) fresh[i].credit = old.credit;
      }
    }
    entries_ = std::move(fresh);
  }

  // The hot path: no allocation, no lock.
  std::optional<sdk::Choice> pick(const sdk::PickRequest& request) {
    const std::uint32_t priority = best_priority(request);
    std::int64_t sum = 0;
    Entry* richest = nullptr;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      Entry& entry = entries_[i];
      if (!usable(request, i) || entry.priority != priority) continue;
      sum += entry.weight;
      entry.credit += entry.weight;
      if (richest == nullptr || entry.credit > richest->credit) richest = &entry;
    }
    if (richest == nullptr) return std::nullopt;
    richest->credit -= sum;
    return sdk::Choice{.index = static_cast<std::uint32_t>(richest - entries_.data())};
  }

 private:
  struct Entry {
    std::uint64_t id;
    std::uint32_t weight;
    std::uint32_t priority;
    std::int64_t credit;
  };

  bool usable(const sdk::PickRequest& request, std::size_t i) const {
    return entries_[i].weight > 0 && !request.excluded(i);
  }

  std::uint32_t best_priority(const sdk::PickRequest& request) const {
    std::uint32_t best = UINT32_MAX;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (usable(request, i) && entries_[i].priority < best) best = entries_[i].priority;
    }
    return best;
  }

  bool by_priority_;
  std::vector<Entry> entries_;
};

}  // namespace

HELIOGRAPH_PLUGIN(
    sdk::ModuleInfo{.name = "@NAME@", .version = "0.1.0", .vendor = "me", .license = "MIT"},
    sdk::component<Distributor>({.id = "@NAME@",
                                 .summary = "Shares messages by weight, evenly interleaved.",
                                 .schema = kSchema}))
