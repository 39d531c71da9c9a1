// await_done: awaits an operation of core/ports that answers through a ports::Done, as store
// operations do.
//
//   auto start = [&](ports::Done<ports::AcceptResult> done) {
//     store.accept(std::move(command), *request.executor, std::move(done));
//   };
//   const ports::AcceptResult result = co_await await_done<ports::AcceptResult>(start);
//
// An operation that is given up destroys its `done` uncalled (a store does so when it stops); the
// awaiting coroutine then gets OperationDropped instead of waiting for ever.
//
// Threads: call it on the coroutine's executor; `done` may be called or destroyed on any thread,
// the coroutine goes on its own. Destroying it must not outlive the coroutine's io_context.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <stdexcept>
#include <utility>

#include "core/base/unique_function.h"

namespace heliograph::http {

// The operation was destroyed before it had an answer: the gateway is stopping. A handler that
// lets it pass answers 503.
class OperationDropped : public std::runtime_error {
 public:
  OperationDropped() : std::runtime_error("the operation was dropped before it completed") {}
};

namespace detail {

// Completes `handler` exactly once: with the value it is called with, or empty when destroyed.
template <class T, class Handler>
class DoneGuard {
 public:
  explicit DoneGuard(Handler handler) : handler_(std::move(handler)) {}
  DoneGuard(DoneGuard&& other) noexcept : handler_(std::exchange(other.handler_, std::nullopt)) {}
  DoneGuard(const DoneGuard&) = delete;
  DoneGuard& operator=(const DoneGuard&) = delete;
  DoneGuard& operator=(DoneGuard&&) = delete;

  ~DoneGuard() {
    if (!handler_) return;
    // Never resumed from inside whatever destroys the operation, which may hold locks.
    const auto executor = boost::asio::get_associated_executor(*handler_);
    boost::asio::post(executor, completion(std::nullopt));
  }

  void operator()(T value) {
    if (!handler_) return;
    const auto executor = boost::asio::get_associated_executor(*handler_);
    boost::asio::dispatch(executor, completion(std::optional<T>(std::move(value))));
  }

 private:
  auto completion(std::optional<T> value) {
    auto bound = [handler = std::move(*handler_), value = std::move(value)]() mutable {
      std::move(handler)(std::move(value));
    };
    handler_.reset();
    return bound;
  }

  std::optional<Handler> handler_;
};

}  // namespace detail

// `start` is called at once with a base::UniqueFunction<void(T)>, which is what ports::Done<T> is.
// It may complete the operation before it returns. Throws OperationDropped; what `start` throws
// counts as that.
template <class T, class Start>
boost::asio::awaitable<T> await_done(Start start) {
  // By value and on the stack of the call: an operation that completes inside of it resumes the
  // coroutine, and the coroutine's frame may be gone when `begin` goes on.
  auto initiate = []<class Handler>(Handler handler, Start begin) {
    try {
      begin(base::UniqueFunction<void(T)>(detail::DoneGuard<T, Handler>(std::move(handler))));
    } catch (...) {
      // Nobody to throw to: the coroutine is suspended. Unwinding has destroyed the operation, and
      // so resumed it.
    }
  };
  auto operation =
      boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(std::optional<T>)>(
          initiate, boost::asio::use_awaitable, std::move(start));
  std::optional<T> value = co_await std::move(operation);
  if (!value) throw OperationDropped();
  co_return std::move(*value);
}

}  // namespace heliograph::http
