#include "core/api/live_snapshot.h"

#include <algorithm>
#include <array>
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

constexpr std::array kFailures{model::Status::kFailedPerm, model::Status::kFailedTemp,
                               model::Status::kExpired, model::Status::kUnknown};

bool has_failed(const model::MessageView& message) {
  return std::ranges::find(kFailures, message.status) != kFailures.end();
}

// Those that failed last, as far as they have not gone on since.
boost::asio::awaitable<void> add_recent(Call& call, const std::vector<model::MessageId>& ids,
                                        std::vector<model::MessageView>& failures) {
  using Found = std::optional<model::MessageView>;
  for (const model::MessageId& id : ids) {
    if (failures.size() == kShownMessages) co_return;
    auto start = [&](ports::Done<Found> done) {
      call.ports().queries.find_message(std::nullopt, id, call.executor(), std::move(done));
    };
    Found found = co_await http::await_done<Found>(start);
    if (found && has_failed(*found)) failures.push_back(*std::move(found));
  }
}

// What failed before the start, by when it was accepted. False: it was looked for among the newest
// messages alone.
boost::asio::awaitable<bool> add_older(Call& call, std::vector<model::MessageView>& failures) {
  std::vector<model::Status> statuses(kFailures.begin(), kFailures.end());
  ports::MessageList older = co_await list(call, std::move(statuses), kShownMessages);
  for (model::MessageView& message : older.messages) {
    if (failures.size() == kShownMessages) co_return true;
    const auto known = std::ranges::find(failures, message.id, &model::MessageView::id);
    if (known == failures.end()) failures.push_back(std::move(message));
  }
  co_return older.next_row == 0 || failures.size() == kShownMessages;
}

boost::asio::awaitable<std::shared_ptr<const LiveBackground>> read_background(Call& call) {
  const ports::MonoTime now = call.ports().clock.mono();
  LiveDesk& desk = *call.context.live;
  auto kept = desk.background(now);
  if (kept) co_return kept;
  auto made = std::make_shared<LiveBackground>();
  made->clients = co_await client_names(call);
  ports::RecentEnds ends = call.ports().queries.recent_ends();
  made->sent = latency_of(std::move(ends.sent));
  made->delivered = latency_of(std::move(ends.delivered));
  co_await add_recent(call, ends.failed, made->failures);
  if (made->failures.size() < kShownMessages) {
    made->failures_complete = co_await add_older(call, made->failures);
  }
  desk.keep(now, std::shared_ptr<const LiveBackground>(made));
  co_return made;
}

// nullopt: they could not all be counted.
boost::asio::awaitable<std::optional<double>> accepted_per_second(Call& call) {
  const model::TimePoint since = call.ports().clock.wall() - kAcceptWindow;
  auto start = [&](ports::Done<ports::MessageCounts> done) {
    call.ports().queries.count_messages(std::nullopt, since, call.executor(), std::move(done));
  };
  const auto counts = co_await http::await_done<ports::MessageCounts>(start);
  if (!counts.complete) co_return std::nullopt;
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
  std::optional<double> accepted_per_second;
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
  if (moving.accepted_per_second) {
    json.number("accepted_per_second", *moving.accepted_per_second);
  } else {
    json.null("accepted_per_second");
  }
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
  json.boolean("failures_complete", background.failures_complete);
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
