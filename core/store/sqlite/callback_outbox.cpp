#include "core/store/sqlite/callback_outbox.h"

#include <algorithm>

#include "core/base/assert.h"
#include "core/model/callback_body.h"
#include "core/model/received_body.h"
#include "core/store/sqlite/connection.h"
#include "core/store/sqlite/message_rows.h"

namespace heliograph::store {
namespace {

// URLs that differ in their query alone are one endpoint: many clients put an id of their own
// there, and each would otherwise be an endpoint for one message.
std::string_view without_query(std::string_view url) { return url.substr(0, url.find('?')); }

bool wants(const CallbackEndpoints::Subscriber& subscriber, model::CallbackEvent event) {
  return (subscriber.events & static_cast<model::CallbackEvents>(event)) != 0;
}

}  // namespace

CallbackOutbox::CallbackOutbox(Connection& connection, CallbackEndpoints& endpoints,
                               Effects& effects, ports::Clock& clock, ports::Random& random)
    : endpoints_(endpoints),
      effects_(effects),
      clock_(clock),
      random_(random),
      ids_(connection.query_integer("SELECT ifnull(max(id), 0) FROM callback_deliveries")),
      read_facts_(connection,
                  "SELECT m.reason, m.recipient, m.sender, m.client_reference, p.name,"
                  " m.provider_message_id, m.last_error, m.metadata, m.attempt_number, m.parts,"
                  " m.cost_cents, m.possible_duplicate FROM messages m"
                  " LEFT JOIN providers p ON p.id = m.provider WHERE m.id = ?1"),
      read_client_url_(connection, "SELECT callback_url FROM clients WHERE id = ?1"),
      insert_(connection,
              "INSERT INTO callback_deliveries (id, random, endpoint, message, message_random,"
              " event, due, url, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)") {}

void CallbackOutbox::note(const MessageRow& message, model::Status status, model::TimePoint at) {
  const std::optional<model::CallbackEvent> event = model::callback_event_of(status);
  if (!event) return;
  const std::vector<Target> found = targets(message.client, message.callback_url, *event);
  if (found.empty()) return;
  const std::string text = body(message, *event, status, at);
  for (const Target& target : found) put(target, message.id, *event, text);
}

void CallbackOutbox::note_received(const model::InboundMessage& message, model::ClientId client,
                                   model::MessageId id, model::ConversationId conversation,
                                   model::OptOutWish wish) {
  constexpr auto kEvent = model::CallbackEvent::kReceived;
  const std::string url = client_url(client);
  const std::vector<Target> found = targets(client, url, kEvent);
  if (found.empty()) return;
  const std::string text = model::received_body(message, id, conversation, wish);
  for (const Target& target : found) put(target, id, kEvent, text);
}

std::string CallbackOutbox::client_url(model::ClientId client) {
  Rows rows = read_client_url_.query(client);
  return rows.next() ? rows.get<std::string>() : std::string();
}

std::vector<CallbackOutbox::Target> CallbackOutbox::targets(model::ClientId client,
                                                            std::string_view callback_url,
                                                            model::CallbackEvent event) {
  std::vector<Target> targets;
  const auto* subscribers = endpoints_.subscribers(client);
  bool told = callback_url.empty();
  if (subscribers != nullptr) {
    for (const CallbackEndpoints::Subscriber& subscriber : *subscribers) {
      if (!wants(subscriber, event)) continue;
      targets.push_back({.endpoint = subscriber.row, .url = {}});
      // Registered too: once is enough.
      told = told || subscriber.url == callback_url;
    }
  }
  if (!told) add_callback_url(client, callback_url, targets);
  return targets;
}

void CallbackOutbox::add_callback_url(model::ClientId client, std::string_view url,
                                      std::vector<Target>& targets) {
  const std::string_view plain = without_query(url);
  const std::optional<std::int64_t> endpoint = endpoints_.implicit_endpoint(client, plain);
  if (!endpoint) return;
  targets.push_back({.endpoint = *endpoint, .url = plain == url ? std::string_view{} : url});
}

std::string CallbackOutbox::body(const MessageRow& message, model::CallbackEvent event,
                                 model::Status status, model::TimePoint at) {
  Rows rows = read_facts_.query(message.id.row());
  const bool found = rows.next();
  HG_ASSERT(found);
  model::CallbackFacts facts;
  facts.event = event;
  facts.at = at;
  facts.message = message.id;
  facts.status = status;
  facts.channel = message.channel;
  facts.reason = rows.get<model::FailReason>();
  facts.to = rows.get<std::string_view>();
  facts.from = rows.get<std::string_view>();
  facts.client_reference = rows.get<std::string_view>();
  facts.provider = rows.get<std::string_view>();
  facts.provider_message_id = rows.get<std::string_view>();
  facts.error = rows.get<std::string_view>();
  facts.metadata_json = rows.get<std::string_view>();
  facts.attempts = rows.get<std::uint16_t>();
  facts.parts = rows.get<std::uint16_t>();
  facts.cost_cents = rows.get<std::int64_t>();
  facts.possible_duplicate = rows.get<bool>();
  return model::callback_body(facts);
}

void CallbackOutbox::put(const Target& target, model::MessageId message, model::CallbackEvent event,
                         const std::string& body) {
  const model::TimePoint now = clock_.wall();
  const model::CallbackId id = ids_.next(now, random_.next());
  insert_.run(id.row(), id.random(), target.endpoint, message.row(), message.random(), event, now,
              target.url, body);
  effects_.callback_due(target.endpoint);
}

}  // namespace heliograph::store
