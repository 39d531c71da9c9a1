#include "core/api/message_wait.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "core/http/await.h"

namespace heliograph::api {
namespace {

using End = pipeline::Settlements::End;
using Found = std::optional<model::MessageView>;

}  // namespace

boost::asio::awaitable<Found> find_message(Call& call, model::MessageId id) {
  auto start = [&](ports::Done<Found> done) {
    call.ports().queries.find_message(call.client().id, id, call.executor(), std::move(done));
  };
  co_return co_await http::await_done<Found>(start);
}

boost::asio::awaitable<bool> wait_until_settled(Call& call, model::MessageId id,
                                                std::chrono::seconds longest) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  auto start = [&](ports::Done<End> done) {
    pipeline::Settlements& settlements = call.ports().settlements;
    const std::uint64_t ticket = settlements.watch(id, call.executor(), std::move(done));
    if (ticket == 0) return;
    timer.expires_after(longest);
    timer.async_wait([&settlements, ticket](const boost::system::error_code& error) {
      if (!error) settlements.give_up(ticket);
    });
    // It may have been settled before anybody watched.
    auto look = [&settlements, ticket](const Found& message) {
      if (!message || model::is_settled(message->status)) settlements.give_up(ticket);
    };
    call.ports().queries.find_message(call.client().id, id, call.executor(), std::move(look));
  };
  const End end = co_await http::await_done<End>(start);
  timer.cancel();
  co_return end != End::kNotTaken;
}

}  // namespace heliograph::api
