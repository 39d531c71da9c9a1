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

bool fits(const ClientConnection& connection, const Exchange& exchange) {
  return connection.is_new() || !exchange.needs_new_connection;
}

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

void ClientPool::use_idle_connections(Origin& origin) {
  std::size_t expecting = origin.connecting;  // connections that are coming for overdue exchanges
  for (auto it = origin.waiting.begin(); it != origin.waiting.end() && !origin.idle.empty();) {
    Exchange& exchange = *it++;
    if (overdue(exchange)) {
      if (expecting == 0) {
        end_overdue(exchange);
      } else {
        --expecting;
      }
    } else if (ClientConnection* connection = take_idle(origin, exchange)) {
      carry(*connection, exchange);
    }
  }
}

// nullptr: none that it may use. Those that have ended meanwhile are dropped.
ClientConnection* ClientPool::take_idle(Origin& origin, const Exchange& exchange) {
  for (std::size_t i = origin.idle.size(); i-- > 0;) {
    ClientConnection& connection = *origin.idle[i];
    if (!fits(connection, exchange)) continue;
    if (connection.is_usable()) {
      origin.idle.erase(origin.idle.begin() + static_cast<std::ptrdiff_t>(i));
      return &connection;
    }
    drop(connection);
  }
  return nullptr;
}

// One for each exchange that waits and has none coming, as far as the pool reaches.
void ClientPool::open_connections(Origin& origin) {
  while (origin.connecting < origin.waiting.size()) {
    if (open_connections_ >= options_.connections_max && !make_room(origin)) return;
    auto connection =
        std::make_shared<ClientConnection>(loop_, *this, origin.endpoint, tls_.get(), guard_.get());
    connection->origin = &origin;
    connection->deadline = clock_.mono() + options_.connect_timeout;
    ++open_connections_;
    ++origin.connecting;
    origin.connections.push_back(connection);
    arm(connection->deadline);
    connection->connect();
  }
}

// Closes an idle connection, one of another origin first: false where there is none.
bool ClientPool::make_room(const Origin& origin) {
  Origin* victim = nullptr;
  for (auto& [key, other] : origins_) {
    if (other->idle.empty()) continue;
    if (!victim || victim == &origin) victim = other.get();
  }
  if (!victim) return false;
  drop(*victim->idle.front());
  if (victim != &origin) forget_if_unused(*victim);
  return true;
}

void ClientPool::carry(ClientConnection& connection, Exchange& exchange) {
  Origin& origin = *connection.origin;
  origin.waiting.erase(origin.waiting.iterator_to(exchange));
  exchange.response.wait = clock_.mono() - exchange.started;
  connection.deadline = MonoTime::max();
  connection.carry(exchange);
}

void ClientPool::on_connected(ClientConnection& connection) {
  Origin& origin = *connection.origin;
  connection.connecting = false;
  --origin.connecting;
  go_on(connection);
  flush();
}

// The head of the queue gets the news; those behind it have connections of their own coming, or
// get one now.
void ClientPool::on_connect_failed(ClientConnection& connection, End end) {
  Origin& origin = *connection.origin;
  drop(connection);
  if (!origin.waiting.empty()) finish(origin.waiting.front(), end.status, std::move(end.detail));
  forget_if_unused(origin);
  flush();
}

void ClientPool::on_answered(ClientConnection& connection) {
  Exchange& exchange = *connection.exchange;
  Origin& origin = *connection.origin;
  const bool reusable = connection.reusable() && !exchange.no_reuse;
  connection.exchange = nullptr;
  finish(exchange, HttpStatus::kOk, "");
  if (reusable && !must_yield(origin)) {
    go_on(connection);
  } else {
    drop(connection);
    forget_if_unused(origin);
  }
  flush();
}

void ClientPool::on_broken(ClientConnection& connection, End end) {
  Exchange& exchange = *connection.exchange;
  Origin& origin = *connection.origin;
  if (!try_again(exchange, connection, end)) {
    finish(exchange, end.status, std::move(end.detail));
  }
  drop(connection);
  forget_if_unused(origin);
  flush();
}

