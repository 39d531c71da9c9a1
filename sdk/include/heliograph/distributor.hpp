// Distributor: a class that chooses among providers.
//
// Besides what lifecycle.hpp lists, a distributor's class has, all [loop]:
//   void on_candidates(const sdk::Candidates&);      a new snapshot; rebuild tables here
//   std::optional<sdk::Choice> pick(const sdk::PickRequest&);   hot path, 20 us, no allocation
// and optionally
//   void on_result(const sdk::PickResult&);          how a choice ended, exactly once per choice
#pragma once

#include <heliograph/abi/abi.h>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include <heliograph/detail/glue.hpp>
#include <heliograph/time.hpp>

namespace heliograph::sdk {

// A view of a snapshot. Valid until a later on_candidates() has returned.
class Candidates {
 public:
  explicit Candidates(const hg_candidate_set& raw) : raw_(&raw) {}
  std::size_t size() const noexcept { return raw_->n; }
  std::uint64_t epoch() const noexcept { return raw_->epoch; }
  const hg_candidate& operator[](std::size_t i) const noexcept { return *HG_AT(raw_->items, i); }

 private:
  const hg_candidate_set* raw_;
};

// A view of a question; lives for the call.
class PickRequest {
 public:
  explicit PickRequest(const hg_pick& raw) : raw_(&raw) {}
  const hg_pick& raw() const noexcept { return *raw_; }
  MonoTime now() const noexcept { return to_mono(raw_->now_mono_ns); }
  std::uint32_t attempt() const noexcept { return raw_->attempt; }
  std::uint64_t key_hash() const noexcept { return raw_->key_hash; }
  bool excluded(std::size_t i) const noexcept {
    return i / 64 < raw_->n_words && ((raw_->excluded[i / 64] >> (i % 64)) & 1u) != 0;
  }
  // Sends in flight at candidate i, 0 when the host does not say.
  std::uint32_t in_flight(std::size_t i) const noexcept {
    return raw_->inflight == nullptr ? 0 : raw_->inflight[i];
  }

 private:
  const hg_pick* raw_;
};

struct Choice {
  std::uint32_t index = 0;  // into the last Candidates
  std::uint64_t token = 0;  // the distributor's own, given back in on_result()
};

struct PickResult {
  std::uint64_t token;
  std::uint64_t candidate_id;
  std::uint32_t outcome;  // HG_SENT .. HG_NOT_TRIED
  std::chrono::nanoseconds latency;
};

namespace detail {

template <typename T>
concept DistributorClass = requires(T t, const PickRequest& request, const Candidates& candidates) {
  { t.pick(request) } -> std::same_as<std::optional<Choice>>;
  t.on_candidates(candidates);
};
template <typename T>
concept HearsResults = requires(T t, const PickResult& result) { t.on_result(result); };

template <typename T>
struct DistributorSlots {
  using Self = Instance<T>;

  static hg_status on_candidates(hg_instance* raw, const hg_candidate_set* set) noexcept {
    Self& self = Self::of(raw);
    return fenced_logged(self.host, "on_candidates", [&]() -> hg_status {
      self.impl.on_candidates(Candidates(*set));
      return HG_OK;
    });
  }

  static hg_status pick(hg_instance* raw, const hg_pick* request, uint32_t* index,
                        uint64_t* token) noexcept {
    Self& self = Self::of(raw);
    return fenced_logged(self.host, "pick", [&]() -> hg_status {
      const std::optional<Choice> choice = self.impl.pick(PickRequest(*request));
      if (choice) {
        *index = choice->index;
        *token = choice->token;
      }
      return HG_OK;
    });
  }

  static void on_result(hg_instance* raw, uint64_t token, uint64_t candidate_id, uint32_t outcome,
                        uint64_t latency_ns) noexcept {
    Self& self = Self::of(raw);
    const std::chrono::nanoseconds latency{static_cast<std::int64_t>(latency_ns)};
    self.host.guard("on_result", [&] {
      self.impl.on_result(PickResult{token, candidate_id, outcome, latency});
    });
  }
};

template <typename T>
constexpr hg_distributor make_distributor() {
  hg_distributor distributor{};
  distributor.size = sizeof(distributor);
  distributor.on_candidates = &DistributorSlots<T>::on_candidates;
  distributor.pick = &DistributorSlots<T>::pick;
  if constexpr (HearsResults<T>) distributor.on_result = &DistributorSlots<T>::on_result;
  return distributor;
}

template <typename T>
inline constexpr hg_distributor kDistributor = make_distributor<T>();

}  // namespace detail
}  // namespace heliograph::sdk
