// Attempts: their beginning and their end.
//
// begin() is one conditional update that changes no index; the attempts row is written with the
// outcome. A receipt that came before the outcome is applied right after it, in the same
// transaction. Writer's thread.
#pragma once

#include "core/ports/store_types.h"
#include "core/store/sqlite/callback_outbox.h"
#include "core/store/sqlite/effects.h"
#include "core/store/sqlite/message_rows.h"
#include "core/store/sqlite/receipts.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {

class Attempts {
 public:
  Attempts(Connection& connection, MessageRows& messages, Receipts& receipts, Effects& effects,
           CallbackOutbox& callbacks);

  ports::BeginResult begin(const ports::BeginAttempt& command);
  ports::FinishResult finish(const ports::FinishAttempt& command);

 private:
  std::string content_of(std::int64_t row);
  bool is_current(const MessageRow& message, const ports::FinishAttempt& command) const;
  void expect_parts(const MessageRow& message, bool was_doubtful,
                    const ports::FinishAttempt& command);
  void write_waiting(const MessageRow& message, const ports::FinishAttempt& command);
  void write_ended(MessageRow& message, const ports::FinishAttempt& command);
  void write_attempt(const ports::FinishAttempt& command);

  MessageRows& messages_;
  Receipts& receipts_;
  Effects& effects_;
  CallbackOutbox& callbacks_;
  Statement read_status_;
  Statement begin_;
  Statement read_content_;
  Statement finish_waiting_;
  Statement finish_ended_;
  Statement insert_attempt_;
};

}  // namespace heliograph::store
