#include "core/store/sqlite/queue_queries.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/store/sqlite/connection.h"
#include "core/store/sqlite/work_items.h"

namespace heliograph::store {
namespace {

// INDEXED BY: the planner knows no statistics, and another choice would be a scan of the table.
// Two queries instead of `(due, id) > (?, ?)`, which would seek by `due` alone: a million messages
// scheduled for one moment would be gone through again for each page.
constexpr std::string_view kPageSameDue =
    "SELECT {} FROM messages INDEXED BY messages_live WHERE live = 1 AND lane = ?1 AND client = ?2"
    " AND class = ?3 AND due = ?4 AND id > ?5 AND status <> 2 ORDER BY id";
constexpr std::string_view kPageLaterDue =
    "SELECT {} FROM messages INDEXED BY messages_live WHERE live = 1 AND lane = ?1 AND client = ?2"
    " AND class = ?3 AND due > ?4 AND status <> 2 ORDER BY due, id";

constexpr const char* kFirstWaiting =
    "SELECT due FROM messages INDEXED BY messages_live WHERE live = 1 AND lane = ?1"
    " AND client = ?2 AND class = ?3 AND status <> 2 ORDER BY due, id LIMIT 1";

constexpr const char* kCountLane =
    "SELECT count(*), ifnull(sum(due > ?2), 0) FROM (SELECT due FROM messages INDEXED BY"
    " messages_live WHERE live = 1 AND lane = ?1 LIMIT ?3)";

}  // namespace

QueueQueries::QueueQueries(Connection& connection)
    : connection_(connection),
      walk_(connection),
      page_same_due_(connection, fmt::format(kPageSameDue, kWorkItemColumns)),
      page_later_due_(connection, fmt::format(kPageLaterDue, kWorkItemColumns)),
      first_waiting_(connection, kFirstWaiting),
      count_lane_(connection, kCountLane),
      find_sending_(connection,
                    "SELECT id FROM messages INDEXED BY messages_live WHERE live = 1"
                    " AND status = 2 ORDER BY lane, client, class"),
      read_sending_(connection, fmt::format("SELECT {} FROM messages WHERE id = ?1 AND status = 2",
                                            kWorkItemColumns)) {}

// False: the page is complete, and knows what comes next.
bool QueueQueries::fill(Rows& rows, const ports::PageRequest& request, ports::Page& page) {
  while (rows.next()) {
    model::WorkItem item = read_work_item(rows);
    if (item.due > request.until || page.items.size() >= request.limit) {
      page.next_due = item.due;
      return false;
    }
    page.items.push_back(std::move(item));
  }
  return true;
}

ports::Page QueueQueries::page(const ports::PageRequest& request) {
  const ports::QueueKey& key = request.key;
  ports::Page page;
  {
    Rows rows = page_same_due_.query(key.lane, key.client, key.dispatch_class, request.after.due,
                                     request.after.row);
    if (!fill(rows, request, page)) return page;
  }
  Rows rows = page_later_due_.query(key.lane, key.client, key.dispatch_class, request.after.due);
  fill(rows, request, page);
  return page;
}

std::optional<model::TimePoint> QueueQueries::first_waiting(const ports::QueueKey& key) {
  Rows rows = first_waiting_.query(key.lane, key.client, key.dispatch_class);
  return rows.next() ? std::optional(rows.get<model::TimePoint>()) : std::nullopt;
}

std::vector<ports::QueueHead> QueueQueries::heads() {
  std::vector<ports::QueueHead> heads;
  for (auto key = walk_.next(std::nullopt); key; key = walk_.next(key)) {
    if (const auto due = first_waiting(*key)) heads.push_back({.key = *key, .first_due = *due});
  }
  return heads;
}

ports::LaneDepths QueueQueries::lanes(model::TimePoint now) {
  ports::LaneDepths lanes;
  for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
    Rows rows = count_lane_.query(lane, now, ports::kLaneCountMax + 1);
    rows.next();
    lanes[lane].live = rows.get<std::uint64_t>();
    lanes[lane].later = rows.get<std::uint64_t>();
    lanes[lane].more = lanes[lane].live > ports::kLaneCountMax;
    lanes[lane].read = true;
  }
  for (const ports::QueueHead& head : heads()) {
    auto& oldest = lanes[static_cast<std::size_t>(head.key.lane)].oldest;
    if (head.first_due <= now) oldest = std::min(oldest.value_or(head.first_due), head.first_due);
  }
  return lanes;
}

QueueQueries::LiveCount QueueQueries::count_live(bool may_be_sending) {
  LiveCount count;
  const std::int64_t live = connection_.query_integer(
      "SELECT count(*) FROM messages INDEXED BY messages_live WHERE live = 1");
  if (may_be_sending) {
    Rows rows = find_sending_.query();
    while (rows.next()) count.sending_rows.push_back(rows.get<std::int64_t>());
  }
  count.waiting = static_cast<std::uint64_t>(live) - count.sending_rows.size();
  return count;
}

std::vector<model::WorkItem> QueueQueries::sending_items(std::span<const std::int64_t> rows) {
  std::vector<model::WorkItem> items;
  for (const std::int64_t row : rows) {
    Rows found = read_sending_.query(row);
    if (found.next()) items.push_back(read_work_item(found));
  }
  return items;
}

}  // namespace heliograph::store
