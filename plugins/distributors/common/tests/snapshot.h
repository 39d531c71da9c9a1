// Test support: snapshots and pick requests that own what they point to.
#pragma once

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <string>
#include <vector>

#include <heliograph/distributor.hpp>

namespace heliograph::plugins::distributors {

struct TestCandidate {
  std::uint64_t id;
  std::uint32_t weight;
  std::uint32_t priority = 0;
  std::uint32_t state = HG_CAND_UP;
  std::uint64_t cost_micros = 0;
};

class Snapshot {
 public:
  Snapshot(std::initializer_list<TestCandidate> candidates)
      : Snapshot(std::vector<TestCandidate>(candidates)) {}

  explicit Snapshot(const std::vector<TestCandidate>& candidates) {
    for (const TestCandidate& candidate : candidates) {
      hg_candidate raw{};
      raw.size = sizeof(raw);
      raw.id = candidate.id;
      raw.weight = candidate.weight;
      raw.priority = candidate.priority;
      raw.state = candidate.state;
      raw.cost_micros = candidate.cost_micros;
      names_.push_back("provider" + std::to_string(candidate.id));
      raw.name = sdk::to_abi(names_.back());
      items_.push_back(raw);
    }
    set_.size = sizeof(set_);
    set_.n = static_cast<std::uint32_t>(items_.size());
    set_.epoch = 1;
    set_.items = items_.data();
  }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  const hg_candidate_set& raw() const { return set_; }
  sdk::Candidates view() const { return sdk::Candidates(set_); }

 private:
  std::deque<std::string> names_;
  std::vector<hg_candidate> items_;
  hg_candidate_set set_{};
};

class Question {
 public:
  explicit Question(std::uint64_t now_ns = 1, std::vector<std::uint64_t> excluded = {0, 0},
                    std::vector<std::uint32_t> in_flight = {})
      : excluded_(std::move(excluded)), in_flight_(std::move(in_flight)) {
    raw_.size = sizeof(raw_);
    raw_.attempt = 1;
    raw_.now_mono_ns = now_ns;
    raw_.excluded = excluded_.data();
    raw_.n_words = excluded_.size();
    raw_.inflight = in_flight_.empty() ? nullptr : in_flight_.data();
  }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;

  const hg_pick& raw() const { return raw_; }
  sdk::PickRequest view() const { return sdk::PickRequest(raw_); }

 private:
  std::vector<std::uint64_t> excluded_;
  std::vector<std::uint32_t> in_flight_;
  hg_pick raw_{};
};

}  // namespace heliograph::plugins::distributors
