// The pool's connections: opened, given to exchanges, ended, and replaced where that is safe.
#include <algorithm>
#include <utility>

#include "core/base/assert.h"
#include "core/http/client_pool.h"

namespace heliograph::http {
namespace {

using namespace std::chrono_literals;
using ports::HttpProgress;
using ports::HttpStatus;
using ports::MonoTime;

bool fits(const ClientConnection& connection, const Exchange& exchange) {
  return connection.is_new() || !exchange.needs_new_connection;
}

}  // namespace

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

}  // namespace heliograph::http
