#include "core/store/sqlite/store_metrics.h"

#include <string>

#include "core/model/status.h"

namespace heliograph::store {
namespace {

using model::Status;

constexpr std::array kBatchSizes{1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0};

// What a message is while nothing has happened to it yet tells nothing: it comes and goes.
bool is_told(Status status) {
  return status == Status::kFailedTemp || status == Status::kSent || model::is_settled(status);
}

}  // namespace

StoreMetrics::StoreMetrics(ports::Metrics& metrics)
    : metrics_(metrics),
      commit_(metrics.histogram("heliograph_store_commit_seconds",
                                "Time of a commit: the write and the sync.", ports::kShortTimes)),
      batch_(metrics.histogram("heliograph_store_batch_operations",
                               "Operations committed together.", kBatchSizes)) {
  for (std::size_t i = 0; i < reached_.size(); ++i) {
    const auto status = static_cast<Status>(i);
    if (!is_told(status)) continue;
    const ports::MetricLabels label{{"status", std::string(model::to_string(status))}};
    reached_[i] = &metrics.counter("heliograph_message_status_total",
                                   "Messages that came to a status.", label);
    if (!model::is_dead_letter(status)) continue;
    dead_[i] = &metrics.counter("heliograph_dead_letters_total",
                                "Messages that became dead letters, by status.", label);
  }
  constexpr std::array kResults{"applied", "no_change", "parked"};
  for (std::size_t i = 0; i < receipts_.size(); ++i) {
    receipts_[i] = &metrics.counter("heliograph_receipts_total",
                                    "Delivery reports taken; parked: of no message known yet.",
                                    {{"result", kResults.at(i)}});
  }
}

void StoreMetrics::committed(std::size_t operations, std::chrono::nanoseconds commit) {
  commit_.record(commit);
  batch_.record(static_cast<double>(operations));
}

void StoreMetrics::count(const Effects& effects, Names& names) {
  for (std::size_t i = 0; i < reached_.size(); ++i) {
    if (effects.reached[i] == 0 || reached_[i] == nullptr) continue;
    reached_[i]->add(effects.reached[i]);
    if (dead_[i] != nullptr) dead_[i]->add(effects.reached[i]);
  }
  for (std::size_t i = 0; i < receipts_.size(); ++i) {
    if (effects.receipts[i] > 0) receipts_[i]->add(effects.receipts[i]);
  }
  for (const auto& [provider, time] : effects.receipt_times) {
    ports::Histogram*& histogram = send_to_receipt_[provider];
    if (histogram == nullptr) {
      histogram =
          &metrics_.histogram("heliograph_send_to_receipt_seconds",
                              "From when a provider took a message to the receipt that ended it.",
                              ports::kLongTimes, {{"provider", names.provider_name(provider)}});
    }
    histogram->record(time);
  }
}

}  // namespace heliograph::store