// A connection that is free carries what waits, or waits itself.
void ClientPool::go_on(ClientConnection& connection) {
  Origin& origin = *connection.origin;
  if (Exchange* next = next_for(connection)) return carry(connection, *next);
  const auto unfit = [&](const Exchange& exchange) { return !fits(connection, exchange); };
  const bool in_the_way =
      open_connections_ >= options_.connections_max && std::ranges::any_of(origin.waiting, unfit);
  const std::chrono::milliseconds idle_max = std::min<std::chrono::milliseconds>(
      options_.idle_max, connection.idle_timeout().value_or(std::chrono::hours(24)));
  if (in_the_way || idle_max <= 0ms) return drop(connection);
  connection.idled = true;
  origin.idle.push_back(&connection);
  connection.deadline = clock_.mono() + idle_max;
  arm(connection.deadline);
}

// The first that waits and may be written. Overdue ones on the way to it are ended: one, whose
// repeat takes this connection or the next to be free, and those that have no connection coming.
// The rest keep waiting for theirs: ended all at once, their repeats would be late again.
Exchange* ClientPool::next_for(const ClientConnection& connection) {
  Origin& origin = *connection.origin;
  bool ended = false;
  for (auto it = origin.waiting.begin(); it != origin.waiting.end();) {
    Exchange& exchange = *it++;
    if (!fits(connection, exchange)) continue;
    if (!overdue(exchange)) return &exchange;
    if (ended && origin.waiting.size() <= origin.connecting) continue;
    end_overdue(exchange);
    ended = true;
  }
  return nullptr;
}

bool ClientPool::overdue(const Exchange& exchange) const {
  return exchange.begin_by != MonoTime::max() && exchange.begin_by < clock_.mono();
}

void ClientPool::end_overdue(Exchange& exchange) {
  // After a first try that was written the peer may have acted: then this is not as if nothing was.
  exchange.response.begin_missed = exchange.progress_of_first < HttpProgress::kWritten;
  finish(exchange, HttpStatus::kDeadline, "a connection was not ready in time to begin");
}

// With all connections in use, an origin that has none would wait for ever behind a busy one.
bool ClientPool::must_yield(const Origin& origin) const {
  if (open_connections_ < options_.connections_max || origins_.size() == 1) return false;
  return std::ranges::any_of(origins_, [&](const auto& entry) {
    const Origin& other = *entry.second;
    return &other != &origin && !other.waiting.empty() && other.connections.empty();
  });
}

void ClientPool::drop(ClientConnection& connection) {
  Origin& origin = *connection.origin;
  if (connection.connecting) --origin.connecting;
  std::erase(origin.idle, &connection);
  const bool was_full = open_connections_ >= options_.connections_max;
  --open_connections_;
  connection.close();
  const auto same = [&](const auto& owned) { return owned.get() == &connection; };
  std::erase_if(origin.connections, same);
  if (!was_full) return;
  for (auto& [key, other] : origins_) {
    if (!other->waiting.empty()) mark_dirty(*other);
  }
}

void ClientPool::forget_if_unused(Origin& origin) {
  if (origin.dirty || !origin.waiting.empty() || !origin.connections.empty()) return;
  origins_.erase(origins_.find(origin.key));
}

// A connection that was kept and that the peer has closed is replaced once where the peer cannot
// have acted, and where it may have, once if it would recognise the request.
bool ClientPool::try_again(Exchange& exchange, const ClientConnection& connection, const End& end) {
  const bool kept = connection.carried_before() || connection.idled;
  if (!end.by_peer || !kept || !connection.heard_nothing()) return false;
  const bool written = exchange.response.progress >= HttpProgress::kWritten;
  if (written && (!exchange.safe_to_resend || exchange.response.resent)) return false;
  if (!written && exchange.replaced) return false;
  if (written) exchange.progress_of_first = HttpProgress::kWritten;
  exchange.replaced = true;
  exchange.needs_new_connection = true;
  exchange.connection = nullptr;
  const bool resent = exchange.response.resent || written;
  exchange.response = {};
  exchange.response.resent = resent;
  exchange.origin->waiting.push_front(exchange);
  mark_dirty(*exchange.origin);
  return true;
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
