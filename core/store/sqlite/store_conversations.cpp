// The conversations' part of the ports: each call becomes one operation for the writer or a reader.
#include "core/store/sqlite/store_impl.h"

namespace heliograph::store {

using model::ClientId;
using model::Conversation;
using model::ConversationId;

void StoreImpl::take_report(ports::ProviderReport report, ports::Executor& where,
                            ports::Done<ports::ReportResult> done) {
  write<ports::ReportResult>(where, std::move(done), [report = std::move(report)](Engine& engine) {
    return engine.take_report(report);
  });
}

void StoreImpl::find_inbound(ClientId client, model::MessageId id, ports::Executor& where,
                             ports::Done<std::optional<model::InboundView>> done) {
  read<std::optional<model::InboundView>>(
      ReadKind::kBrowsing, where, std::move(done),
      [client, id](Queries& queries) { return queries.conversations.find_inbound(client, id); });
}

void StoreImpl::create_conversation(ports::NewConversation conversation, ports::Executor& where,
                                    ports::Done<ports::CreateConversationResult> done) {
  write<ports::CreateConversationResult>(where, std::move(done),
                                         [given = std::move(conversation)](Engine& engine) {
                                           return engine.conversations().create(given);
                                         });
}

void StoreImpl::update_conversation(ClientId client, ConversationId id,
                                    ports::ConversationChanges changes, ports::Executor& where,
                                    ports::Done<std::optional<Conversation>> done) {
  write<std::optional<Conversation>>(where, std::move(done),
                                     [client, id, changes = std::move(changes)](Engine& engine) {
                                       return engine.conversations().update(client, id, changes);
                                     });
}

void StoreImpl::read_conversation(ClientId client, ConversationId id,
                                  std::optional<model::MessageId> up_to, ports::Executor& where,
                                  ports::Done<std::optional<Conversation>> done) {
  write<std::optional<Conversation>>(where, std::move(done), [client, id, up_to](Engine& engine) {
    return engine.conversations().read_up_to(client, id, up_to);
  });
}

void StoreImpl::remove_conversation(ClientId client, ConversationId id, ports::Executor& where,
                                    ports::Done<bool> done) {
  write<bool>(where, std::move(done),
              [client, id](Engine& engine) { return engine.conversations().remove(client, id); });
}

void StoreImpl::find_conversation(ClientId client, ConversationId id, ports::Executor& where,
                                  ports::Done<std::optional<Conversation>> done) {
  read<std::optional<Conversation>>(
      ReadKind::kBrowsing, where, std::move(done),
      [client, id](Queries& queries) { return queries.conversations.find(client, id); });
}

void StoreImpl::list_conversations(ports::ConversationFilter filter, ports::Executor& where,
                                   ports::Done<ports::ConversationList> done) {
  read<ports::ConversationList>(ReadKind::kBrowsing, where, std::move(done),
                                [filter = std::move(filter)](Queries& queries) {
                                  return queries.conversations.list(filter);
                                });
}

void StoreImpl::list_thread(ports::ThreadFilter filter, ports::Executor& where,
                            ports::Done<std::optional<ports::ThreadPage>> done) {
  read<std::optional<ports::ThreadPage>>(ReadKind::kBrowsing, where, std::move(done),
                                         [filter, now = clock_.wall()](Queries& queries) {
                                           return queries.conversations.thread(filter, now);
                                         });
}

void StoreImpl::conversation_statistics(
    ClientId client, ConversationId id, ports::Executor& where,
    ports::Done<std::optional<ports::ConversationStatistics>> done) {
  read<std::optional<ports::ConversationStatistics>>(
      ReadKind::kBrowsing, where, std::move(done),
      [client, id](Queries& queries) { return queries.conversations.statistics(client, id); });
}

void StoreImpl::add_opt_out(ClientId client, model::OptOut opt_out, ports::Executor& where,
                            ports::Done<bool> done) {
  write<bool>(where, std::move(done), [client, opt_out = std::move(opt_out)](Engine& engine) {
    return engine.opt_outs().add(client, opt_out, engine.clock().wall());
  });
}

void StoreImpl::remove_opt_out(ClientId client, std::string recipient, std::string sender,
                               ports::Executor& where, ports::Done<bool> done) {
  write<bool>(where, std::move(done),
              [client, recipient = std::move(recipient), sender = std::move(sender)](
                  Engine& engine) { return engine.opt_outs().remove(client, sender, recipient); });
}

void StoreImpl::list_opt_outs(ports::OptOutFilter filter, ports::Executor& where,
                              ports::Done<ports::OptOutList> done) {
  read<ports::OptOutList>(ReadKind::kBrowsing, where, std::move(done),
                          [filter = std::move(filter)](Queries& queries) {
                            return queries.conversations.opt_outs(filter);
                          });
}

}  // namespace heliograph::store
