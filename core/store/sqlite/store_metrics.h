// What the store counts, once it is committed. Writer's thread.
#pragma once

#include <array>
#include <chrono>
#include <map>

#include "core/ports/metrics.h"
#include "core/store/sqlite/effects.h"
#include "core/store/sqlite/names.h"

namespace heliograph::store {

class StoreMetrics {
 public:
  explicit StoreMetrics(ports::Metrics& metrics);

  // A transaction of so many operations; `commit`: what the disk took of it.
  void committed(std::size_t operations, std::chrono::nanoseconds commit);
  void count(const Effects& effects, Names& names);

 private:
  ports::Metrics& metrics_;
  ports::Histogram& commit_;
  ports::Histogram& batch_;
  std::array<ports::Counter*, Effects::kStatuses> reached_{};  // nullptr: of no interest
  std::array<ports::Counter*, Effects::kStatuses> dead_{};     // dead letters only
  std::array<ports::Counter*, 3> receipts_{};                  // by ports::ReceiptOutcome
  std::map<model::ProviderKey, ports::Histogram*> send_to_receipt_;
};

}  // namespace heliograph::store
