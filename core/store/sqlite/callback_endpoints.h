// CallbackEndpoints: the endpoints of all clients - the writing side - and the writer's view of who
// wants to be told what.
//
// The view holds what clients have registered, a bounded number each; a client without any costs a
// message one look into a table of pointers. Endpoints made by callback_url are looked up by their
// URL when a message with one has news. Writer's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/model/callback.h"
#include "core/model/id_generator.h"
#include "core/ports/clock.h"
#include "core/ports/random.h"
#include "core/ports/store_callbacks.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {

class Connection;

// The columns read_callback_endpoint() expects, and where they come from.
inline constexpr std::string_view kCallbackEndpointColumns =
    "e.id, e.random, e.client, e.url, e.description, e.events, e.implicit, e.enabled,"
    " e.disabled_reason, CASE WHEN e.implicit THEN s.secret ELSE e.secret END,"
    " CASE WHEN e.implicit THEN s.previous_secret ELSE e.previous_secret END,"
    " CASE WHEN e.implicit THEN s.previous_until ELSE e.previous_until END,"
    " e.created_at, e.updated_at FROM callback_endpoints e"
    " LEFT JOIN callback_secrets s ON s.client = e.client";
model::CallbackEndpoint read_callback_endpoint(Rows& rows);

class CallbackEndpoints {
 public:
  CallbackEndpoints(Connection& connection, ports::Clock& clock, ports::Random& random);

  // As the port's functions of these names say.
  ports::CreateCallbackResult create(const ports::NewCallbackEndpoint& endpoint);
  std::optional<model::CallbackEndpoint> update(model::ClientId client, model::CallbackId id,
                                                const ports::CallbackChanges& changes);
  bool remove(model::ClientId client, model::CallbackId id);
  std::optional<model::CallbackEndpoint> rotate_secret(model::ClientId client, model::CallbackId id,
                                                       const std::string& secret,
                                                       model::TimePoint previous_until);
  model::CallbackSecrets url_secret(model::ClientId client);
  std::optional<model::CallbackEndpoint> find(model::ClientId client, model::CallbackId id);

  void disable(std::int64_t row, std::string_view reason);

  // ---- for the outbox ----
  struct Subscriber {
    std::int64_t row = 0;
    model::CallbackEvents events = 0;
    std::string url;
  };
  // Registered and enabled; nullptr: none.
  const std::vector<Subscriber>* subscribers(model::ClientId client) const;
  // The implicit endpoint for `url` (without its query), made when there is none; nullopt: it is
  // disabled.
  std::optional<std::int64_t> implicit_endpoint(model::ClientId client, std::string_view url);

  // Reads the view again: after a change, and after a rollback.
  void reload();

 private:
  std::int64_t count_registered(model::ClientId client);

  ports::Clock& clock_;
  ports::Random& random_;
  model::IdGenerator ids_;
  std::unordered_map<std::int64_t, std::vector<Subscriber>> by_client_;
  Statement insert_;
  Statement find_;
  Statement count_;
  Statement update_;
  Statement remove_;
  Statement disable_;
  Statement rotate_;
  Statement rotate_client_;
  Statement find_implicit_;
  Statement read_secret_;
  Statement insert_secret_;
  Statement read_subscribers_;
};

}  // namespace heliograph::store
