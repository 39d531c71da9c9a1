// HoldSweep: ends holds that nothing else has ended within billing.hold_timeout - captured where
// the message was sent, released where it never was, as configured where nobody knows.
//
// The age counts from the acceptance (the due time of a scheduled message, the requeue of a
// requeued one). A message that still waits keeps its hold: its own end resolves it, and it must
// not be sent unpaid. Writer's thread.
#pragma once

#include <chrono>

#include "core/ports/store_types.h"
#include "core/store/sqlite/message_rows.h"
#include "core/store/sqlite/revisits.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {

class HoldSweep {
 public:
  struct Settings {
    std::chrono::milliseconds hold_timeout{};
    bool capture_unknown = false;
  };
  HoldSweep(Connection& connection, MessageRows& messages, Revisits& revisits,
            const Settings& settings);

  // At most `limit` messages looked at. next_row: 0 when nothing is left for now.
  ports::SweepResult run(model::TimePoint now, std::size_t limit);

 private:
  enum class Visit : std::uint8_t { kNothing, kSettled, kLater };
  Visit visit(std::int64_t row, model::TimePoint now);
  model::HoldAction action_for(model::Status status) const;
  std::size_t revisit(model::TimePoint now, std::size_t limit);
  ports::SweepResult walk(model::TimePoint now, std::size_t limit);

  MessageRows& messages_;
  Revisits& revisits_;
  Settings settings_;
  Statement walk_;
};

}  // namespace heliograph::store
