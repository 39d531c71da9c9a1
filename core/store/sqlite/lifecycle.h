// Lifecycle: what happens to single messages besides attempts and receipts - cancel, requeue,
// expiry. Writer's thread.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/ports/clock.h"
#include "core/ports/store_types.h"
#include "core/store/sqlite/message_rows.h"
#include "core/store/sqlite/names.h"
#include "core/store/sqlite/opt_outs.h"
#include "core/store/sqlite/queue_walk.h"
#include "core/store/sqlite/revisits.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {

class Lifecycle {
 public:
  Lifecycle(Connection& connection, MessageRows& messages, Ledger& ledger, Names& names,
            Effects& effects, OptOuts& opt_outs, Revisits& revisits, ports::Clock& clock,
            model::CaptureOn capture_on);

  ports::CancelResult cancel(std::optional<model::ClientId> client, model::MessageId id);
  ports::RequeueResult requeue(std::optional<model::ClientId> client, model::MessageId id,
                               std::chrono::milliseconds validity);

  std::size_t expire(std::span<const model::MessageId> ids, model::TimePoint now);
  // Walks the index of live messages, not the table: finished messages cost nothing. Where it goes
  // on is remembered here; `from_row` only says whether to.
  ports::SweepResult expire_overdue(model::TimePoint now, std::int64_t from_row, std::size_t limit);

 private:
  // A place in the index of live messages.
  struct Place {
    std::optional<ports::QueueKey> queue{};
    ports::QueuePosition at{};
  };

  bool has_opted_out(const MessageRow& message);
  bool expire_one(std::int64_t row, model::TimePoint now);
  bool renew_hold(MessageRow& message, model::TimePoint now);
  void record_end(const MessageRow& message);
  void write_requeue(const MessageRow& message, model::Status from, model::TimePoint now,
                     std::chrono::milliseconds validity);
  void announce(const MessageRow& message);
  std::size_t collect_overdue(Rows rows, model::TimePoint now, std::vector<std::int64_t>& overdue);
  std::size_t walk_queue(model::TimePoint now, std::size_t limit,
                         std::vector<std::int64_t>& overdue);
  bool walk_live(model::TimePoint now, std::size_t limit, std::vector<std::int64_t>& overdue);

  MessageRows& messages_;
  Ledger& ledger_;
  Names& names_;
  Effects& effects_;
  OptOuts& opt_outs_;
  Revisits& revisits_;
  ports::Clock& clock_;
  model::CaptureOn capture_on_;
  Place sweep_;
  Statement read_addresses_;
  Statement requeue_;
  Statement record_end_;
  Statement read_item_;
  QueueWalk queues_;
  Statement walk_same_due_;
  Statement walk_later_due_;
};

}  // namespace heliograph::store
