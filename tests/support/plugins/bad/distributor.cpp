// A distributor by smooth weighted round robin with one thing wrong: built several times, with
// another BAD_... each. What is wrong stands in distributor.toml.
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "bad_module.h"

struct hg_instance {
  struct Entry {
    uint64_t id;
    int64_t weight;
    int64_t current;
    bool usable;
  };
  std::vector<Entry> entries;
  uint32_t picks = 0;
};

namespace {

hg_status create(const hg_host*, const hg_component*, const hg_config*, hg_instance** out,
                 hg_error*) {
  *out = new hg_instance{};
#if defined(BAD_RANDOM)
  srand(static_cast<unsigned>(std::chrono::steady_clock::now().time_since_epoch().count()));
#endif
  return HG_OK;
}

void destroy(hg_instance* self) { delete self; }

hg_status on_candidates(hg_instance* self, const hg_candidate_set* set) {
  self->entries.clear();
  for (uint32_t i = 0; i < set->n; ++i) {
    const hg_candidate& one = *HG_AT(set->items, i);
#if defined(BAD_WALKS_BY_INDEX)
    const hg_candidate& read = set->items[i];
#else
    const hg_candidate& read = one;
#endif
    const bool up = read.state == HG_CAND_UP || read.state == HG_CAND_PROBING;
    self->entries.push_back({read.id, read.weight, 0, up});
  }
  return HG_OK;
}

bool excluded(const hg_pick& request, size_t i) {
#if defined(BAD_PICKS_EXCLUDED)
  return false;
#elif defined(BAD_READS_ONE_WORD)
  return i < 64 && (request.excluded[0] >> i & 1) != 0;
#else
  return (request.excluded[i / 64] >> (i % 64) & 1) != 0;
#endif
}

hg_status pick(hg_instance* self, const hg_pick* request, uint32_t* index, uint64_t*) {
  ++self->picks;
#if defined(BAD_THROWS_IN_PICK)
  throw std::logic_error("thrown in pick");
#endif
#if defined(BAD_BLOCKS_IN_PICK)
  static int calls = 0;
  if (calls++ == 0) usleep(400'000);
#endif
#if defined(BAD_ERRS_IN_PICK)
  if (self->picks % 100 == 0) return HG_E_INTERNAL;
#endif
#if defined(BAD_INDEX_N)
  if (self->picks % 50 == 0) {
    *index = static_cast<uint32_t>(self->entries.size());
    return HG_OK;
  }
#endif
  int64_t total = 0;
  size_t best = self->entries.size();
  for (size_t i = 0; i < self->entries.size(); ++i) {
    hg_instance::Entry& entry = self->entries[i];
#if defined(BAD_PICKS_WEIGHT_ZERO)
    const int64_t weight = entry.weight == 0 ? 1 : entry.weight;
#elif defined(BAD_IGNORES_WEIGHTS)
    const int64_t weight = entry.weight == 0 ? 0 : 1;
#elif defined(BAD_RANDOM)
    const int64_t weight = entry.weight == 0 ? 0 : 1 + rand() % 100;
#else
    const int64_t weight = entry.weight;
#endif
    if (weight == 0 || !entry.usable || excluded(*request, i)) continue;
    entry.current += weight;
    total += weight;
    if (best == self->entries.size() || entry.current > self->entries[best].current) best = i;
  }
  if (best == self->entries.size()) {
#if defined(BAD_FALLS_BACK)
    if (!self->entries.empty()) *index = 0;
#endif
    return HG_OK;
  }
  self->entries[best].current -= total;
  *index = static_cast<uint32_t>(best);
  return HG_OK;
}

void on_result(hg_instance* self, uint64_t, uint64_t id, uint32_t outcome, uint64_t) {
  hg_instance::Entry* found = nullptr;
  for (hg_instance::Entry& entry : self->entries) {
    if (entry.id == id) found = &entry;
  }
#if defined(BAD_TRUSTS_RESULTS)
  *reinterpret_cast<volatile uint64_t*>(&found->id) = id;  // of a candidate that left
#endif
  if (found == nullptr) return;
#if defined(BAD_NEVER_FORGIVES)
  bool another = false;
  for (const hg_instance::Entry& entry : self->entries) {
    another = another || (entry.usable && &entry != found && entry.weight > 0);
  }
  if (another && (outcome == HG_RETRY || outcome == HG_UNKNOWN)) found->usable = false;
#endif
#if defined(BAD_PUNISHES_NOT_TRIED)
  if (outcome == HG_NOT_TRIED) found->weight = 1;
#endif
}

const hg_lifecycle life{
    sizeof(hg_lifecycle), 0, create, nullptr, nullptr, nullptr, nullptr, destroy, nullptr};
const hg_distributor table{sizeof(hg_distributor), 0, on_candidates, pick, on_result};

}  // namespace

BAD_PLUGIN(HG_KIND_DISTRIBUTOR, life, table, kEmptySchema)
