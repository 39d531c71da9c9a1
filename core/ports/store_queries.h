// Reading the store for people and programs: what the API lists and shows. Never needed to move a
// message on.
//
// All functions: any thread, answered on `where` by the store's readers, as fresh as the last
// commit before the call. Lists are paged by key: `next_row` is where the next page begins, 0 when
// there is none.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/model/attempt.h"
#include "core/model/client.h"
#include "core/model/message.h"
#include "core/ports/store.h"

namespace heliograph::ports {

struct MessageFilter {
  std::optional<model::ClientId> client;  // nullopt: all clients (operators)
  std::optional<model::Status> status;
  std::vector<model::Status> statuses;  // one of these; empty: whatever it is
  std::optional<std::string> provider;  // by name
  std::optional<std::string> to;
  std::optional<std::string> client_reference;
  std::optional<model::TimePoint> created_after;   // inclusive
  std::optional<model::TimePoint> created_before;  // exclusive
  bool dead_letters_only = false;
  bool with_failed_providers = false;  // fill MessageView::failed_providers: a look-up for each
  std::int64_t before_row = 0;         // newest first; 0: from the newest
  std::size_t limit = 50;              // <= 100
};
struct MessageList {
  std::vector<model::MessageView> messages;
  std::int64_t next_row = 0;
};

// What moved a client's credit: a grant, or the hold of a message in one of its cycles.
struct LedgerEntry {
  enum class Kind : std::uint8_t { kGrant, kHold };
  Kind kind = Kind::kGrant;
  std::int64_t cents = 0;
  model::TimePoint at{};  // of the grant, or of the hold
  std::string note;       // of a grant
  // of a hold
  std::optional<model::MessageId> message;
  model::HoldState state = model::HoldState::kNone;
  std::uint16_t cycle = 0;
  std::optional<model::TimePoint> resolved_at;  // captured or released
  std::string client_reference;
};
struct LedgerRequest {
  model::ClientId client{};
  std::int64_t before_row = 0;  // newest first; 0: from the newest
  std::size_t limit = 50;  // what belongs to one message is never parted, so some more may come
};
struct LedgerPage {
  std::vector<LedgerEntry> entries;
  std::int64_t next_row = 0;
};

// The live messages of one lane, counted up to kLaneCountMax.
struct LaneDepth {
  std::uint64_t live = 0;                  // waiting or being sent
  std::uint64_t later = 0;                 // of these: not due yet (send_at, or before a retry)
  bool more = false;                       // there are more than were counted
  bool read = false;                       // false: it could not be read in time, all is unknown
  std::optional<model::TimePoint> oldest;  // due time of the one that waits longest; nullopt: none
};
inline constexpr std::size_t kLaneCountMax = 100'000;
using LaneDepths = std::array<LaneDepth, model::kLanes>;  // by model::Lane

// How many messages there are of one status whose last provider is the same.
struct MessageCount {
  model::Status status{};
  std::string provider;  // empty: tried by none
  std::uint64_t messages = 0;
  std::uint64_t attempts = 0;  // of these messages, over all cycles
};
struct MessageCounts {
  std::vector<MessageCount> groups;
  bool complete = true;  // false: there are more messages than are counted at once, the newest were
};

// Deliveries to clients that are still to be made, counted up to kLaneCountMax.
struct CallbackBacklog {
  std::uint64_t pending = 0;               // due now or later
  bool read = false;                       // false: it could not be read in time, all is unknown
  std::optional<model::TimePoint> oldest;  // when the oldest of them came up; nullopt: none
};

// What became of messages last, in the order in which it happened, newest first. Since the start,
// and not for ever: enough for somebody who looks.
struct RecentEnds {
  // That failed, for now or for good, or are in doubt; some may have gone on since.
  std::vector<model::MessageId> failed{};
  // Time since a message was accepted, or since its `send_at`: to the provider's yes, to the
  // receipt. Not of requeued ones.
  std::vector<std::chrono::milliseconds> sent{};
  std::vector<std::chrono::milliseconds> delivered{};
};

struct QueueDepth {
  std::uint64_t waiting = 0;  // SCHEDULED, QUEUED, FAILED_TEMP
  std::uint64_t sending = 0;
};

class StoreQueries {
 public:
  virtual ~StoreQueries() = default;
  virtual void find_message(std::optional<model::ClientId> client, model::MessageId id,
                            Executor& where, Done<std::optional<model::MessageView>> done) = 0;
  virtual void list_messages(MessageFilter filter, Executor& where, Done<MessageList> done) = 0;
  // nullopt: no such message of this client. Oldest first.
  virtual void attempts(std::optional<model::ClientId> client, model::MessageId id, Executor& where,
                        Done<std::optional<std::vector<model::AttemptView>>> done) = 0;
  virtual void events(std::optional<model::ClientId> client, model::MessageId id, Executor& where,
                      Done<std::optional<std::vector<model::EventView>>> done) = 0;

  virtual void ledger(LedgerRequest request, Executor& where, Done<LedgerPage> done) = 0;
  virtual void lanes(Executor& where, Done<LaneDepths> done) = 0;
  virtual void callback_backlog(Executor& where, Done<CallbackBacklog> done) = 0;
  // Names of the providers that a receipt with this id may still come from.
  virtual void providers_awaiting(std::string provider_message_id, Executor& where,
                                  Done<std::vector<std::string>> done) = 0;
  // Of the messages created at or after `created_after`.
  virtual void count_messages(std::optional<model::ClientId> client,
                              std::optional<model::TimePoint> created_after, Executor& where,
                              Done<MessageCounts> done) = 0;

  // What readiness, metrics and the dashboard ask; no database access, any thread.
  virtual QueueDepth depth() const = 0;
  virtual RecentEnds recent_ends() const = 0;
  virtual bool accepting() const = 0;              // false: disk full, or the writer has failed
  virtual std::string engine_version() const = 0;  // "SQLite 3.40.1"
};

}  // namespace heliograph::ports
