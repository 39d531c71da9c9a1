// CallbackDeliveries: what becomes of deliveries once they are there - results, replays, and the
// end of their retention. Writer's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/model/callback.h"
#include "core/ports/clock.h"
#include "core/ports/store_callbacks.h"
#include "core/store/sqlite/callback_endpoints.h"
#include "core/store/sqlite/effects.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {

class CallbackDeliveries {
 public:
  CallbackDeliveries(Connection& connection, CallbackEndpoints& endpoints, Effects& effects,
                     ports::Clock& clock);

  // As the port's functions of these names say.
  bool finish(std::span<const ports::CallbackResult> results, std::span<const std::int64_t> gone);
  ports::ReplayResult replay(model::ClientId client, model::CallbackId endpoint,
                             model::CallbackId delivery);
  std::optional<ports::BulkReplayResult> replay_failed(model::ClientId client,
                                                       model::CallbackId endpoint,
                                                       std::size_t limit);

  // Erases at most `limit` of the deliveries made before `before` that are not pending, and of
  // those of removed endpoints; endpoints made by a callback_url go when nothing of theirs is left.
  // The number erased.
  std::size_t erase(model::TimePoint before, std::size_t limit);

 private:
  std::size_t erase_removed(std::size_t limit);
  void erase_unused(model::TimePoint before, std::size_t limit);
  void queue_again(std::int64_t row);

  CallbackEndpoints& endpoints_;
  Effects& effects_;
  ports::Clock& clock_;
  Statement finish_;
  Statement give_up_;
  Statement read_state_;
  Statement queue_again_;
  Statement read_failed_;
  Statement erase_old_;
  Statement read_removed_;
  Statement erase_of_;
  Statement erase_endpoint_;
  Statement walk_unused_;
  Statement has_deliveries_;
  std::int64_t walked_to_ = 0;
};

}  // namespace heliograph::store
