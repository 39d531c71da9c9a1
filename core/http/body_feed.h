// BodyFeed: the body of an answer that goes on for as long as the client listens, such as a stream
// of server-sent events.
//
// The connection asks for a piece, writes all of it, pauses, asks again: of what a slow reader has
// not taken there is never more than one piece in memory, and the write deadline of the server cuts
// who does not take that. A client that went away is noticed by the write after the next pause, so
// pieces have to come often (a comment will do). The feed is destroyed when the answer ends: by its
// own end, by the client, or because the server drains.
//
// Threads: everything on the connection's.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <optional>
#include <string>

namespace heliograph::http {

class BodyFeed {
 public:
  virtual ~BodyFeed() = default;
  // nullopt: the end. What it awaits is bounded by its own deadlines; an exception ends the answer
  // and is logged, OperationDropped ends it silently.
  virtual boost::asio::awaitable<std::optional<std::string>> next() = 0;
  // Between two pieces.
  virtual std::chrono::milliseconds pause() const = 0;
};

}  // namespace heliograph::http
