#include "core/store/sqlite/queue_walk.h"

#include <string>

#include "core/store/sqlite/connection.h"

namespace heliograph::store {
namespace {

std::string seek(const char* condition) {
  return std::string("SELECT lane, client, class FROM messages INDEXED BY messages_live") +
         " WHERE live = 1" + condition + " ORDER BY lane, client, class LIMIT 1";
}

std::optional<ports::QueueKey> read_one(Rows rows) {
  if (!rows.next()) return std::nullopt;
  ports::QueueKey key;
  key.lane = rows.get<model::Lane>();
  key.client = rows.get<model::ClientId>();
  key.dispatch_class = rows.get<model::ClassId>();
  return key;
}

}  // namespace

QueueWalk::QueueWalk(Connection& connection)
    : first_(connection, seek("")),
      next_class_(connection, seek(" AND lane = ?1 AND client = ?2 AND class > ?3")),
      next_client_(connection, seek(" AND lane = ?1 AND client > ?2")),
      next_lane_(connection, seek(" AND lane > ?1")) {}

std::optional<ports::QueueKey> QueueWalk::next(const std::optional<ports::QueueKey>& after) {
  if (!after) return read_one(first_.query());
  if (auto key = read_one(next_class_.query(after->lane, after->client, after->dispatch_class))) {
    return key;
  }
  if (auto key = read_one(next_client_.query(after->lane, after->client))) return key;
  return read_one(next_lane_.query(after->lane));
}

}  // namespace heliograph::store
