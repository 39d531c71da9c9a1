// The part of a connection that sends an answer without a known end (core/http/body_feed.h).
#include <fmt/format.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "core/http/await.h"
#include "core/http/connection.h"

namespace heliograph::http {

namespace asio = boost::asio;

// Some seconds of a feed: old news is worth nothing to whoever reads slower than that.
constexpr int kSendBuffer = 64 * 1024;

asio::awaitable<std::optional<std::string>> Connection::next_piece(BodyFeed& feed) {
  phase_ = Phase::kHandling;  // no deadline, as for a handler
  deadline = kNoDeadline;
  try {
    co_return co_await feed.next();
  } catch (const OperationDropped&) {
    // The gateway is stopping.
  } catch (const std::exception& e) {
    worker_.shared().log_error(fmt::format("request {} failed while its answer was sent: {}",
                                           request_.request_id, e.what()));
  } catch (...) {
    worker_.shared().log_error("a feed ended by an exception that is no std::exception");
  }
  co_return std::nullopt;
}

asio::awaitable<void> Connection::send_feed(BodyFeed& feed) {
  asio::steady_timer pause(co_await asio::this_coro::executor);
  feed_pause_ = &pause;
  transport_.bound_send_buffer(kSendBuffer);
  while (!ending_ && !worker_.draining()) {
    const std::optional<std::string> piece = co_await next_piece(feed);
    if (!piece) break;
    enter(Phase::kWriting, worker_.shared().options.write_timeout);
    const auto error = co_await transport_.write(*piece);
    if (error || expired_) break;
    phase_ = Phase::kPausing;
    deadline = kNoDeadline;
    if (ending_ || worker_.draining()) break;
    pause.expires_after(feed.pause());
    boost::system::error_code woken;
    auto token = asio::redirect_error(asio::use_awaitable, woken);
    co_await pause.async_wait(token);
  }
  feed_pause_ = nullptr;
}

void Connection::end_feed() {
  ending_ = true;
  if (feed_pause_ != nullptr) feed_pause_->cancel();
}

}  // namespace heliograph::http
