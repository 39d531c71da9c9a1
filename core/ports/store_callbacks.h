// Callbacks as the store keeps them: endpoints, deliveries, and what of them is due.
//
// Promise: the delivery of an event is committed in the transaction that changes the message's
// status, or not at all: an event that happened is told, or found in the list of failed ones. An
// attempt leaves no trace before its result; a crash in between sends the delivery again, with the
// same id, by which receivers know it.
//
// Functions with `where`: any thread, completed there like those of core/ports/store.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/model/callback.h"
#include "core/ports/store.h"

namespace heliograph::ports {

// ---- endpoints ----

struct NewCallbackEndpoint {
  model::ClientId client{};
  std::string url;
  std::string description;
  model::CallbackEvents events = model::kAllCallbackEvents;
  bool enabled = true;
  std::string secret;  // 32 secret bytes
};
struct CallbackLimit {};  // the client has as many endpoints as it may have
using CreateCallbackResult = std::variant<model::CallbackEndpoint, CallbackLimit>;
inline constexpr std::size_t kCallbackEndpointsMax = 50;  // of one client, implicit ones aside

struct CallbackChanges {
  std::optional<std::string> url;  // left alone at an implicit endpoint: its URL is what it is
  std::optional<std::string> description;
  std::optional<model::CallbackEvents> events;
  std::optional<bool> enabled;
};

struct CallbackEndpointList {
  std::vector<model::CallbackEndpoint> endpoints;  // newest first
  std::int64_t next_row = 0;
};

// ---- deliveries ----

struct CallbackDeliveryFilter {
  model::ClientId client{};
  model::CallbackId endpoint;
  std::optional<model::CallbackState> state;
  std::int64_t before_row = 0;  // newest first; 0: from the newest
  std::size_t limit = 50;       // <= 100
};
struct CallbackDeliveryList {
  std::vector<model::CallbackDelivery> deliveries;
  std::int64_t next_row = 0;
};

enum class ReplayResult : std::uint8_t {
  kQueued,
  kPending,   // it is on its way
  kDisabled,  // the endpoint is
  kNotFound,
};
struct BulkReplayResult {
  bool disabled = false;  // the endpoint is: nothing was replayed
  std::size_t replayed = 0;
  bool more = false;  // there are further failed ones
};

// ---- the dispatcher's view ----

// What waits for one endpoint.
struct CallbackHead {
  std::int64_t endpoint = 0;  // the row of its id
  model::TimePoint first_due{};
};
struct CallbackPage {
  std::optional<model::CallbackEndpoint> endpoint;  // nullopt: gone
  std::vector<model::CallbackJob> jobs;             // due, in order; some may be in flight
  model::TimePoint next_due = model::kNever;        // of the first one behind them
  bool read = true;                                 // false: it could not be read; ask again
};

// The result of an attempt, and what becomes of the delivery.
struct CallbackResult {
  model::CallbackId id;
  bool attempted = true;  // false: given up without one
  model::CallbackState state = model::CallbackState::kPending;
  model::TimePoint due{};  // pending: of the next attempt
  int status_code = 0;
  std::string error;
  model::TimePoint at{};
};

// Told by the store's writer. Quick; must not call back into the store.
class CallbackEvents {
 public:
  virtual ~CallbackEvents() = default;
  // [writer thread] Endpoints for which a committed transaction has put deliveries that are due
  // now. A hint, like StoreEvents::on_waiting().
  virtual void on_callbacks_due(std::vector<std::int64_t> endpoints) = 0;
};

class StoreCallbacks {
 public:
  virtual ~StoreCallbacks() = default;

  virtual void create_callback(NewCallbackEndpoint endpoint, Executor& where,
                               Done<CreateCallbackResult> done) = 0;
  // nullopt, here and below: the client has no such endpoint.
  virtual void update_callback(model::ClientId client, model::CallbackId id,
                               CallbackChanges changes, Executor& where,
                               Done<std::optional<model::CallbackEndpoint>> done) = 0;
  // Its deliveries go with it, in the background. False: no such endpoint.
  virtual void remove_callback(model::ClientId client, model::CallbackId id, Executor& where,
                               Done<bool> done) = 0;
  // `secret` signs from now on, beside the present one until `previous_until`. An implicit
  // endpoint's is the client's, so all of those change together.
  virtual void rotate_callback_secret(model::ClientId client, model::CallbackId id,
                                      std::string secret, model::TimePoint previous_until,
                                      Executor& where,
                                      Done<std::optional<model::CallbackEndpoint>> done) = 0;
  // The secret of the client's callback_urls; made when there is none.
  virtual void callback_url_secret(model::ClientId client, Executor& where,
                                   Done<model::CallbackSecrets> done) = 0;
  virtual void list_callbacks(model::ClientId client, std::int64_t before_row, std::size_t limit,
                              Executor& where, Done<CallbackEndpointList> done) = 0;
  virtual void find_callback(model::ClientId client, model::CallbackId id, Executor& where,
                             Done<std::optional<model::CallbackEndpoint>> done) = 0;

  virtual void list_callback_deliveries(CallbackDeliveryFilter filter, Executor& where,
                                        Done<std::optional<CallbackDeliveryList>> done) = 0;
  // What was told of one message, oldest first, at most 100. Deliveries have no index by message:
  // they are looked for where they were made, which is when the message changed (`moments`).
  virtual void message_callbacks(model::MessageId message, std::vector<model::TimePoint> moments,
                                 Executor& where,
                                 Done<std::vector<model::CallbackDelivery>> done) = 0;
  // Sends a delivery again, whether it had failed or succeeded, with a full schedule.
  virtual void replay_callback(model::ClientId client, model::CallbackId endpoint,
                               model::CallbackId delivery, Executor& where,
                               Done<ReplayResult> done) = 0;
  // The same for at most `limit` failed deliveries, oldest first.
  virtual void replay_failed_callbacks(model::ClientId client, model::CallbackId endpoint,
                                       std::size_t limit, Executor& where,
                                       Done<std::optional<BulkReplayResult>> done) = 0;

  // ---- for the dispatcher ----
  // At most `limit` deliveries due at `now`.
  virtual void callbacks_due(std::int64_t endpoint, model::TimePoint now, std::size_t limit,
                             Executor& where, Done<CallbackPage> done) = 0;
  // Those that are not pending any more are left alone. `gone`: the endpoints that have answered
  // 410, to be disabled with the reason.
  virtual void finish_callbacks(std::vector<CallbackResult> results, std::vector<std::int64_t> gone,
                                Executor& where, Done<bool> done) = 0;

  // ---- at start, before Store::start(); blocking ----
  virtual std::vector<CallbackHead> callback_heads() = 0;
  virtual void watch_callbacks(CallbackEvents& events) = 0;  // outlives the store's stop()
};

}  // namespace heliograph::ports
