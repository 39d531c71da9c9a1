// Requeueing one dead letter: by its client, or by an operator.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>

#include "core/api/endpoint.h"

namespace heliograph::api {

// The message that the route's {id} names, with the body {validity?}: 202, or why not. `owner`:
// whose it has to be; nullopt: anybody's.
boost::asio::awaitable<http::Response> requeue_dead_letter(Call& call,
                                                           std::optional<model::ClientId> owner);

}  // namespace heliograph::api
