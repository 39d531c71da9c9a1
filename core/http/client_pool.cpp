#include "core/http/client_pool.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "core/base/assert.h"
#include "core/http/outgoing_wire.h"

namespace heliograph::http {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using ports::HttpProgress;
using ports::HttpRefusal;
using ports::HttpStatus;
using ports::MonoTime;

// Deadlines are looked at no more often than this.
constexpr auto kAlarmPause = 10ms;

// What is not there above the progress made is not shown: half a head has no code.
void strip(ports::OutgoingResponse& response) {
  if (response.progress >= HttpProgress::kHead) return;
  response.code = 0;
  response.headers.clear();
  response.body.clear();
}

}  // namespace

ClientPool::ClientPool(asio::io_context& loop, const ports::Clock& clock,
                       const ports::HttpPoolOptions& options,
                       std::shared_ptr<asio::ssl::context> tls, std::unique_ptr<ConnectGuard> guard)
    : loop_(loop),
      clock_(clock),
      options_(options),
      tls_(std::move(tls)),
      guard_(std::move(guard)),
      alarm_(loop) {
  HG_ASSERT(options.connections_max > 0);
  HG_ASSERT(options.connections_max + options.queue_max <= ExchangeTable::kSizeMax);
}

std::expected<ports::HttpClient::Id, HttpRefusal> ClientPool::request(
    ports::OutgoingRequest request, base::UniqueFunction<void(ports::OutgoingResponse)> done) {
  if (stopped_) return std::unexpected(HttpRefusal::kStopped);
  const auto url = parse_url(request.url);
  if (!url) return std::unexpected(HttpRefusal::kMalformed);
  const MonoTime now = clock_.mono();
  if (request.deadline <= now) return std::unexpected(HttpRefusal::kPastDeadline);
  if (exchanges_.open() >= options_.connections_max + options_.queue_max) {
    return std::unexpected(HttpRefusal::kBusy);
  }
  Exchange& exchange = exchanges_.take();
  if (!write_request(exchange.wire, request, *url)) {
    exchanges_.give_back(exchange);
    return std::unexpected(HttpRefusal::kMalformed);
  }
  exchange.to_head = request.method == "HEAD";
  exchange.safe_to_resend = request.safe_to_resend;
  exchange.no_reuse = request.no_reuse;
  exchange.needs_new_connection = request.no_reuse;
  exchange.body_max = request.body_max;
  exchange.deadline = request.deadline;
  exchange.begin_by = request.begin_by;
  exchange.started = now;
  exchange.done = std::move(done);
  Origin& origin = origin_for(*url);
  exchange.origin = &origin;
  origin.waiting.push_back(exchange);
  mark_dirty(origin);
  arm(request.deadline);
  return exchange.id;
}

void ClientPool::cancel(ports::HttpClient::Id id) {
  if (!exchanges_.find(id)) return;
  cancels_.push_back(id);
  schedule_turn();
}

void ClientPool::shut_down() {
  stopped_ = true;
  alarm_.cancel();
  for (auto& [key, origin] : origins_) {
    origin->waiting.clear();
    for (const auto& connection : origin->connections) connection->close();
  }
  // Last, because what a `done` holds may call us when it is destroyed.
  const auto completions = std::exchange(completions_, {});
  exchanges_.clear();
  dirty_.clear();
  origins_.clear();
}

Origin& ClientPool::origin_for(const Url& url) {
  const auto found = origins_.find(url.origin);
  if (found != origins_.end()) return *found->second;
  auto origin = std::make_unique<Origin>();
  origin->key = url.origin;
  origin->endpoint = {std::string(url.host), url.port, url.tls};
  return *origins_.emplace(origin->key, std::move(origin)).first->second;
}

void ClientPool::mark_dirty(Origin& origin) {
  if (!origin.dirty) {
    origin.dirty = true;
    dirty_.push_back(&origin);
  }
  schedule_turn();
}

