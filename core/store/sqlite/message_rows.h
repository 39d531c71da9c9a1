// MessageRows: the writer's view of single messages, and the one place where a message leaves a
// status other than by an attempt.
//
// Every change is a conditional update on what was read, and every status change is checked against
// model::can_change(): a status only moves forward, whatever a caller asks. Writer's thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/model/message.h"
#include "core/model/status.h"
#include "core/store/sqlite/callback_outbox.h"
#include "core/store/sqlite/effects.h"
#include "core/store/sqlite/ledger.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {

class Connection;

// What decisions about a message need of its row.
struct MessageRow {
  model::MessageId id;
  model::ClientId client{};
  model::Channel channel{};
  model::Status status{};
  model::HoldState hold{};
  int cycle = 0;
  int attempt_number = 0;
  std::int64_t cost_cents = 0;
  model::TimePoint expires_at{};
  std::optional<model::TimePoint> held_since;
  std::optional<model::ProviderKey> provider;  // of the last finished attempt
  std::optional<model::ProviderKey> pinned;
  std::optional<model::ProviderKey> receipt_provider;
  std::string provider_message_id;
  std::string callback_url;
  bool doubtful = false;
  bool erased = false;
  model::TimePoint updated_at{};  // when it came to its status
  std::optional<model::TimePoint> send_at;

  // Since it could be sent; nullopt where it was requeued, which waited for somebody.
  std::optional<std::chrono::milliseconds> time_until(model::TimePoint at) const;
};

// A message's new status, decided outside of an attempt.
struct Transition {
  model::Status to{};
  model::FailReason reason = model::FailReason::kNone;
  model::HoldAction hold = model::HoldAction::kKeep;
  std::string_view last_error{};
  model::TimePoint at{};
};

class MessageRows {
 public:
  MessageRows(Connection& connection, Ledger& ledger, Effects& effects, CallbackOutbox& callbacks);

  std::optional<MessageRow> load(std::int64_t row);
  // The same, if the whole id is right and the message is `client`'s (nullopt: anybody's).
  std::optional<MessageRow> load(model::MessageId id, std::optional<model::ClientId> client);

  // Carries out a change that model::can_change() allows; `message` is as just read and is brought
  // up to date.
  void change(MessageRow& message, const Transition& transition);

  // Resolves the message's hold if it is still open. Writes the ledger, and `message.hold`; the
  // row's column is the caller's.
  void resolve_hold(MessageRow& message, model::HoldAction action, model::TimePoint at);
  // The same, with the row's column.
  void settle_hold(MessageRow& message, model::HoldAction action, model::TimePoint at);

  void record_event(const MessageRow& message, model::Status status, std::string_view detail,
                    model::TimePoint at);

 private:
  Ledger& ledger_;
  Effects& effects_;
  CallbackOutbox& callbacks_;
  Statement load_;
  Statement change_;
  Statement settle_;
  Statement insert_event_;
};

}  // namespace heliograph::store
