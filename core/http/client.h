// The outgoing HTTP client: ports::HttpClient over the pools of core/http/client_pool.h.
#pragma once

#include <memory>

#include "core/ports/clock.h"
#include "core/ports/http_client.h"

namespace boost::asio {
class io_context;
}

namespace heliograph::http {

// Clients made by it run on `loop`, which one thread runs; `loop` and `clock` outlive them all.
// `clock` must keep the pace of real time: sockets and timers do.
//
// A client is destroyed on the loop's thread, or while nothing runs the loop; `done`s that have not
// been called by then are destroyed uncalled.
std::unique_ptr<ports::HttpClientFactory> make_http_client_factory(boost::asio::io_context& loop,
                                                                   const ports::Clock& clock);

}  // namespace heliograph::http