void ClientPool::schedule_turn() {
  if (turn_scheduled_) return;
  turn_scheduled_ = true;
  asio::post(loop_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->turn();
  });
}

void ClientPool::turn() {
  turn_scheduled_ = false;
  if (stopped_) return;
  process_cancels();
  for (Origin* origin : std::exchange(dirty_, {})) {
    origin->dirty = false;
    serve(*origin);
    forget_if_unused(*origin);
  }
  flush();
}

void ClientPool::process_cancels() {
  for (const ports::HttpClient::Id id : std::exchange(cancels_, {})) {
    Exchange* exchange = exchanges_.find(id);
    if (!exchange) continue;  // its answer was quicker
    ClientConnection* connection = exchange->connection;
    finish(*exchange, HttpStatus::kCancelled, "cancelled");
    if (connection) drop(*connection);
  }
}

void ClientPool::serve(Origin& origin) {
  use_idle_connections(origin);
  open_connections(origin);
}

void ClientPool::finish(Exchange& exchange, HttpStatus status, std::string detail) {
  ports::OutgoingResponse& response = exchange.response;
  response.status = status;
  response.progress = std::max(response.progress, exchange.progress_of_first);
  response.detail = std::move(detail);
  response.total = clock_.mono() - exchange.started;
  if (exchange.is_linked()) {  // it waited to its end; otherwise carry() has noted how long
    response.wait = response.total;
    exchange.origin->waiting.erase(exchange.origin->waiting.iterator_to(exchange));
  }
  strip(response);
  completions_.push_back({std::move(exchange.done), std::move(response)});
  exchanges_.give_back(exchange);
}

void ClientPool::flush() {
  const auto self = shared_from_this();  // a `done` may destroy the client
  while (!completions_.empty()) {
    for (Completion& completion : std::exchange(completions_, {})) {
      if (stopped_) return;
      completion.done(std::move(completion.response));
    }
  }
}

void ClientPool::arm(MonoTime at) {
  if (at >= armed_for_) return;
  armed_for_ = at;
  alarm_.expires_after(at - clock_.mono());
  alarm_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto self = weak.lock();
    if (self && !error && !self->stopped_) self->on_alarm();
  });
}

void ClientPool::on_alarm() {
  const MonoTime now = clock_.mono();
  armed_for_ = MonoTime::max();
  const MonoTime next = std::min(expire_exchanges(now), expire_connections(now));
  if (next != MonoTime::max()) arm(std::max<MonoTime>(next, now + kAlarmPause));
  flush();
}

// Both: ends what is late at `now`; result is the next deadline.
MonoTime ClientPool::expire_exchanges(MonoTime now) {
  MonoTime next = MonoTime::max();
  for (const auto& owned : exchanges_.all()) {
    Exchange& exchange = *owned;
    if (exchange.id == 0) continue;
    if (exchange.deadline > now) {
      next = std::min(next, exchange.deadline);
      continue;
    }
    ClientConnection* connection = exchange.connection;
    finish(exchange, HttpStatus::kDeadline,
           connection ? "no complete response in time" : "no connection in time");
    if (connection) drop(*connection);
  }
  return next;
}

MonoTime ClientPool::expire_connections(MonoTime now) {
  MonoTime next = MonoTime::max();
  std::vector<ClientConnection*> late;
  for (const auto& [key, origin] : origins_) {
    for (const auto& connection : origin->connections) {
      if (connection->deadline <= now) {
        late.push_back(connection.get());
      } else {
        next = std::min(next, connection->deadline);
      }
    }
  }
  for (ClientConnection* connection : late) {
    Origin& origin = *connection->origin;
    const bool connecting = connection->connecting;
    const std::string where = connection->where();
    drop(*connection);
    if (connecting && !origin.waiting.empty()) {
      finish(origin.waiting.front(), HttpStatus::kIo, "connect " + where + ": timed out");
    }
    forget_if_unused(origin);
  }
  return next;
}

}  // namespace heliograph::http
