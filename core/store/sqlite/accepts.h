// Accepts: takes a message in - idempotency record, credit hold and message, or none of them.
//
// The order of the checks: a replay is answered even when nothing new can be taken; a refusal (full
// disk, full queue, an opt-out, too little credit) writes nothing. Holds of earlier messages of the
// same transaction count. Writer's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "core/model/id_generator.h"
#include "core/model/message.h"
#include "core/ports/clock.h"
#include "core/ports/random.h"
#include "core/ports/store_types.h"
#include "core/store/sqlite/conversations.h"
#include "core/store/sqlite/effects.h"
#include "core/store/sqlite/ledger.h"
#include "core/store/sqlite/names.h"
#include "core/store/sqlite/opt_outs.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {

struct AcceptLimits {
  std::uint64_t max_depth = 0;
  std::chrono::milliseconds idempotency_retention{};
  model::CaptureOn capture_on = model::CaptureOn::kDelivered;
};

// What the transaction knows beyond the database.
struct AcceptContext {
  std::int64_t waiting = 0;  // messages waiting now, this transaction's included
  bool disk_full = false;
};

class Accepts {
 public:
  Accepts(Connection& connection, Ledger& ledger, Names& names, Effects& effects, OptOuts& opt_outs,
          Conversations& conversations, model::IdGenerator& ids, ports::Clock& clock,
          ports::Random& random, const AcceptLimits& limits);

  // Both may run again with the same command after a rollback.
  ports::AcceptResult accept(const ports::AcceptCommand& command, const AcceptContext& context);
  ports::AcceptBatchResult accept_batch(const ports::AcceptBatchCommand& command,
                                        const AcceptContext& context);

 private:
  using Key = std::optional<ports::IdempotencyKey>;
  // One message, taken or not.
  using Taken =
      std::variant<ports::Accepted, ports::InsufficientCredit, ports::OptedOut, ports::Overloaded>;

  std::optional<ports::AcceptResult> find_earlier(const ports::AcceptCommand& command,
                                                  model::TimePoint now);
  std::optional<ports::AcceptBatchResult> find_earlier(const ports::AcceptBatchCommand& command,
                                                       model::TimePoint now);
  Taken take(const model::NewMessage& message, const Key& key, const AcceptContext& context,
             model::TimePoint now);
  std::optional<ports::Overloaded> refuse(const AcceptContext& context) const;
  model::WorkItem make_item(const model::NewMessage& message, model::TimePoint now);
  void insert(const model::NewMessage& message, const Key& key, const model::WorkItem& item,
              model::HoldState hold, std::optional<model::ConversationId> conversation,
              model::TimePoint now);
  std::optional<model::ConversationId> join_conversation(const model::NewMessage& message,
                                                         const model::WorkItem& item);
  // `answer`: of a batch, whose first message `accepted` is.
  void remember_key(model::ClientId client, const Key& key, const ports::Accepted& accepted,
                    const std::optional<std::string>& answer, model::TimePoint now);

  Ledger& ledger_;
  Names& names_;
  Effects& effects_;
  OptOuts& opt_outs_;
  Conversations& conversations_;
  model::IdGenerator& ids_;
  ports::Clock& clock_;
  ports::Random& random_;
  AcceptLimits limits_;
  Statement insert_;
  Statement insert_content_;
  Statement find_key_;
  Statement find_batch_;
  Statement insert_key_;
};

}  // namespace heliograph::store
