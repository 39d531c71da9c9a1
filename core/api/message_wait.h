// Waiting for a message: what sync mode and the recovery of one-time codes ask of the store.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <optional>

#include "core/api/endpoint.h"
#include "core/model/message.h"

namespace heliograph::api {

// The client's message as it is now. Throws http::OperationDropped when the store stops.
boost::asio::awaitable<std::optional<model::MessageView>> find_message(Call& call,
                                                                       model::MessageId id);

// Until the message is settled (model::is_settled()), for at most `longest`. False: nobody could be
// taken in to wait (too many do, or the gateway is stopping), and no time has passed.
boost::asio::awaitable<bool> wait_until_settled(Call& call, model::MessageId id,
                                                std::chrono::seconds longest);

}  // namespace heliograph::api
