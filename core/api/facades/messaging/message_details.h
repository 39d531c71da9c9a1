// What a message of the service shows beyond a row of the store: when it was sent and delivered,
// and the attachments.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>

#include "core/api/endpoint.h"
#include "core/api/facades/messaging/shapes.h"

namespace heliograph::api::messaging {

struct Shown {
  model::MessageView message;
  Times times;
};

// The client's message as it is now; nullopt: it has none of this id. Throws
// http::OperationDropped when the store stops, like those below.
boost::asio::awaitable<std::optional<Shown>> find_shown(Call& call, model::MessageId id);

// A message of a list, completed: lists come without content. One or two short reads.
boost::asio::awaitable<Shown> complete(Call& call, model::MessageView message);

}  // namespace heliograph::api::messaging
