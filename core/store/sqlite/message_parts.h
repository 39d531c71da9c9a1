// MessageParts: what is known of the single parts of a message, where its provider gives each part
// an id and receipts come for these. A message is delivered when all its parts are, and undelivered
// as soon as one is.
//
// Messages with one id have no rows here and cost nothing. Writer's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/receipt.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {

class Connection;

class MessageParts {
 public:
  enum class State : std::uint8_t { kAwaited = 0, kDelivered = 1, kFailed = 2 };

  struct Part {
    std::int64_t message = 0;  // its row
    State state = State::kAwaited;
  };

  explicit MessageParts(Connection& connection);

  // In place of what was awaited for the message before. An id that another message has of that
  // provider is this one's from now on.
  void expect(std::int64_t message, model::ProviderKey provider,
              const std::vector<std::string>& part_ids);
  // nullopt: no part of that id is awaited.
  std::optional<Part> find(model::ProviderKey provider, std::string_view part_id);
  void set_state(model::ProviderKey provider, std::string_view part_id, State state);
  bool all_delivered(std::int64_t message);
  // Awaits nothing more for this message. Result: the ids of its parts.
  std::vector<std::string> take(std::int64_t message);

 private:
  Statement insert_;
  Statement find_;
  Statement set_state_;
  Statement find_undelivered_;
  Statement read_ids_;
  Statement remove_;
};

}  // namespace heliograph::store
