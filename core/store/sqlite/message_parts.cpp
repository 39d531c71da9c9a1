#include "core/store/sqlite/message_parts.h"

#include "core/store/sqlite/connection.h"

namespace heliograph::store {

MessageParts::MessageParts(Connection& connection)
    : insert_(connection,
              "INSERT OR REPLACE INTO message_parts (provider, provider_part_id, message)"
              " VALUES (?1, ?2, ?3)"),
      find_(connection,
            "SELECT message, state FROM message_parts"
            " WHERE provider = ?1 AND provider_part_id = ?2"),
      set_state_(connection,
                 "UPDATE message_parts SET state = ?3"
                 " WHERE provider = ?1 AND provider_part_id = ?2"),
      find_undelivered_(connection,
                        "SELECT 1 FROM message_parts WHERE message = ?1 AND state <> 1 LIMIT 1"),
      read_ids_(connection, "SELECT provider_part_id FROM message_parts WHERE message = ?1"),
      remove_(connection, "DELETE FROM message_parts WHERE message = ?1") {}

void MessageParts::expect(std::int64_t message, model::ProviderKey provider,
                          const std::vector<std::string>& part_ids) {
  remove_.run(message);
  for (const std::string& id : part_ids) insert_.run(provider, id, message);
}

std::optional<MessageParts::Part> MessageParts::find(model::ProviderKey provider,
                                                     std::string_view part_id) {
  Rows rows = find_.query(provider, part_id);
  if (!rows.next()) return std::nullopt;
  Part part;
  part.message = rows.get<std::int64_t>();
  part.state = rows.get<State>();
  return part;
}

void MessageParts::set_state(model::ProviderKey provider, std::string_view part_id, State state) {
  set_state_.run(provider, part_id, state);
}

bool MessageParts::all_delivered(std::int64_t message) {
  return !find_undelivered_.query(message).next();
}

std::vector<std::string> MessageParts::take(std::int64_t message) {
  std::vector<std::string> ids;
  {
    Rows rows = read_ids_.query(message);
    while (rows.next()) ids.push_back(rows.get<std::string>());
  }
  if (!ids.empty()) remove_.run(message);
  return ids;
}

}  // namespace heliograph::store
