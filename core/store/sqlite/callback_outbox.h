// CallbackOutbox: turns a change of a message's status into deliveries, in the same transaction.
//
// Nothing is read or written for a message that nobody wants to hear of. Writer's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/callback.h"
#include "core/model/id_generator.h"
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

 private:
  struct Target {
    std::int64_t endpoint = 0;
    std::string_view url;  // empty: the endpoint's
  };
  std::vector<Target> targets(const MessageRow& message, model::CallbackEvent event);
  void add_callback_url(const MessageRow& message, std::vector<Target>& targets);
  std::string body(const MessageRow& message, model::CallbackEvent event, model::Status status,
                   model::TimePoint at);
  void put(const Target& target, const MessageRow& message, model::CallbackEvent event,
           const std::string& body);

  CallbackEndpoints& endpoints_;
  Effects& effects_;
  ports::Clock& clock_;
  ports::Random& random_;
  model::IdGenerator ids_;
  Statement read_facts_;
  Statement insert_;
};

}  // namespace heliograph::store
