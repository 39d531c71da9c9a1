// Inbound: takes in what providers report to have come - the message, its place in a thread, the
// opt-out it asks for and the callback about it, in one transaction. Writer's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/model/conversation.h"
#include "core/model/id_generator.h"
#include "core/model/opt_out.h"
#include "core/ports/clock.h"
#include "core/ports/random.h"
#include "core/ports/store_conversations.h"
#include "core/store/sqlite/callback_outbox.h"
#include "core/store/sqlite/conversations.h"
#include "core/store/sqlite/opt_outs.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {

class Connection;

class Inbound {
 public:
  Inbound(Connection& connection, Conversations& conversations, OptOuts& opt_outs,
          CallbackOutbox& callbacks, model::IdGenerator& ids, ports::Clock& clock,
          ports::Random& random, model::OptOutWords words);

  // May run again with the same message after a rollback.
  ports::InboundOutcome take(const model::InboundMessage& message);

  // Overwrites what those before `row` say, at most `limit` of them. The number overwritten.
  std::size_t erase_bodies(std::int64_t row, std::size_t limit);
  std::size_t remove_old(std::int64_t row, std::size_t limit);

 private:
  std::optional<ports::InboundOutcome> find_earlier(const model::InboundMessage& message);
  std::optional<model::ClientId> owner_of(const model::InboundMessage& message);
  model::OptOutWish heed(const model::InboundMessage& message, model::ClientId client);
  model::OptOutWish heed_for_all(const model::InboundMessage& message);
  void insert(const model::InboundMessage& message, const ports::InboundOutcome& outcome);

  Conversations& conversations_;
  OptOuts& opt_outs_;
  CallbackOutbox& callbacks_;
  model::IdGenerator& ids_;
  ports::Clock& clock_;
  ports::Random& random_;
  const model::OptOutWords words_;
  Statement find_event_;
  Statement read_clients_;
  Statement insert_;
  Statement erase_;
  Statement remove_;
};

}  // namespace heliograph::store
