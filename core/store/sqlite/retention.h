// Retention: erases what is kept no longer - a bounded number of rows at a time.
//
//   idempotency records     after idempotency.retention
//   parked receipts         after billing.hold_timeout: what a receipt could decide is decided
//   texts, numbers, metadata of finished messages   after retention.body, overwritten in place
//   finished messages with attempts and events      after retention.metadata
//   callbacks that were delivered or given up       after retention.body: they repeat numbers
//   inbound messages        texts and numbers after retention.body, the rest after .metadata
//   conversations           after retention.body without a message: nothing of them is left then
//
// The ledger stays. Writer's thread, inside a transaction.
#pragma once

#include <chrono>

#include "core/ports/store_types.h"
#include "core/store/sqlite/callback_deliveries.h"
#include "core/store/sqlite/conversations.h"
#include "core/store/sqlite/inbound.h"
#include "core/store/sqlite/parked_receipts.h"
#include "core/store/sqlite/revisits.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {

class Retention {
 public:
  struct Settings {
    std::chrono::milliseconds keys{};
    std::chrono::milliseconds parked{};
    std::chrono::milliseconds bodies{};
    std::chrono::milliseconds messages{};
  };
  // Those that erase what is theirs.
  struct Others {
    ParkedReceipts& parked;
    CallbackDeliveries& callbacks;
    Inbound& inbound;
    Conversations& conversations;
  };
  Retention(Connection& connection, Revisits& revisits, const Others& others,
            const Settings& settings);

  // At most `limit` rows looked at for each of them. next_row: 0 when nothing is left for now.
  ports::SweepResult run(model::TimePoint now, std::size_t limit);

 private:
  enum class Visit : std::uint8_t { kNothing, kErased, kLater };
  ports::SweepResult walk(Sweep sweep, model::TimePoint now, std::size_t limit);
  std::chrono::milliseconds age_of(Sweep sweep) const;
  Visit visit(Sweep sweep, std::int64_t row);
  Visit erase_key(std::int64_t row);
  Visit erase_body(std::int64_t row);
  Visit remove_message(std::int64_t row);
  void run_others(model::TimePoint now, std::size_t limit, ports::SweepResult& total);

  Connection& connection_;
  Revisits& revisits_;
  Others others_;
  Settings settings_;
  Statement walk_;
  Statement read_state_;
  Statement remove_key_;
  Statement erase_body_;
  Statement remove_parts_;
  Statement remove_content_;
  Statement remove_message_;
  Statement remove_attempts_;
  Statement remove_events_;
};

}  // namespace heliograph::store
