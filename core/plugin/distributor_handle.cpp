#include "core/plugin/distributor_handle.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/plugin/abi_message.h"
#include "core/plugin/abi_text.h"
#include "core/plugin/instance.h"

namespace heliograph::plugin {
namespace {

// FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/): equal recipients stay together.
std::uint64_t sticky_hash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char byte : text) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3ULL;
  }
  return hash;
}

}  // namespace

// Candidates with everything that the ABI's view of them points to.
struct DistributorHandle::Snapshot {
  Snapshot(std::span<const ports::Candidate> given, std::uint64_t epoch)
      : candidates(given.begin(), given.end()) {
    for (const auto& candidate : candidates) {
      items.push_back({.size = sizeof(hg_candidate),
                       .state = static_cast<std::uint32_t>(candidate.state),
                       .id = static_cast<std::uint64_t>(candidate.provider),
                       .name = to_abi(candidate.name),
                       .weight = candidate.weight,
                       .priority = candidate.priority,
                       .cost_micros = candidate.cost_micros});
    }
    set = {.size = sizeof set,
           .n = static_cast<std::uint32_t>(items.size()),
           .epoch = epoch,
           .items = items.data()};
  }
  std::vector<ports::Candidate> candidates;
  std::vector<hg_candidate> items;
  hg_candidate_set set{};
};

DistributorHandle::DistributorHandle(Instance& instance, hg_distributor table)
    : instance_(instance), table_(table) {}
DistributorHandle::~DistributorHandle() = default;

void DistributorHandle::on_candidates(std::span<const ports::Candidate> candidates) {
  current_ = std::make_unique<Snapshot>(candidates, ++epoch_);
  refused_ = false;
  offer();
}

// Hands the latest snapshot to the plugin. When the control thread is inside, the next pick tries
// again.
void DistributorHandle::offer() {
  if (!current_ || refused_ || !instance_.works()) return;
  hg_status status = HG_E_BUSY;
  const auto called = instance_.loop_call("on_candidates", instance_.budgets().loop_call, [&] {
    status = table_.on_candidates(instance_.self(), &current_->set);
  });
  if (!called) return;
  if (status == HG_OK) {
    accepted_ = std::move(current_);
    return;
  }
  refused_ = true;
  instance_.misbehaviour().report(Fault::kBadStatus,
                                  fmt::format("on_candidates: {}", status_name(status)));
  if (status == HG_E_PANIC) instance_.quarantine("on_candidates: HG_E_PANIC");
}

void DistributorHandle::exclude_unfit(std::span<const std::uint64_t> excluded) {
  const auto& candidates = (current_ ? current_ : accepted_)->candidates;
  excluded_.assign((candidates.size() + 63) / 64, 0);
  std::ranges::copy(excluded.first(std::min(excluded.size(), excluded_.size())), excluded_.begin());
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const auto state = candidates[i].state;
    if (state == ports::CandidateState::kDown || state == ports::CandidateState::kDraining) {
      excluded_[i / 64] |= std::uint64_t{1} << (i % 64);
    }
  }
  if (candidates.size() % 64 != 0) {
    excluded_.back() &= (std::uint64_t{1} << (candidates.size() % 64)) - 1;
  }
}

bool DistributorHandle::is_excluded(std::size_t index) const {
  return (excluded_[index / 64] >> (index % 64) & 1U) != 0;
}

std::optional<ports::Pick> DistributorHandle::pick(const ports::PickRequest& request) {
  offer();
  if (!accepted_ && !current_) return std::nullopt;
  exclude_unfit(request.excluded);
  if (current_ || !instance_.works()) return fall_back();
  std::uint64_t token = 0;
  const auto index = ask(request, token);
  if (!index) return fall_back();
  if (*index == HG_PICK_NONE) return std::nullopt;
  return ports::Pick{.index = *index, .token = token, .guided = true};
}

// nullopt: no usable answer.
std::optional<std::uint32_t> DistributorHandle::ask(const ports::PickRequest& request,
                                                    std::uint64_t& token) {
  hg_pick question{};
  question.size = sizeof question;
  question.now_mono_ns = to_ns(request.now);
  question.epoch = accepted_->set.epoch;
  question.excluded = excluded_.data();
  question.n_words = excluded_.size();
  const auto all_loads = request.in_flight.size() == accepted_->items.size();
  question.inflight = all_loads ? request.in_flight.data() : nullptr;
  hg_message message{};
  if (request.item != nullptr) {
    request.item->id.write_to(id_);
    message = borrow_message(*request.item, id_);
    question.msg = &message;
    question.attempt = request.item->attempts + 1U;
    question.key_hash = sticky_hash(request.item->to);
  }
  std::uint32_t index = HG_PICK_NONE;
  hg_status status = HG_E_BUSY;
  const auto called = instance_.loop_call("pick", instance_.budgets().pick, [&] {
    status = table_.pick(instance_.self(), &question, &index, &token);
  });
  if (!called) return std::nullopt;
  if (status != HG_OK) {
    instance_.misbehaviour().report(Fault::kBadStatus,
                                    fmt::format("pick: {}", status_name(status)));
    if (status == HG_E_PANIC) instance_.quarantine("pick: HG_E_PANIC");
    return std::nullopt;
  }
  if (index == HG_PICK_NONE) return index;
  if (index < accepted_->items.size() && !is_excluded(index)) return index;
  instance_.misbehaviour().report(
      Fault::kBadIndex, fmt::format("pick chose {} of {}{}", index, accepted_->items.size(),
                                    index < accepted_->items.size() ? ", which is excluded" : ""));
  return std::nullopt;
}

// The first candidate of the lowest priority number that may be picked.
std::optional<ports::Pick> DistributorHandle::fall_back() const {
  const auto& candidates = (current_ ? current_ : accepted_)->candidates;
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (is_excluded(i) || candidates[i].weight == 0) continue;
    if (!best || candidates[i].priority < candidates[*best].priority) best = i;
  }
  if (!best) return std::nullopt;
  return ports::Pick{.index = *best, .token = 0, .guided = false};
}

void DistributorHandle::on_result(const ports::Pick& pick, model::ProviderKey provider,
                                  model::Outcome outcome, std::chrono::nanoseconds latency) {
  if (!pick.guided || instance_.quarantined()) return;
  instance_.on_strand("on_result", [this, token = pick.token, provider, outcome, latency] {
    table_.on_result(instance_.self(), token, static_cast<std::uint64_t>(provider),
                     static_cast<std::uint32_t>(outcome),
                     static_cast<std::uint64_t>(std::max<std::int64_t>(0, latency.count())));
  });
}

void DistributorHandle::on_closed(const std::string&, bool) {}

}  // namespace heliograph::plugin
