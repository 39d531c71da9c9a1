// One look at everything that moves, as JSON: an event of GET /v1/admin/live.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "core/api/admin_json.h"
#include "core/api/endpoint.h"

namespace heliograph::api {

// One line. The shared one while it is young enough (LiveDesk). nullptr: the dispatch loop does not
// answer in time. Throws http::OperationDropped when the gateway stops.
boost::asio::awaitable<std::shared_ptr<const std::string>> live_snapshot(Call& call);

boost::asio::awaitable<ClientNames> client_names(Call& call);

}  // namespace heliograph::api
