#include "core/store/sqlite/callback_queries.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/store/sqlite/callback_endpoints.h"
#include "core/store/sqlite/connection.h"
#include "core/store/sqlite/revisits.h"

namespace heliograph::store {
namespace {

constexpr std::string_view kDeliveryColumns =
    "id, random, event, message, message_random, state, attempts, status_code, error, url, due,"
    " attempted_at";

// A delivery's row is the time of its making. The writer reads the clock once for a transaction and
// again for the ids in it, and a batch takes a while.
constexpr std::chrono::seconds kMadeBefore{1};
constexpr std::chrono::seconds kMadeAfter{3};
constexpr std::size_t kOfMessageMax = 100;

std::string delivery_query(std::string_view condition) {
  return fmt::format("SELECT {} FROM callback_deliveries {} AND id < ?2 ORDER BY id DESC LIMIT ?3",
                     kDeliveryColumns, condition);
}

model::CallbackDelivery read_delivery(Rows& rows) {
  model::CallbackDelivery delivery;
  const auto row = rows.get<std::int64_t>();
  delivery.id = model::CallbackId::from_parts(row, rows.get<std::uint64_t>());
  delivery.event = rows.get<model::CallbackEvent>();
  const auto message = rows.get<std::int64_t>();
  delivery.message = model::MessageId::from_parts(message, rows.get<std::uint64_t>());
  delivery.state = rows.get<model::CallbackState>();
  delivery.attempts = rows.get<std::uint16_t>();
  delivery.status_code = rows.get<int>();
  delivery.error = rows.get<std::string>();
  delivery.url = rows.get<std::string>();
  delivery.due = rows.get<model::TimePoint>();
  delivery.attempted_at = rows.get<std::optional<model::TimePoint>>();
  return delivery;
}

std::int64_t from_newest(std::int64_t before_row) {
  return before_row == 0 ? std::numeric_limits<std::int64_t>::max() : before_row;
}

}  // namespace

CallbackQueries::CallbackQueries(Connection& connection)
    : list_(connection, fmt::format("SELECT {} WHERE e.client = ?1 AND e.id < ?2 AND e.removed = 0"
                                    " ORDER BY e.id DESC LIMIT ?3",
                                    kCallbackEndpointColumns)),
      find_(connection, fmt::format("SELECT {} WHERE e.id = ?1 AND e.client = ?2 AND e.removed = 0",
                                    kCallbackEndpointColumns)),
      find_row_(connection, fmt::format("SELECT {} WHERE e.id = ?1", kCallbackEndpointColumns)),
      deliveries_(connection,
                  delivery_query("INDEXED BY callback_deliveries_by_endpoint WHERE endpoint = ?1"
                                 " AND (?4 IS NULL OR state = ?4)")),
      pending_(connection, delivery_query("INDEXED BY callback_deliveries_due"
                                          " WHERE endpoint = ?1 AND state = 0")),
      failed_(connection, delivery_query("INDEXED BY callback_deliveries_failed"
                                         " WHERE endpoint = ?1 AND state = 2")),
      of_message_(connection,
                  "SELECT d.id, d.random, d.event, d.message, d.message_random, d.state,"
                  " d.attempts, d.status_code, d.error, iif(d.url = '', e.url, d.url), d.due,"
                  " d.attempted_at FROM callback_deliveries d"
                  " JOIN callback_endpoints e ON e.id = d.endpoint"
                  " WHERE d.id >= ?1 AND d.id < ?2 AND d.message = ?3 AND d.message_random = ?4"
                  " ORDER BY d.id LIMIT ?5"),
      due_(connection,
           "SELECT d.id, d.random, d.url, d.body, d.attempts, d.due, m.trace"
           " FROM callback_deliveries d INDEXED BY callback_deliveries_due"
           " LEFT JOIN messages m ON m.id = d.message AND m.random = d.message_random"
           " WHERE d.state = 0 AND d.endpoint = ?1 AND d.due <= ?2 ORDER BY d.due, d.id LIMIT ?3"),
      next_due_(connection,
                "SELECT due FROM callback_deliveries INDEXED BY callback_deliveries_due"
                " WHERE state = 0 AND endpoint = ?1 AND due > ?2 ORDER BY due LIMIT 1"),
      heads_(connection,
             "SELECT endpoint, min(due) FROM callback_deliveries INDEXED BY callback_deliveries_due"
             " WHERE state = 0 GROUP BY endpoint"),
      // Rows grow with time: the lowest came up first.
      backlog_(connection,
               "SELECT count(*), min(id) FROM (SELECT id FROM callback_deliveries INDEXED BY"
               " callback_deliveries_due WHERE state = 0 LIMIT ?1)") {}

ports::CallbackEndpointList CallbackQueries::list(model::ClientId client, std::int64_t before_row,
                                                  std::size_t limit) {
  ports::CallbackEndpointList page;
  Rows rows = list_.query(client, from_newest(before_row), limit + 1);
  while (rows.next()) page.endpoints.push_back(read_callback_endpoint(rows));
  if (page.endpoints.size() > limit) {
    page.endpoints.pop_back();
    page.next_row = page.endpoints.back().id.row();
  }
  return page;
}

std::optional<model::CallbackEndpoint> CallbackQueries::find(model::ClientId client,
                                                             model::CallbackId id) {
  Rows rows = find_.query(id.row(), client);
  if (!rows.next()) return std::nullopt;
  model::CallbackEndpoint endpoint = read_callback_endpoint(rows);
  if (endpoint.id != id) return std::nullopt;
  return endpoint;
}

ports::CallbackDeliveryList CallbackQueries::read_deliveries(Rows rows, std::size_t limit,
                                                             const std::string& endpoint_url) {
  ports::CallbackDeliveryList page;
  while (rows.next()) {
    page.deliveries.push_back(read_delivery(rows));
    if (page.deliveries.back().url.empty()) page.deliveries.back().url = endpoint_url;
  }
  if (page.deliveries.size() > limit) {
    page.deliveries.pop_back();
    page.next_row = page.deliveries.back().id.row();
  }
  return page;
}

std::optional<ports::CallbackDeliveryList> CallbackQueries::deliveries(
    const ports::CallbackDeliveryFilter& filter) {
  const std::optional<model::CallbackEndpoint> endpoint = find(filter.client, filter.endpoint);
  if (!endpoint) return std::nullopt;
  const std::int64_t row = filter.endpoint.row();
  const std::int64_t before = from_newest(filter.before_row);
  // These are few among many, and have indexes of their own.
  if (filter.state == model::CallbackState::kPending) {
    return read_deliveries(pending_.query(row, before, filter.limit + 1), filter.limit,
                           endpoint->url);
  }
  if (filter.state == model::CallbackState::kFailed) {
    return read_deliveries(failed_.query(row, before, filter.limit + 1), filter.limit,
                           endpoint->url);
  }
  return read_deliveries(deliveries_.query(row, before, filter.limit + 1, filter.state),
                         filter.limit, endpoint->url);
}

std::vector<model::CallbackDelivery> CallbackQueries::of_message(
    model::MessageId message, std::vector<model::TimePoint> moments) {
  std::vector<model::CallbackDelivery> found;
  std::ranges::sort(moments);
  std::int64_t read_up_to = 0;  // moments lie close together: no row is read twice
  for (const model::TimePoint moment : moments) {
    const std::int64_t low = std::max(first_row_after(moment - kMadeBefore), read_up_to);
    read_up_to = std::max(first_row_after(moment + kMadeAfter), read_up_to);
    if (found.size() >= kOfMessageMax || low >= read_up_to) continue;
    Rows rows = of_message_.query(low, read_up_to, message.row(), message.random(),
                                  kOfMessageMax - found.size());
    while (rows.next()) found.push_back(read_delivery(rows));
  }
  return found;
}

model::TimePoint CallbackQueries::next_due(std::int64_t endpoint, model::TimePoint after) {
  Rows rows = next_due_.query(endpoint, after);
  return rows.next() ? rows.get<model::TimePoint>() : model::kNever;
}

ports::CallbackPage CallbackQueries::due(std::int64_t endpoint, model::TimePoint now,
                                         std::size_t limit) {
  ports::CallbackPage page;
  {
    Rows rows = find_row_.query(endpoint);
    if (rows.next()) page.endpoint = read_callback_endpoint(rows);
  }
  {
    Rows rows = due_.query(endpoint, now, limit);
    while (rows.next()) {
      model::CallbackJob& job = page.jobs.emplace_back();
      const auto row = rows.get<std::int64_t>();
      job.id = model::CallbackId::from_parts(row, rows.get<std::uint64_t>());
      job.url = rows.get<std::string>();
      job.body = rows.get<std::string>();
      job.attempts = rows.get<std::uint16_t>();
      job.due = rows.get<model::TimePoint>();
      job.trace = model::unpack_trace(rows.get<Blob>());
    }
  }
  page.next_due = next_due(endpoint, now);
  return page;
}

std::vector<ports::CallbackHead> CallbackQueries::heads() {
  std::vector<ports::CallbackHead> heads;
  Rows rows = heads_.query();
  while (rows.next()) {
    ports::CallbackHead& head = heads.emplace_back();
    head.endpoint = rows.get<std::int64_t>();
    head.first_due = rows.get<model::TimePoint>();
  }
  return heads;
}

ports::CallbackBacklog CallbackQueries::backlog() {
  ports::CallbackBacklog backlog;
  Rows rows = backlog_.query(ports::kLaneCountMax);
  rows.next();
  backlog.pending = rows.get<std::uint64_t>();
  backlog.read = true;
  if (const auto row = rows.get<std::optional<std::int64_t>>())
    backlog.oldest = model::CallbackId::from_parts(*row, 0).created_at();
  return backlog;
}

}  // namespace heliograph::store
