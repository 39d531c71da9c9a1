#include "core/store/sqlite/inbound.h"

#include <utility>

#include "core/base/text.h"
#include "core/model/channel.h"
#include "core/store/sqlite/connection.h"

namespace heliograph::store {
namespace {

using Kind = ports::InboundOutcome::Kind;

// A key and an id of one provider might be equal without being the same event; and what nobody has
// proved must not make the real one a repetition.
std::optional<std::string> event_of(const model::InboundMessage& message) {
  const std::string proof = message.only_of ? "unproved:" : "";
  if (!message.dedup_key.empty()) return proof + "key:" + message.dedup_key;
  if (!message.provider_message_id.empty()) return proof + "id:" + message.provider_message_id;
  return std::nullopt;
}

}  // namespace

Inbound::Inbound(Connection& connection, Conversations& conversations, OptOuts& opt_outs,
                 CallbackOutbox& callbacks, model::IdGenerator& ids, ports::Clock& clock,
                 ports::Random& random, model::OptOutWords words)
    : conversations_(conversations),
      opt_outs_(opt_outs),
      callbacks_(callbacks),
      ids_(ids),
      clock_(clock),
      random_(random),
      words_(std::move(words)),
      find_event_(connection,
                  "SELECT i.id, i.random, i.client, i.conversation, ifnull(c.random, 0)"
                  " FROM inbound_messages i LEFT JOIN conversations c ON c.id = i.conversation"
                  " WHERE i.provider = ?1 AND i.event = ?2"),
      read_clients_(connection, "SELECT id FROM clients"),
      insert_(connection,
              "INSERT INTO inbound_messages (id, random, client, conversation, channel, provider,"
              " event, provider_message_id, sender, recipient, body, content, sent_at)"
              " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"),
      erase_(connection,
             "UPDATE inbound_messages SET erased = 1, sender = '', recipient = '', body = '',"
             " content = '' WHERE id IN (SELECT id FROM inbound_messages"
             " INDEXED BY inbound_messages_to_erase WHERE erased = 0 AND id < ?1"
             " ORDER BY id LIMIT ?2)"),
      remove_(connection,
              "DELETE FROM inbound_messages WHERE id IN"
              " (SELECT id FROM inbound_messages WHERE id < ?1 ORDER BY id LIMIT ?2)") {}

std::optional<ports::InboundOutcome> Inbound::find_earlier(const model::InboundMessage& message) {
  const std::optional<std::string> event = event_of(message);
  if (!event) return std::nullopt;
  Rows rows = find_event_.query(message.provider, *event);
  if (!rows.next()) return std::nullopt;
  ports::InboundOutcome outcome;
  outcome.kind = Kind::kDuplicate;
  const auto row = rows.get<std::int64_t>();
  outcome.id = model::MessageId::from_parts(row, rows.get<std::uint64_t>());
  outcome.client = rows.get<std::optional<model::ClientId>>();
  const auto conversation = rows.get<std::optional<std::int64_t>>();
  const auto random = rows.get<std::uint64_t>();
  if (conversation) {
    outcome.conversation = model::ConversationId::from_parts(*conversation, random);
  }
  return outcome;
}

std::optional<model::ClientId> Inbound::owner_of(const model::InboundMessage& message) {
  std::optional<model::ClientId> owner = message.owner;
  if (!owner) owner = conversations_.owner_of(message.from, message.to);
  if (!owner) owner = message.fallback;
  return message.only_of && owner != message.only_of ? std::nullopt : owner;
}

// Only where answers are as short as that: nobody signs off an e-mail with a single word by chance,
// but a subject, a quotation and a signature come with it.
model::OptOutWish Inbound::heed(const model::InboundMessage& message, model::ClientId client) {
  if (!model::channel_info(message.channel).telephony) return model::OptOutWish::kNone;
  const model::OptOutWish wish = model::opt_out_wish(words_, message.text);
  if (wish == model::OptOutWish::kStop) {
    const model::OptOut opt_out{.recipient = message.from,
                                .sender = message.to,
                                .origin = model::OptOutOrigin::kKeyword,
                                .keyword = std::string(base::trim(message.text))};
    opt_outs_.add(client, opt_out, clock_.wall());
  } else if (wish == model::OptOutWish::kStart) {
    opt_outs_.remove(client, message.to, message.from);
  }
  return wish;
}

// Nobody knows whose number it is, so it may be anybody's that sends from there.
model::OptOutWish Inbound::heed_for_all(const model::InboundMessage& message) {
  std::vector<model::ClientId> clients;
  {
    Rows rows = read_clients_.query();
    while (rows.next()) clients.push_back(rows.get<model::ClientId>());
  }
  model::OptOutWish wish = model::OptOutWish::kNone;
  for (const model::ClientId client : clients) {
    wish = heed(message, client);
    if (wish == model::OptOutWish::kNone) break;
  }
  return wish;
}

ports::InboundOutcome Inbound::take(const model::InboundMessage& message) {
  if (auto earlier = find_earlier(message)) return *std::move(earlier);
  ports::InboundOutcome outcome;
  outcome.id = ids_.next(clock_.wall(), random_.next());
  outcome.client = owner_of(message);
  if (!outcome.client) {
    outcome.kind = Kind::kParked;
    if (!message.only_of) outcome.wish = heed_for_all(message);
    insert(message, outcome);
    return outcome;
  }
  const model::ConversationId conversation =
      conversations_.join({.client = *outcome.client,
                           .channel = message.channel,
                           .direction = model::Direction::kInbound,
                           .from = message.from,
                           .to = message.to,
                           .row = outcome.id.row()});
  outcome.conversation = conversation;
  outcome.wish = heed(message, *outcome.client);
  insert(message, outcome);
  callbacks_.note_received(message, *outcome.client, outcome.id, conversation, outcome.wish);
  return outcome;
}

void Inbound::insert(const model::InboundMessage& message, const ports::InboundOutcome& outcome) {
  std::optional<std::int64_t> conversation;
  if (outcome.conversation) conversation = outcome.conversation->row();
  insert_.run(outcome.id.row(), outcome.id.random(), outcome.client, conversation, message.channel,
              message.provider, event_of(message), message.provider_message_id, message.from,
              message.to, message.text, model::pack(message.content), message.at);
}

std::size_t Inbound::erase_bodies(std::int64_t row, std::size_t limit) {
  return static_cast<std::size_t>(erase_.run(row, limit));
}

std::size_t Inbound::remove_old(std::int64_t row, std::size_t limit) {
  return static_cast<std::size_t>(remove_.run(row, limit));
}

}  // namespace heliograph::store
