// ConversationStore: the store's port of conversations over lists, for tests of the API. It answers
// what a test puts there and remembers what it was asked. One thread.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/ports/store_conversations.h"

namespace heliograph::test {

class ConversationStore final : public ports::StoreConversations {
 public:
  using Found = std::optional<model::Conversation>;

  std::vector<model::Conversation> conversations;
  std::vector<model::ThreadMessage> messages;  // of every conversation
  std::vector<model::OptOut> opt_outs;
  std::int64_t next_row = 0;  // of every list
  ports::ConversationFilter last_filter;
  ports::ThreadFilter last_thread;
  ports::OptOutFilter last_opt_outs;
  std::optional<model::MessageId> read_up_to;
  std::vector<ports::NewConversation> created;  // answered with the first of `conversations`
  std::vector<model::ConversationId> removed;
  std::optional<ports::ConversationStatistics> statistics;
  // What take_report() answers; none: taken.
  std::function<ports::ReportResult(ports::ProviderReport)> on_report;

  void take_report(ports::ProviderReport report, ports::Executor& where,
                   ports::Done<ports::ReportResult> done) override {
    answer<ports::ReportResult>(
        where, done, on_report ? on_report(std::move(report)) : ports::ReportResult{.taken = true});
  }
  void find_inbound(model::ClientId, model::MessageId id, ports::Executor& where,
                    ports::Done<std::optional<model::InboundView>> done) override {
    std::optional<model::InboundView> found;
    for (const model::ThreadMessage& message : messages) {
      const auto* inbound = std::get_if<model::InboundView>(&message);
      if (inbound != nullptr && inbound->id == id) found = *inbound;
    }
    answer<std::optional<model::InboundView>>(where, done, std::move(found));
  }
  void create_conversation(ports::NewConversation conversation, ports::Executor& where,
                           ports::Done<ports::CreateConversationResult> done) override {
    created.push_back(std::move(conversation));
    ports::CreateConversationResult result;
    if (!conversations.empty()) result.conversation = conversations.front();
    answer<ports::CreateConversationResult>(where, done, std::move(result));
  }
  void update_conversation(model::ClientId client, model::ConversationId id,
                           ports::ConversationChanges changes, ports::Executor& where,
                           ports::Done<Found> done) override {
    model::Conversation* found = find(client, id);
    if (found == nullptr) return answer<Found>(where, done, std::nullopt);
    if (changes.status) found->status = *changes.status;
    if (changes.title) found->title = *changes.title;
    if (changes.metadata_json) found->metadata_json = *changes.metadata_json;
    answer<Found>(where, done, *found);
  }
  void read_conversation(model::ClientId client, model::ConversationId id,
                         std::optional<model::MessageId> up_to, ports::Executor& where,
                         ports::Done<Found> done) override {
    read_up_to = up_to;
    model::Conversation* found = find(client, id);
    if (found != nullptr) found->unread_count = 0;
    answer<Found>(where, done, found == nullptr ? Found{} : Found{*found});
  }
  void remove_conversation(model::ClientId client, model::ConversationId id, ports::Executor& where,
                           ports::Done<bool> done) override {
    const bool known = find(client, id) != nullptr;
    if (known) removed.push_back(id);
    answer<bool>(where, done, known);
  }
  void find_conversation(model::ClientId client, model::ConversationId id, ports::Executor& where,
                         ports::Done<Found> done) override {
    model::Conversation* found = find(client, id);
    answer<Found>(where, done, found == nullptr ? Found{} : Found{*found});
  }
  void list_conversations(ports::ConversationFilter filter, ports::Executor& where,
                          ports::Done<ports::ConversationList> done) override {
    last_filter = filter;
    ports::ConversationList list;
    for (const auto& conversation : conversations) {
      if (conversation.client == filter.client) list.conversations.push_back(conversation);
    }
    list.next_row = next_row;
    if (filter.with_total) list.total = list.conversations.size();
    answer<ports::ConversationList>(where, done, std::move(list));
  }
  void list_thread(ports::ThreadFilter filter, ports::Executor& where,
                   ports::Done<std::optional<ports::ThreadPage>> done) override {
    using Page = std::optional<ports::ThreadPage>;
    last_thread = filter;
    if (find(filter.client, filter.conversation) == nullptr) {
      return answer<Page>(where, done, std::nullopt);
    }
    answer<Page>(where, done, ports::ThreadPage{.messages = messages, .next_row = next_row});
  }
  void conversation_statistics(
      model::ClientId, model::ConversationId, ports::Executor& where,
      ports::Done<std::optional<ports::ConversationStatistics>> done) override {
    answer<std::optional<ports::ConversationStatistics>>(where, done, statistics);
  }
  void add_opt_out(model::ClientId, model::OptOut opt_out, ports::Executor& where,
                   ports::Done<bool> done) override {
    const bool known = has(opt_out.recipient, opt_out.sender);
    if (!known) opt_outs.push_back(std::move(opt_out));
    answer<bool>(where, done, !known);
  }
  void remove_opt_out(model::ClientId, std::string recipient, std::string sender,
                      ports::Executor& where, ports::Done<bool> done) override {
    const bool known = has(recipient, sender);
    std::erase_if(opt_outs, [&](const model::OptOut& opt_out) {
      return opt_out.recipient == recipient && opt_out.sender == sender;
    });
    answer<bool>(where, done, known);
  }
  void list_opt_outs(ports::OptOutFilter filter, ports::Executor& where,
                     ports::Done<ports::OptOutList> done) override {
    last_opt_outs = filter;
    answer<ports::OptOutList>(where, done, {.opt_outs = opt_outs, .next_row = next_row});
  }

 private:
  bool has(const std::string& recipient, const std::string& sender) const {
    return std::ranges::any_of(opt_outs, [&](const model::OptOut& opt_out) {
      return opt_out.recipient == recipient && opt_out.sender == sender;
    });
  }
  model::Conversation* find(model::ClientId client, model::ConversationId id) {
    const auto found = std::ranges::find(conversations, id, &model::Conversation::id);
    return found == conversations.end() || found->client != client ? nullptr : &*found;
  }
  template <class Result>
  static void answer(ports::Executor& where, ports::Done<Result>& done, Result result) {
    where.post([done = std::move(done), result = std::move(result)]() mutable {
      done(std::move(result));
    });
  }
};

}  // namespace heliograph::test
