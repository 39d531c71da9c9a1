// Effects: what the running transaction will have changed outside the database once it is
// committed. Thrown away when it is rolled back.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/model/message.h"
#include "core/model/status.h"

namespace heliograph::store {

struct Effects {
  std::int64_t waiting = 0;                    // change of the number of waiting messages
  std::int64_t sending = 0;                    // and of those being sent
  std::vector<model::WorkItem> waiting_items;  // accepted and requeued, in this order
  bool clients_changed = false;                // a client or a key
  std::vector<model::MessageId> settled;       // brought to model::is_settled(), in this order
  std::vector<std::int64_t> callbacks_due;     // endpoints with deliveries due now, each once
  struct End {
    model::MessageId id;
    model::Status status{};
    std::optional<std::chrono::milliseconds> took;  // since it could be sent; nullopt: requeued
  };
  std::vector<End> ends;  // came to SENT, DELIVERED or a failure, in this order
  // For the metrics.
  static constexpr std::size_t kStatuses = 10;
  std::array<std::uint32_t, kStatuses> reached{};  // messages that came to it, by model::Status
  std::array<std::uint32_t, 3> receipts{};         // by ports::ReceiptOutcome
  std::vector<std::pair<model::ProviderKey, std::chrono::milliseconds>> receipt_times{};

  // A message has come in (`from` empty) or changed its status.
  void entered(model::Status to) {
    count(to, 1);
    ++reached.at(static_cast<std::size_t>(to));
  }
  void moved(model::Status from, model::Status to) {
    count(from, -1);
    count(to, 1);
    ++reached.at(static_cast<std::size_t>(to));
  }
  void moved(const model::MessageId& id, model::Status from, model::Status to) {
    moved(from, to);
    if (model::is_settled(to)) settled.push_back(id);
  }
  void ended(const model::MessageId& id, model::Status to,
             std::optional<std::chrono::milliseconds> took) {
    if (to == model::Status::kFailedTemp || model::is_settled(to)) ends.push_back({id, to, took});
  }

  void callback_due(std::int64_t endpoint) {
    if (std::ranges::find(callbacks_due, endpoint) == callbacks_due.end()) {
      callbacks_due.push_back(endpoint);
    }
  }

 private:
  void count(model::Status status, int change) {
    if (model::is_waiting(status)) waiting += change;
    if (status == model::Status::kSending) sending += change;
  }
};

}  // namespace heliograph::store
