#include "core/api/live_snapshot.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "core/api/live_desk.h"
#include "core/http/await.h"

namespace heliograph::api {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kShownMessages = 12;    // the newest, and the newest that failed
constexpr std::size_t kTimedMessages = 100;   // the most a list gives
constexpr milliseconds kPatience{3'000};      // of the dispatch loop
constexpr milliseconds kMakingPause{20};      // until looking again for what another one makes
constexpr milliseconds kAcceptWindow{1'000};  // what the rate of acceptance is counted over

boost::asio::awaitable<ports::MessageList> list(Call& call, std::vector<model::Status> statuses,
                                                std::size_t limit) {
  ports::MessageFilter filter;
  filter.statuses = std::move(statuses);
  filter.limit = limit;
  auto start = [&](ports::Done<ports::MessageList> done) {
    call.ports().queries.list_messages(filter, call.executor(), std::move(done));
  };
  co_return co_await http::await_done<ports::MessageList>(start);
}

// From when it might go out. Messages that waited for an appointment wait for nothing else.
milliseconds time_taken(const model::MessageView& message) {
  const model::TimePoint from =
      std::max(message.created_at, message.send_at.value_or(message.created_at));
  return std::max(message.updated_at - from, milliseconds{0});
}

std::optional<Latency> latency(const std::vector<model::MessageView>& messages,
                               model::Status status) {
  std::vector<milliseconds> times;
  for (const model::MessageView& message : messages) {
    if (message.status == status) times.push_back(time_taken(message));
  }
  return latency_of(std::move(times));
}

boost::asio::awaitable<std::shared_ptr<const LiveBackground>> read_background(Call& call) {
  using enum model::Status;
  const ports::MonoTime now = call.ports().clock.mono();
  LiveDesk& desk = *call.context.live;
  auto kept = desk.background(now);
  if (kept) co_return kept;
  auto made = std::make_shared<LiveBackground>();
  made->clients = co_await client_names(call);
  std::vector<model::Status> statuses{kFailedPerm, kFailedTemp, kExpired, kUnknown};
  ports::MessageList failed = co_await list(call, std::move(statuses), kShownMessages);
  made->failures = std::move(failed.messages);
  statuses = {kSent, kDelivered};
  const ports::MessageList done = co_await list(call, std::move(statuses), kTimedMessages);
  made->sent = latency(done.messages, kSent);
  made->delivered = latency(done.messages, kDelivered);
  desk.keep(now, std::shared_ptr<const LiveBackground>(made));
  co_return made;
}

boost::asio::awaitable<double> accepted_per_second(Call& call) {
  const model::TimePoint since = call.ports().clock.wall() - kAcceptWindow;
  auto start = [&](ports::Done<ports::MessageCounts> done) {
    call.ports().queries.count_messages(std::nullopt, since, call.executor(), std::move(done));
  };
  const auto counts = co_await http::await_done<ports::MessageCounts>(start);
  std::uint64_t messages = 0;
  for (const ports::MessageCount& group : counts.groups) messages += group.messages;
  co_return static_cast<double>(messages) * 1'000.0 / static_cast<double>(kAcceptWindow.count());
}

void write_latency(JsonWriter& json, std::string_view name, const std::optional<Latency>& latency) {
  if (!latency) return json.null(name);
  json.begin_object(name);
  json.count("messages", latency->messages);
  json.integer("p50_ms", latency->median.count());
  json.integer("p95_ms", latency->p95.count());
  json.integer("max_ms", latency->max.count());
  json.end_object();
}

void write_messages(JsonWriter& json, std::string_view name,
                    const std::vector<model::MessageView>& messages, const ClientNames& clients) {
  json.begin_array(name);
  for (const model::MessageView& message : messages) {
    write_operator_message(json, message, clients, Personal::kMasked);
  }
  json.end_array();
}

struct Moving {
  pipeline::Distribution sending;
  ports::LaneDepths lanes;
  double accepted_per_second = 0;
  std::vector<model::MessageView> newest;
};

// nullopt: the loop hangs, and whoever watches must not hang with it.
boost::asio::awaitable<std::optional<pipeline::Distribution>> read_sending(Call& call) {
  using Found = std::optional<pipeline::Distribution>;
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  auto start = [&](ports::Done<Found> done) {
    auto first = std::make_shared<std::optional<ports::Done<Found>>>(std::move(done));
    const auto answer = [first](Found found) {
      if (!*first) return;
      auto tell = std::exchange(*first, std::nullopt);
      (*tell)(std::move(found));
    };
    timer.expires_after(kPatience);
    timer.async_wait([answer](const boost::system::error_code&) { answer(std::nullopt); });
    call.ports().providers.distribution(
        false, call.executor(),
        [answer](pipeline::Distribution found) { answer(std::move(found)); });
  };
  Found found = co_await http::await_done<Found>(start);
  timer.cancel();
  co_return found;
}

boost::asio::awaitable<std::optional<Moving>> read_moving(Call& call) {
  Moving moving;
  auto sending = co_await read_sending(call);
  if (!sending) co_return std::nullopt;
  moving.sending = *std::move(sending);
  auto lanes = [&](ports::Done<ports::LaneDepths> done) {
    call.ports().queries.lanes(call.executor(), std::move(done));
  };
  moving.lanes = co_await http::await_done<ports::LaneDepths>(lanes);
  moving.accepted_per_second = co_await accepted_per_second(call);
  std::vector<model::Status> any;
  ports::MessageList newest = co_await list(call, std::move(any), kShownMessages);
  moving.newest = std::move(newest.messages);
  co_return moving;
}

std::string snapshot_text(const Call& call, const Moving& moving,
                          const LiveBackground& background) {
  const ApiPorts& ports = call.ports();
  const std::vector<std::string> unready = ports.readiness.unready_reasons();
  JsonWriter json(16 * 1024);
  json.begin_object();
  json.time("at", ports.clock.wall());
  json.time("started_at", call.context.live->started_at());
  json.boolean("ready", unready.empty());
  json.begin_array("reasons");
  for (const std::string& reason : unready) json.text_element(reason);
  json.end_array();
  json.number("accepted_per_second", moving.accepted_per_second);
  json.begin_object("queue");
  write_queue_members(json, ports.queries, moving.lanes, ports.clock.wall());
  json.end_object();
  json.begin_array("providers");
  for (const auto& provider : moving.sending.providers) write_provider(json, provider);
  json.end_array();
  json.begin_object("limits");
  write_limits_members(json, moving.sending, ports.intake.total_use());
  json.end_object();
  json.begin_object("latency");
  write_latency(json, "sent", background.sent);
  write_latency(json, "delivered", background.delivered);
  json.end_object();
  write_messages(json, "newest", moving.newest, background.clients);
  write_messages(json, "failures", background.failures, background.clients);
  json.end_object();
  return json.take();
}

boost::asio::awaitable<std::shared_ptr<const std::string>> make_snapshot(Call& call) {
  const auto background = co_await read_background(call);
  const std::optional<Moving> moving = co_await read_moving(call);
  if (!moving) co_return nullptr;
  auto made = std::make_shared<const std::string>(snapshot_text(call, *moving, *background));
  call.context.live->keep(call.ports().clock.mono(), made);
  co_return made;
}

boost::asio::awaitable<void> pause(milliseconds time) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, time);
  co_await timer.async_wait(boost::asio::use_awaitable);
}

}  // namespace

boost::asio::awaitable<ClientNames> client_names(Call& call) {
  using All = std::vector<ports::ClientSummary>;
  auto start = [&](ports::Done<All> done) {
    call.ports().clients.list_clients(call.executor(), std::move(done));
  };
  const All all = co_await http::await_done<All>(start);
  ClientNames names;
  for (const ports::ClientSummary& summary : all) {
    names.emplace(summary.client.id, summary.client.name);
  }
  co_return names;
}

boost::asio::awaitable<std::shared_ptr<const std::string>> live_snapshot(Call& call) {
  LiveDesk& desk = *call.context.live;
  for (;;) {
    auto kept = desk.snapshot(call.ports().clock.mono());
    if (kept) co_return kept;
    const auto making = desk.begin_making();
    if (making) co_return co_await make_snapshot(call);
    co_await pause(kMakingPause);
  }
}

}  // namespace heliograph::api
