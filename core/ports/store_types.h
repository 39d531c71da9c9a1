// What goes into the store and what comes out: commands and results of core/ports/store.h.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/model/attempt.h"
#include "core/model/ids.h"
#include "core/model/message.h"
#include "core/model/status.h"

namespace heliograph::ports {

// ---- accept ----

// Scope is (client, method and path, key): `key_hash` is over all three. `fingerprint` is the
// SHA-256 of the raw body, cut to 128 bits like the hash.
struct IdempotencyKey {
  std::array<std::uint8_t, 16> key_hash{};
  std::array<std::uint8_t, 16> fingerprint{};
};

struct AcceptCommand {
  model::NewMessage message;
  std::optional<IdempotencyKey> idempotency;
  // Only repeats what was answered to the key before; anything new is NotReplayed and not written.
  // For requests above a limit: a replay never counts against one.
  bool replay_only = false;
};

struct Accepted {
  model::MessageId id;
  model::Status status{};  // QUEUED or SCHEDULED, as first answered
  bool replayed =
      false;  // an earlier request with the same key was accepted; nothing was written now
  std::optional<model::MessageId> conversation{};  // joined now (NewMessage::in_conversation)
};
struct IdempotencyMismatch {};  // same key, other body
struct InsufficientCredit {
  std::int64_t required_cents = 0;
};
// The recipient does not want messages from this sender any more; nothing was written.
struct OptedOut {};
// Not enqueued and not written: the writer's queue or the message queue is full, or the disk is.
struct Overloaded {
  std::string reason;  // a few words for people: "queue full", "disk full"
  std::chrono::seconds retry_after{1};
};
struct NotReplayed {};  // `replay_only`, and nothing was kept under the key
using AcceptResult = std::variant<Accepted, IdempotencyMismatch, InsufficientCredit, OptedOut,
                                  Overloaded, NotReplayed>;

// ---- batches ----

// A batch's item that never reaches the store: refused by its caller, whose own text about it is
// kept with the key and given back on a replay, or (`retry_after` above zero) by a limit.
struct NotSubmitted {
  std::string answer;
  std::chrono::milliseconds retry_after{0};
};

// Messages of one client, in its order. Item by item as a single accept, but in one transaction,
// and with one idempotency key for all: what it answers is kept if any message was accepted.
struct AcceptBatchCommand {
  model::ClientId client{};
  std::vector<std::variant<model::NewMessage, NotSubmitted>> items;
  std::optional<IdempotencyKey> idempotency;
  bool replay_only = false;  // as in AcceptCommand
};

using BatchItemResult =
    std::variant<Accepted, InsufficientCredit, OptedOut, Overloaded, NotSubmitted>;
struct BatchAnswer {
  std::vector<BatchItemResult> items;  // one for each of the command's, in order
  bool replayed = false;
};
using AcceptBatchResult = std::variant<BatchAnswer, IdempotencyMismatch, NotReplayed>;

// ---- attempts ----

struct BeginAttempt {
  model::MessageId id;
  std::uint16_t attempt_number =
      0;  // of the item as read; another number in the row means somebody else has moved it
  std::uint16_t cycle = 0;
  model::ProviderKey provider{};
  model::TimePoint started_at{};
  bool with_content = false;  // of a rich item that is to be sent: its content is read too
};
struct BeginResult {
  bool begun = false;   // false: cancelled, expired, finished or moved since it was read
  std::string content;  // model::Content, packed; empty where none was asked for
};

using model::HoldAction;

// The end of an attempt and the message's next state, decided by the pipeline.
struct FinishAttempt {
  model::MessageId id;
  std::uint16_t attempt_number = 0;  // the number begin gave: the item's + 1
  std::uint16_t cycle = 0;
  model::ProviderKey provider{};
  model::TimePoint started_at{};
  model::TimePoint finished_at{};
  model::AttemptResult
      result;  // NOT_TRIED and THROTTLED: no attempt counted; NOT_TRIED: no attempts row either
  model::Status status{};  // SENT, FAILED_TEMP, QUEUED (uncounted), FAILED_PERM, EXPIRED, UNKNOWN
  model::FailReason reason = model::FailReason::kNone;
  model::TimePoint due{};  // where the status waits
  std::uint16_t round = 0;
  std::vector<model::ProviderKey> excluded;
  model::ClassId
      dispatch_class{};  // the class it waits in (a doubtful one waits for its provider alone)
  bool doubtful = false;
  bool possible_duplicate = false;
  HoldAction hold = HoldAction::kKeep;
  bool receipts = true;  // the provider may report later; false: none is waited for
};

struct FinishResult {
  bool applied = false;    // false: the row was not in this attempt any more
  model::Status status{};  // afterwards; DELIVERED where an early receipt was waiting
};

// ---- receipts ----

enum class ReceiptOutcome : std::uint8_t {
  kApplied,   // the status changed
  kNoChange,  // a duplicate, an intermediate state, or too late to matter
  kParked,    // no such message (yet); kept and applied when its send result comes
};

// ---- single messages ----

struct NotFound {};
struct Conflict {
  model::Status status{};
};  // what the message is instead
struct Cancelled {
  bool again = false;
};  // again: it was cancelled before
using CancelResult = std::variant<Cancelled, Conflict, NotFound>;

struct Requeued {
  model::MessageId id;
};
using RequeueResult = std::variant<Requeued, Conflict, InsufficientCredit, OptedOut, NotFound>;

// ---- the scheduler's view ----

// One stream of waiting messages with an order of its own.
struct QueueKey {
  model::Lane lane{};
  model::ClientId client{};
  model::ClassId dispatch_class{};
  auto operator<=>(const QueueKey&) const = default;
};
// A place in a queue: messages are ordered by (due, id).
struct QueuePosition {
  model::TimePoint due{};
  std::int64_t row = 0;
  auto operator<=>(const QueuePosition&) const = default;
};
struct QueueHead {
  QueueKey key;
  model::TimePoint first_due{};
};
struct PageRequest {
  QueueKey key;
  QueuePosition after;       // exclusive; default: from the start
  model::TimePoint until{};  // due at or before
  std::size_t limit = 0;
};
struct Page {
  std::vector<model::WorkItem> items;  // in order, SENDING ones left out
  model::TimePoint next_due =
      model::kNever;  // of the first message behind them, whatever `until` says; kNever: none
};

// Interned dispatch class: what its number means.
struct DispatchClass {
  model::ClassId id{};
  model::Channel channel{};
  std::optional<model::ProviderKey> pinned;
  std::string route{};  // name of the routing rule; empty: none. It may be configured no more
};

struct ProviderState {
  model::ProviderKey key{};
  std::string name;
  bool enabled = true;  // as the operator left it
  std::string health;   // the pipeline's own text; empty when never saved
};

// A sweep over rows in the order of their ids, a bounded number at a time.
struct SweepResult {
  std::int64_t next_row = 0;  // where the next call goes on; 0: the end was reached
  std::size_t changed = 0;
};

}  // namespace heliograph::ports
