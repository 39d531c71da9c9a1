#include "core/store/sqlite/attempts.h"

#include <string>

#include "core/base/assert.h"
#include "core/store/sqlite/connection.h"
#include "core/store/sqlite/work_items.h"

namespace heliograph::store {
namespace {

using model::Outcome;
using model::Status;

constexpr const char* kBegin =
    "UPDATE messages SET status = 2, attempts = attempts + 1, attempt_number = attempt_number + 1,"
    " sending_provider = ?4, started_at = ?5, updated_at = ?5"
    " WHERE id = ?1 AND attempt_number = ?2 AND cycle = ?3 AND status = ?6";

// ?3: attempts not counted, ?4: attempt numbers given back. The last finished attempt's provider
// stays when there was no attempt.
constexpr const char* kFinishWaiting =
    "UPDATE messages SET status = ?2, attempts = attempts - ?3,"
    " attempt_number = attempt_number - ?4, provider = ifnull(?5, provider),"
    " sending_provider = NULL, started_at = NULL, due = ?6, class = ?7, round = ?8, excluded = ?9,"
    " doubtful = ?10, possible_duplicate = max(possible_duplicate, ?11), receipt_provider = ?12,"
    " provider_message_id = ?13, last_error = ifnull(?14, last_error), hold_state = ?15,"
    " updated_at = ?16 WHERE id = ?1 AND status = 2";

constexpr const char* kFinishEnded =
    "UPDATE messages SET status = ?2, live = 0, attempts = attempts - ?3,"
    " attempt_number = attempt_number - ?4, provider = ifnull(?5, provider),"
    " sending_provider = NULL, started_at = NULL, reason = ?6,"
    " doubtful = ?7, possible_duplicate = max(possible_duplicate, ?8), receipt_provider = ?9,"
    " provider_message_id = ?10, last_error = ifnull(?11, last_error), hold_state = ?12,"
    " updated_at = ?13 WHERE id = ?1 AND status = 2";

// How an outcome counts.
struct Count {
  int uncounted = 0;  // 1: not one of the budget
  int returned = 0;   // 1: its number is free again, it never was
};

Count count_of(Outcome outcome) {
  if (outcome == Outcome::kNotTried) return {.uncounted = 1, .returned = 1};
  if (outcome == Outcome::kThrottled) return {.uncounted = 1, .returned = 0};
  return {};
}

// What people read about the attempt; nullopt: nothing new is known.
std::optional<std::string> error_text(const model::AttemptResult& result) {
  if (result.outcome == Outcome::kNotTried) return std::nullopt;
  if (result.outcome == Outcome::kSent) return std::string();
  if (!result.detail.empty()) return result.detail;
  if (!result.provider_code.empty()) return result.provider_code;
  return std::string(model::to_string(result.outcome));
}

std::optional<model::ProviderKey> finished_provider(const ports::FinishAttempt& command) {
  if (command.result.outcome == Outcome::kNotTried) return std::nullopt;
  return command.provider;
}

// Whether receipts will be for this send from now on. An attempt that was certainly not sent leaves
// what is known of an earlier, doubtful one.
bool takes_over(const ports::FinishAttempt& command) {
  const bool maybe_sent = command.result.outcome == Outcome::kUnknown;
  return command.result.outcome == Outcome::kSent ||
         (maybe_sent && !command.result.provider_message_id.empty());
}

bool awaits_parts(const ports::FinishAttempt& command) {
  return command.receipts && !command.result.part_ids.empty() &&
         !model::is_terminal(command.status);
}

// Where receipts for this message may come from after the attempt.
void expect_receipts(MessageRow& message, const ports::FinishAttempt& command) {
  const std::string& provider_id = command.result.provider_message_id;
  if (takes_over(command)) {
    message.provider_message_id = provider_id;
    message.receipt_provider.reset();
    const bool by_part = !command.result.part_ids.empty();
    if (!provider_id.empty() && !by_part && command.receipts)
      message.receipt_provider = command.provider;
  }
  if (model::is_terminal(command.status)) message.receipt_provider.reset();
}

}  // namespace

Attempts::Attempts(Connection& connection, MessageRows& messages, Receipts& receipts,
                   Effects& effects, CallbackOutbox& callbacks)
    : messages_(messages),
      receipts_(receipts),
      effects_(effects),
      callbacks_(callbacks),
      read_status_(connection, "SELECT status FROM messages WHERE id = ?1"),
      begin_(connection, kBegin),
      read_content_(connection, "SELECT json FROM contents WHERE message = ?1"),
      finish_waiting_(connection, kFinishWaiting),
      finish_ended_(connection, kFinishEnded),
      insert_attempt_(connection,
                      "INSERT INTO attempts (message, number, cycle, provider, outcome,"
                      " status_after, status_code, started_at, finished_at, provider_message_id,"
                      " provider_code, detail)"
                      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)") {}

ports::BeginResult Attempts::begin(const ports::BeginAttempt& command) {
  Status status{};
  {
    Rows rows = read_status_.query(command.id.row());
    if (!rows.next()) return {};
    status = rows.get<Status>();
  }
  if (!model::is_waiting(status)) return {};
  const int changed = begin_.run(command.id.row(), command.attempt_number, command.cycle,
                                 command.provider, command.started_at, status);
  if (changed == 0) return {};
  effects_.moved(status, Status::kSending);
  ports::BeginResult result{.begun = true, .content = {}};
  if (command.with_content) result.content = content_of(command.id.row());
  return result;
}

std::string Attempts::content_of(std::int64_t row) {
  Rows rows = read_content_.query(row);
  return rows.next() ? rows.get<std::string>() : std::string();
}

bool Attempts::is_current(const MessageRow& message, const ports::FinishAttempt& command) const {
  return message.status == Status::kSending && message.attempt_number == command.attempt_number &&
         message.cycle == command.cycle;
}

ports::FinishResult Attempts::finish(const ports::FinishAttempt& command) {
  std::optional<MessageRow> message = messages_.load(command.id.row());
  if (!message) return {.applied = false, .status = Status::kUnknown};
  if (!is_current(*message, command)) return {.applied = false, .status = message->status};
  HG_ASSERT(model::can_change(Status::kSending, command.status));

  messages_.resolve_hold(*message, command.hold, command.finished_at);
  expect_receipts(*message, command);
  if (model::is_waiting(command.status)) {
    write_waiting(*message, command);
  } else {
    write_ended(*message, command);
  }
  if (command.result.outcome != Outcome::kNotTried) write_attempt(command);

  effects_.moved(command.id, Status::kSending, command.status);
  effects_.ended(command.id, command.status, message->time_until(command.finished_at));
  const bool was_doubtful = message->doubtful;
  message->status = command.status;
  message->doubtful = command.doubtful;
  message->provider = command.provider;
  message->updated_at = command.finished_at;
  callbacks_.note(*message, command.status, command.finished_at);
  expect_parts(*message, was_doubtful, command);
  receipts_.apply_parked(*message, command.provider, command.result);
  return {.applied = true, .status = message->status};
}

// Parts of an earlier send are there only if that one was in doubt.
void Attempts::expect_parts(const MessageRow& message, bool was_doubtful,
                            const ports::FinishAttempt& command) {
  if (awaits_parts(command)) {
    receipts_.expect_parts(message, command.provider, command.result.part_ids);
  } else if (was_doubtful && (takes_over(command) || model::is_terminal(command.status))) {
    receipts_.forget_parts(message);
  }
}

void Attempts::write_waiting(const MessageRow& message, const ports::FinishAttempt& command) {
  const Count count = count_of(command.result.outcome);
  const int changed = finish_waiting_.run(
      command.id.row(), command.status, count.uncounted, count.returned, finished_provider(command),
      command.due, command.dispatch_class, command.round, format_excluded(command.excluded),
      command.doubtful, command.possible_duplicate, message.receipt_provider,
      message.provider_message_id, error_text(command.result), message.hold, command.finished_at);
  HG_ASSERT(changed == 1);
}

void Attempts::write_ended(MessageRow& message, const ports::FinishAttempt& command) {
  const Count count = count_of(command.result.outcome);
  const int changed = finish_ended_.run(
      command.id.row(), command.status, count.uncounted, count.returned, finished_provider(command),
      command.reason, command.doubtful, command.possible_duplicate, message.receipt_provider,
      message.provider_message_id, error_text(command.result), message.hold, command.finished_at);
  HG_ASSERT(changed == 1);
}

void Attempts::write_attempt(const ports::FinishAttempt& command) {
  const model::AttemptResult& result = command.result;
  insert_attempt_.run(command.id.row(), command.attempt_number, command.cycle, command.provider,
                      result.outcome, command.status, result.status_code, command.started_at,
                      command.finished_at, result.provider_message_id, result.provider_code,
                      result.detail);
}

}  // namespace heliograph::store
