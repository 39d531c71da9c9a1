// CallbackOutbox: turns a change of a message's status, or a message that came in, into deliveries,
// in the same transaction.
//
// Nothing is read or written for a message that nobody wants to hear of. Writer's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/callback.h"
#include "core/model/conversation.h"
#include "core/model/id_generator.h"
#include "core/model/opt_out.h"
#include "core/ports/clock.h"
#include "core/ports/random.h"
#include "core/store/sqlite/callback_endpoints.h"
#include "core/store/sqlite/effects.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {

struct MessageRow;

class CallbackOutbox {
 public:
  CallbackOutbox(Connection& connection, CallbackEndpoints& endpoints, Effects& effects,
                 ports::Clock& clock, ports::Random& random);

  // `message` has come to `status`, and its row says so already.
  void note(const MessageRow& message, model::Status status, model::TimePoint at);
  // `message` came in for `client`, as `id`.
  void note_received(const model::InboundMessage& message, model::ClientId client,
                     model::MessageId id, model::ConversationId conversation,
                     model::OptOutWish wish);

 private:
  struct Target {
    std::int64_t endpoint = 0;
    std::string_view url;  // empty: the endpoint's
  };
  // Views into `callback_url`, which may be empty.
  std::vector<Target> targets(model::ClientId client, std::string_view callback_url,
                              model::CallbackEvent event);
  void add_callback_url(model::ClientId client, std::string_view url, std::vector<Target>& targets);
  std::string body(const MessageRow& message, model::CallbackEvent event, model::Status status,
                   model::TimePoint at);
  std::string client_url(model::ClientId client);
  void put(const Target& target, model::MessageId message, model::CallbackEvent event,
           const std::string& body);

  CallbackEndpoints& endpoints_;
  Effects& effects_;
  ports::Clock& clock_;
  ports::Random& random_;
  model::IdGenerator ids_;
  Statement read_facts_;
  Statement read_client_url_;
  Statement insert_;
};

}  // namespace heliograph::store
