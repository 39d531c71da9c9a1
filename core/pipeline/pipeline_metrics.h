// What the pipeline counts: messages at the door, and attempts on their way out. Each class finds
// its counters once and is then cheap to call; see core/ports/metrics.h.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/attempt.h"
#include "core/model/message.h"
#include "core/ports/metrics.h"
#include "core/ports/store_types.h"

namespace heliograph::pipeline {

enum class Refusal : std::uint8_t {
  kInvalid,
  kRateLimited,
  kNoCredit,
  kOptedOut,
  kQueueFull,
  kDiskFull,
  kBusy,  // the store's writer, or too many batches at once
  kIdempotencyMismatch,
  kIdempotencyInFlight,
};
inline constexpr std::size_t kRefusals = 9;
std::string_view to_string(Refusal refusal);  // "rate_limited"

// Messages as clients hand them in. Any thread.
class IntakeMetrics {
 public:
  explicit IntakeMetrics(ports::Metrics& metrics);

  void refused(Refusal why, std::uint64_t messages = 1) const;
  // What the store said to a single message, or to one of a batch.
  void answered(model::Channel channel, model::Lane lane, const ports::AcceptResult& result) const;
  void answered(model::Channel channel, model::Lane lane,
                const ports::BatchItemResult& result) const;
  void replayed_batch() const { replayed_->add(); }

 private:
  template <class Result>
  void count(model::Channel channel, model::Lane lane, const Result& result) const;

  std::vector<std::array<ports::Counter*, model::kLanes>> accepted_;  // by row of the channel table
  std::array<ports::Counter*, kRefusals> refused_{};
  ports::Counter* replayed_;
};

// Attempts and permits. [loop]
class AttemptMetrics {
 public:
  explicit AttemptMetrics(ports::Metrics& metrics);

  // `id`: as configured. It is looked up again when another provider stands at place `i`.
  struct Provider {
    std::string id;
    std::array<ports::Counter*, 6> outcomes{};  // by model::Outcome, NOT_TRIED aside
    ports::Counter* retries = nullptr;
    ports::Counter* not_tried = nullptr;
    ports::Counter* granted = nullptr;
    ports::Counter* denied = nullptr;
    ports::Counter* refunded = nullptr;
    ports::Histogram* permit_wait = nullptr;
    ports::Histogram* answer_time = nullptr;
  };
  Provider& of(std::size_t i, const std::string& id);

  void permit(Provider& provider, bool granted, std::chrono::nanoseconds waited);
  struct End {
    model::Outcome outcome{};
    model::TimePoint at{};
    std::chrono::nanoseconds took{0};  // since the hand-over
  };
  // `item`: as it was before the attempt.
  void ended(Provider& provider, const model::WorkItem& item, const End& end);

 private:
  void find(Provider& provider);

  ports::Metrics& metrics_;
  std::vector<Provider> providers_;
  std::array<ports::Histogram*, model::kLanes> accept_to_send_{};
};

}  // namespace heliograph::pipeline
