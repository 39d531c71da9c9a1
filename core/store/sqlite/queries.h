// Queries: everything that is read through one connection, with its prepared statements.
#pragma once

#include "core/store/sqlite/callback_queries.h"
#include "core/store/sqlite/client_queries.h"
#include "core/store/sqlite/conversation_queries.h"
#include "core/store/sqlite/event_queries.h"
#include "core/store/sqlite/ledger_queries.h"
#include "core/store/sqlite/message_queries.h"
#include "core/store/sqlite/queue_queries.h"

namespace heliograph::store {

struct Queries {
  explicit Queries(Connection& connection)
      : queues(connection),
        messages(connection),
        events(connection),
        clients(connection),
        ledger(connection, kListExamineMax),
        callbacks(connection),
        conversations(connection, messages) {}

  QueueQueries queues;
  MessageQueries messages;
  EventQueries events;
  ClientQueries clients;
  LedgerQueries ledger;
  CallbackQueries callbacks;
  ConversationQueries conversations;
};

}  // namespace heliograph::store
