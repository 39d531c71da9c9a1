// Conversations: threads as the writer keeps them. A message joins the thread of its pair, which is
// made when there is none; what is counted is kept with the thread. Reading is in
// conversation_queries.h. Writer's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/model/conversation.h"
#include "core/model/id_generator.h"
#include "core/ports/clock.h"
#include "core/ports/random.h"
#include "core/ports/store_conversations.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {

class Connection;

// The columns read_conversation() expects, in its order, and where they come from.
inline constexpr std::string_view kConversationColumns =
    "c.id, c.random, c.client, c.channel, c.sender, c.recipient, c.started, c.type, c.status,"
    " c.title, c.metadata, c.message_count, c.unread_count, c.activity, c.updated_at"
    " FROM conversations c";
model::Conversation read_conversation(Rows& rows);

class Conversations {
 public:
  // `ids`: of messages and conversations alike.
  Conversations(Connection& connection, model::IdGenerator& ids, ports::Clock& clock,
                ports::Random& random);

  struct Joining {
    model::ClientId client{};
    model::Channel channel{};
    model::Direction direction{};
    std::string_view from;
    std::string_view to;
    std::int64_t row = 0;  // of the message
  };
  // The thread the message now belongs to. An archived or closed one becomes active again when
  // somebody writes to us.
  model::ConversationId join(const Joining& message);

  // Whose the pair's latest conversation is, over whichever channel.
  std::optional<model::ClientId> owner_of(std::string_view from, std::string_view to);

  // As the port's functions of these names say.
  ports::CreateConversationResult create(const ports::NewConversation& conversation);
  std::optional<model::Conversation> update(model::ClientId client, model::ConversationId id,
                                            const ports::ConversationChanges& changes);
  std::optional<model::Conversation> read_up_to(model::ClientId client, model::ConversationId id,
                                                std::optional<model::MessageId> up_to);
  bool remove(model::ClientId client, model::ConversationId id);

  // Forgets at most `limit` threads in which nothing has happened since `row` was made: nothing
  // is left of their messages by then. The number forgotten.
  std::size_t erase_quiet(std::int64_t row, std::size_t limit);

 private:
  struct Making {
    model::ClientId client{};
    model::Channel channel{};
    model::Direction started{};
    std::string_view from;
    std::string_view to;
    model::ConversationType type = model::ConversationType::kDirect;
    std::string_view title{};
    std::string_view metadata{};
  };
  std::optional<model::ConversationId> find_pair(const Making& making,
                                                 const model::AddressPair& pair);
  model::ConversationId make(const Making& making, const model::AddressPair& pair);
  std::optional<model::Conversation> find(model::ClientId client, model::ConversationId id);

  model::IdGenerator& ids_;
  ports::Clock& clock_;
  ports::Random& random_;
  Statement find_pair_;
  Statement find_;
  Statement owner_;
  Statement insert_;
  Statement note_outbound_;
  Statement note_inbound_;
  Statement update_;
  Statement mark_read_;
  Statement remove_;
  Statement erase_quiet_;
};

}  // namespace heliograph::store
