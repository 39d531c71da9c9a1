// EventQueries: a message's history, most of it told from its own columns and its attempts, so that
// the hot path need not write it twice. On any connection, one thread at a time.
//
// Per cycle: how it entered, each attempt begun and what it led to, what receipts and sweeps
// changed, how it ended.
#pragma once

#include <optional>
#include <vector>

#include "core/model/attempt.h"
#include "core/model/ids.h"
#include "core/model/status.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {

class Connection;

class EventQueries {
 public:
  explicit EventQueries(Connection& connection);

  // Oldest first; nullopt: no such message of this client.
  std::optional<std::vector<model::EventView>> events(std::optional<model::ClientId> client,
                                                      model::MessageId id, model::TimePoint now);

 private:
  // Where an event belongs among others of the same millisecond.
  enum class Place : std::uint8_t { kEntered, kMoved, kEnded };
  struct Entry {
    int cycle = 0;
    Place place{};
    model::Status status{};
    model::TimePoint at{};
    std::string detail;
    std::size_t order = 0;  // among equals
  };
  struct Message {
    model::Status status{};
    int cycle = 0;
    model::TimePoint due{};
    model::TimePoint updated_at{};
    std::optional<model::TimePoint> started_at;
    std::optional<model::TimePoint> send_at;
    std::string last_error;
    std::string sending_provider;
    std::string provider;
  };

  std::optional<Message> load(std::optional<model::ClientId> client, model::MessageId id);
  // Result: the status the last attempt of the message's present cycle led to.
  std::optional<model::Status> add_attempts(const Message& message, model::MessageId id,
                                            std::vector<Entry>& entries);
  void add_stored(model::MessageId id, std::vector<Entry>& entries);
  static std::optional<model::TimePoint> came_due(const Message& message,
                                                  model::TimePoint created_at, model::TimePoint now,
                                                  const std::vector<Entry>& entries);
  // After all others.
  static void add_entered(const Message& message, model::MessageId id, model::TimePoint now,
                          std::vector<Entry>& entries);
  static void add_present(const Message& message, std::optional<model::Status> last_result,
                          std::vector<Entry>& entries);

  Statement load_;
  Statement attempts_;
  Statement stored_;
};

}  // namespace heliograph::store
