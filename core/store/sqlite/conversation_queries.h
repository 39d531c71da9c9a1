// ConversationQueries: threads, inbound messages and opt-outs as the API shows them. On any
// connection, one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/model/conversation.h"
#include "core/ports/store_conversations.h"
#include "core/store/sqlite/message_queries.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {

class Connection;

class ConversationQueries {
 public:
  // `messages`: on the same connection. A list looks at `examine_max` rows at most; then it is
  // short and says where to go on.
  ConversationQueries(Connection& connection, MessageQueries& messages,
                      std::size_t examine_max = kListExamineMax);

  std::optional<model::Conversation> find(model::ClientId client, model::ConversationId id);
  ports::ConversationList list(const ports::ConversationFilter& filter);
  std::optional<ports::ThreadPage> thread(const ports::ThreadFilter& filter, model::TimePoint now);
  std::optional<ports::ConversationStatistics> statistics(model::ClientId client,
                                                          model::ConversationId id);
  std::optional<model::InboundView> find_inbound(model::ClientId client, model::MessageId id);
  ports::OptOutList opt_outs(const ports::OptOutFilter& filter);

 private:
  struct Entry {
    model::MessageId id;
    model::Direction direction{};
  };
  std::vector<Entry> entries(const ports::ThreadFilter& filter);
  std::optional<model::ThreadMessage> load(model::ClientId client, const Entry& entry,
                                           model::TimePoint now);

  MessageQueries& messages_;
  std::size_t examine_max_;
  Statement find_;
  Statement list_;
  Statement forward_;
  Statement backward_;
  Statement find_inbound_;
  Statement count_outbound_;
  Statement count_inbound_;
  Statement send_time_;
  Statement opt_outs_;
  Statement opt_outs_of_;
};

}  // namespace heliograph::store
