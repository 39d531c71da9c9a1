// Conversations, inbound messages and opt-outs as the store keeps them.
//
// Promises: an inbound message whose outcome is told is committed, together with everything that
// follows of it - its place in a thread, the unread count, the opt-out it asks for, the callback to
// its client - or none of it is. The same event (provider and dedup key, else provider and id)
// counts once. An outgoing message joins its thread in the transaction that accepts it
// (model::NewMessage::in_conversation, Accepted::conversation).
//
// All functions: any thread, completed on `where` like those of core/ports/store.h; another
// client's conversation is not found.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/model/conversation.h"
#include "core/model/opt_out.h"
#include "core/ports/provider_report.h"
#include "core/ports/store.h"

namespace heliograph::ports {

// ---- inbound ----

struct InboundOutcome {
  enum class Kind : std::uint8_t {
    kStored,
    kDuplicate,  // known already; `id`, `client` and `conversation` are those of the first
    kParked,     // nobody's: kept without client and conversation
  };
  Kind kind = Kind::kStored;
  model::MessageId id{};
  std::optional<model::ClientId> client{};
  std::optional<model::ConversationId> conversation{};
  model::OptOutWish wish = model::OptOutWish::kNone;
};
struct ReportResult {
  bool taken = false;  // false: the disk is full, nothing was stored, the peer is to repeat
  std::vector<ReceiptOutcome> receipts{};  // one for each of the report's, in order
  std::vector<InboundOutcome> inbound{};   // likewise
};

// ---- conversations ----

struct NewConversation {
  model::ClientId client{};
  model::Channel channel = model::Channel::kSms;
  std::string from;  // ours
  std::string to;
  model::ConversationType type = model::ConversationType::kDirect;
  std::string title{};
  std::string metadata_json{};
};
struct CreateConversationResult {
  model::Conversation conversation;
  bool created = false;  // false: there was one of this pair and channel; it is as it was
};

struct ConversationChanges {
  std::optional<model::ConversationStatus> status{};
  std::optional<std::string> title{};
  std::optional<std::string> metadata_json{};
};

struct ConversationFilter {
  model::ClientId client{};
  std::optional<std::string> participant{};  // either address
  std::optional<model::Channel> channel{};
  std::optional<model::ConversationStatus> status{};
  std::optional<model::ConversationType> type{};
  std::optional<std::string>
      contains{};               // in an address or the title, in any case of ASCII letters
  std::int64_t before_row = 0;  // last active first; 0: from the first
  std::size_t skip = 0;         // that many of the matching ones are left out
  std::size_t limit = 50;       // <= 100
  bool with_total = false;
};
struct ConversationList {
  std::vector<model::Conversation> conversations{};
  std::int64_t next_row = 0;
  std::optional<std::uint64_t> total{};  // of what matches, where it was asked for
};

struct ThreadFilter {
  model::ClientId client{};
  model::ConversationId conversation;
  std::int64_t after_row = 0;  // oldest first: rows of ids above it; 0: from the oldest
  bool newest_first = false;   // then `after_row` is where to go on below; 0: from the newest
  std::size_t limit = 50;      // <= 100
};
struct ThreadPage {
  std::vector<model::ThreadMessage> messages{};  // outgoing ones without their content
  std::int64_t next_row = 0;
};

struct ConversationStatistics {
  std::uint64_t inbound = 0;
  std::uint64_t outbound = 0;
  std::uint64_t failed = 0;                      // FAILED_PERM, EXPIRED and CANCELLED
  std::optional<double> send_seconds_average{};  // from acceptance to the provider's taking it
};

// ---- opt-outs ----

struct OptOutFilter {
  model::ClientId client{};
  std::optional<std::string> recipient{};
  std::int64_t before_row = 0;  // newest first; 0: from the newest
  std::size_t limit = 50;       // <= 100
};
struct OptOutList {
  std::vector<model::OptOut> opt_outs{};
  std::int64_t next_row = 0;
};

class StoreConversations {
 public:
  virtual ~StoreConversations() = default;

  virtual void take_report(ProviderReport report, Executor& where, Done<ReportResult> done) = 0;
  virtual void find_inbound(model::ClientId client, model::MessageId id, Executor& where,
                            Done<std::optional<model::InboundView>> done) = 0;

  virtual void create_conversation(NewConversation conversation, Executor& where,
                                   Done<CreateConversationResult> done) = 0;
  // nullopt, here and below: the client has no such conversation.
  virtual void update_conversation(model::ClientId client, model::ConversationId id,
                                   ConversationChanges changes, Executor& where,
                                   Done<std::optional<model::Conversation>> done) = 0;
  // Inbound messages up to and with `up_to` are read; nullopt: all there are.
  virtual void read_conversation(model::ClientId client, model::ConversationId id,
                                 std::optional<model::MessageId> up_to, Executor& where,
                                 Done<std::optional<model::Conversation>> done) = 0;
  // The thread is forgotten; its messages stay and belong to none. False: no such conversation.
  virtual void remove_conversation(model::ClientId client, model::ConversationId id,
                                   Executor& where, Done<bool> done) = 0;
  virtual void find_conversation(model::ClientId client, model::ConversationId id, Executor& where,
                                 Done<std::optional<model::Conversation>> done) = 0;
  virtual void list_conversations(ConversationFilter filter, Executor& where,
                                  Done<ConversationList> done) = 0;
  virtual void list_thread(ThreadFilter filter, Executor& where,
                           Done<std::optional<ThreadPage>> done) = 0;
  virtual void conversation_statistics(model::ClientId client, model::ConversationId id,
                                       Executor& where,
                                       Done<std::optional<ConversationStatistics>> done) = 0;

  // False: it was there already and stays as it is.
  virtual void add_opt_out(model::ClientId client, model::OptOut opt_out, Executor& where,
                           Done<bool> done) = 0;
  // False: there was none for exactly this sender.
  virtual void remove_opt_out(model::ClientId client, std::string recipient, std::string sender,
                              Executor& where, Done<bool> done) = 0;
  virtual void list_opt_outs(OptOutFilter filter, Executor& where, Done<OptOutList> done) = 0;
};

}  // namespace heliograph::ports
