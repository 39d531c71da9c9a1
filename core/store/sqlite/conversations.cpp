#include "core/store/sqlite/conversations.h"

#include <fmt/format.h>

#include "core/base/assert.h"
#include "core/store/sqlite/connection.h"

namespace heliograph::store {

model::Conversation read_conversation(Rows& rows) {
  model::Conversation conversation;
  const auto row = rows.get<std::int64_t>();
  conversation.id = model::ConversationId::from_parts(row, rows.get<std::uint64_t>());
  conversation.client = rows.get<model::ClientId>();
  conversation.channel = rows.get<model::Channel>();
  conversation.from = rows.get<std::string>();
  conversation.to = rows.get<std::string>();
  conversation.started = rows.get<model::Direction>();
  conversation.type = rows.get<model::ConversationType>();
  conversation.status = rows.get<model::ConversationStatus>();
  conversation.title = rows.get<std::string>();
  conversation.metadata_json = rows.get<std::string>();
  conversation.message_count = rows.get<std::uint64_t>();
  conversation.unread_count = rows.get<std::uint64_t>();
  const auto activity = rows.get<std::int64_t>();
  conversation.activity_row = activity;
  if (conversation.message_count > 0) {
    conversation.last_message_at = model::MessageId::from_parts(activity, 0).created_at();
  }
  conversation.updated_at = rows.get<model::TimePoint>();
  return conversation;
}

Conversations::Conversations(Connection& connection, model::IdGenerator& ids, ports::Clock& clock,
                             ports::Random& random)
    : ids_(ids),
      clock_(clock),
      random_(random),
      find_pair_(connection,
                 "SELECT id, random FROM conversations"
                 " WHERE low = ?1 AND high = ?2 AND channel = ?3 AND client = ?4"),
      find_(connection,
            fmt::format("SELECT {} WHERE c.id = ?1 AND c.client = ?2", kConversationColumns)),
      owner_(connection,
             "SELECT client FROM conversations WHERE low = ?1 AND high = ?2"
             " AND message_count > 0"
             " ORDER BY activity DESC LIMIT 1"),
      insert_(connection,
              "INSERT INTO conversations (id, random, client, channel, low, high, sender,"
              " recipient, started, type, title, metadata, activity, updated_at)"
              " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?1, ?13)"),
      note_outbound_(connection,
                     "UPDATE conversations SET message_count = message_count + 1, activity = ?2,"
                     " updated_at = ?3 WHERE id = ?1"),
      note_inbound_(connection,
                    fmt::format("UPDATE conversations SET message_count = message_count + 1,"
                                " unread_count = unread_count + 1, status = {}, activity = ?2,"
                                " updated_at = ?3 WHERE id = ?1",
                                static_cast<int>(model::ConversationStatus::kActive))),
      update_(connection,
              "UPDATE conversations SET status = ?2, title = ?3, metadata = ?4, updated_at = ?5"
              " WHERE id = ?1"),
      mark_read_(connection,
                 "UPDATE conversations SET read_row = max(read_row, ?2), updated_at = ?3,"
                 " unread_count = (SELECT count(*) FROM inbound_messages i"
                 " WHERE i.conversation = ?1 AND i.id > max(read_row, ?2)) WHERE id = ?1"),
      remove_(connection, "DELETE FROM conversations WHERE id = ?1"),
      erase_quiet_(connection,
                   "DELETE FROM conversations WHERE id IN"
                   " (SELECT id FROM conversations c WHERE activity < ?1 AND NOT EXISTS"
                   " (SELECT 1 FROM messages m WHERE m.conversation = c.id AND m.live = 1)"
                   " ORDER BY activity LIMIT ?2)") {}

std::optional<model::ConversationId> Conversations::find_pair(const Making& making,
                                                              const model::AddressPair& pair) {
  Rows rows = find_pair_.query(pair.low, pair.high, making.channel, making.client);
  if (!rows.next()) return std::nullopt;
  const auto row = rows.get<std::int64_t>();
  return model::ConversationId::from_parts(row, rows.get<std::uint64_t>());
}

std::optional<model::Conversation> Conversations::find(model::ClientId client,
                                                       model::ConversationId id) {
  Rows rows = find_.query(id.row(), client);
  if (!rows.next()) return std::nullopt;
  model::Conversation conversation = read_conversation(rows);
  if (conversation.id != id) return std::nullopt;
  return conversation;
}

model::ConversationId Conversations::make(const Making& making, const model::AddressPair& pair) {
  const model::TimePoint now = clock_.wall();
  const model::ConversationId id = ids_.next(now, random_.next());
  insert_.run(id.row(), id.random(), making.client, making.channel, pair.low, pair.high,
              making.from, making.to, making.started, making.type, making.title, making.metadata,
              now);
  return id;
}

model::ConversationId Conversations::join(const Joining& message) {
  const Making making{.client = message.client,
                      .channel = message.channel,
                      .started = message.direction,
                      .from = message.from,
                      .to = message.to};
  const model::AddressPair pair = model::address_pair(message.from, message.to);
  std::optional<model::ConversationId> id = find_pair(making, pair);
  if (!id) id = make(making, pair);
  Statement& note =
      message.direction == model::Direction::kInbound ? note_inbound_ : note_outbound_;
  note.run(id->row(), message.row, clock_.wall());
  return *id;
}

std::optional<model::ClientId> Conversations::owner_of(std::string_view from, std::string_view to) {
  const model::AddressPair pair = model::address_pair(from, to);
  Rows rows = owner_.query(pair.low, pair.high);
  return rows.next() ? std::optional(rows.get<model::ClientId>()) : std::nullopt;
}

ports::CreateConversationResult Conversations::create(const ports::NewConversation& given) {
  const Making making{.client = given.client,
                      .channel = given.channel,
                      .started = model::Direction::kOutbound,
                      .from = given.from,
                      .to = given.to,
                      .type = given.type,
                      .title = given.title,
                      .metadata = given.metadata_json};
  const model::AddressPair pair = model::address_pair(given.from, given.to);
  const std::optional<model::ConversationId> known = find_pair(making, pair);
  const model::ConversationId id = known ? *known : make(making, pair);
  std::optional<model::Conversation> conversation = find(given.client, id);
  HG_ASSERT(conversation.has_value());
  return {.conversation = *std::move(conversation), .created = !known};
}

std::optional<model::Conversation> Conversations::update(
    model::ClientId client, model::ConversationId id, const ports::ConversationChanges& changes) {
  const std::optional<model::Conversation> known = find(client, id);
  if (!known) return std::nullopt;
  update_.run(id.row(), changes.status.value_or(known->status),
              changes.title.value_or(known->title),
              changes.metadata_json.value_or(known->metadata_json), clock_.wall());
  return find(client, id);
}

std::optional<model::Conversation> Conversations::read_up_to(
    model::ClientId client, model::ConversationId id, std::optional<model::MessageId> up_to) {
  const std::optional<model::Conversation> known = find(client, id);
  if (!known) return std::nullopt;
  if (known->unread_count == 0) return known;
  const std::int64_t last = known->activity_row;  // what comes later is unread
  mark_read_.run(id.row(), up_to ? std::min(up_to->row(), last) : last, clock_.wall());
  return find(client, id);
}

bool Conversations::remove(model::ClientId client, model::ConversationId id) {
  if (!find(client, id)) return false;
  return remove_.run(id.row()) > 0;
}

std::size_t Conversations::erase_quiet(std::int64_t row, std::size_t limit) {
  return static_cast<std::size_t>(erase_quiet_.run(row, limit));
}

}  // namespace heliograph::store
