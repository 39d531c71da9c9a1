// Reading endpoints and deliveries: what the API lists, and what the dispatcher sends next. One
// connection, one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/model/callback.h"
#include "core/ports/store_callbacks.h"
#include "core/ports/store_queries.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {

class CallbackQueries {
 public:
  explicit CallbackQueries(Connection& connection);

  ports::CallbackEndpointList list(model::ClientId client, std::int64_t before_row,
                                   std::size_t limit);
  std::optional<model::CallbackEndpoint> find(model::ClientId client, model::CallbackId id);
  std::optional<ports::CallbackDeliveryList> deliveries(
      const ports::CallbackDeliveryFilter& filter);
  std::vector<model::CallbackDelivery> of_message(model::MessageId message,
                                                  std::vector<model::TimePoint> moments);

  ports::CallbackPage due(std::int64_t endpoint, model::TimePoint now, std::size_t limit);
  std::vector<ports::CallbackHead> heads();
  ports::CallbackBacklog backlog();

 private:
  ports::CallbackDeliveryList read_deliveries(Rows rows, std::size_t limit,
                                              const std::string& endpoint_url);
  model::TimePoint next_due(std::int64_t endpoint, model::TimePoint after);

  Statement list_;
  Statement find_;
  Statement find_row_;
  Statement deliveries_;
  Statement pending_;
  Statement failed_;
  Statement of_message_;
  Statement due_;
  Statement next_due_;
  Statement heads_;
  Statement backlog_;
};

}  // namespace heliograph::store
