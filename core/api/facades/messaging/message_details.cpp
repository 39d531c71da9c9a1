#include "core/api/facades/messaging/message_details.h"

#include <utility>

#include "core/api/message_wait.h"
#include "core/http/await.h"

namespace heliograph::api::messaging {
namespace {

using Events = std::optional<std::vector<model::EventView>>;

bool was_sent(model::Status status) {
  using enum model::Status;
  return status == kSent || status == kDelivered || status == kFailedPerm || status == kUnknown;
}

// Of a message that was sent again the last time counts.
Times times_of(const std::vector<model::EventView>& events) {
  Times times;
  for (const model::EventView& event : events) {
    if (event.status == model::to_string(model::Status::kSent)) times.sent = event.at;
    if (event.status == model::to_string(model::Status::kDelivered)) times.delivered = event.at;
  }
  return times;
}

boost::asio::awaitable<Times> find_times(Call& call, const model::MessageView& message) {
  if (!was_sent(message.status)) co_return Times{};
  auto start = [&](ports::Done<Events> done) {
    call.ports().queries.events(call.client().id, message.id, call.executor(), std::move(done));
  };
  const Events events = co_await http::await_done<Events>(start);
  if (!events) co_return Times{};
  co_return times_of(*events);
}

}  // namespace

boost::asio::awaitable<std::optional<Shown>> find_shown(Call& call, model::MessageId id) {
  auto message = co_await find_message(call, id);
  if (!message) co_return std::nullopt;
  const Times times = co_await find_times(call, *message);
  co_return Shown{.message = *std::move(message), .times = times};
}

boost::asio::awaitable<Shown> complete(Call& call, model::MessageView message) {
  if (message.channel != model::Channel::kSms && !message.content) {
    auto whole = co_await find_message(call, message.id);
    if (whole) message.content = std::move(whole->content);
  }
  const Times times = co_await find_times(call, message);
  co_return Shown{.message = std::move(message), .times = times};
}

}  // namespace heliograph::api::messaging
