#include "core/store/sqlite/event_queries.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "core/store/sqlite/connection.h"

namespace heliograph::store {
namespace {

using model::Status;

std::string end_detail(Status status, const std::string& last_error, const std::string& provider) {
  if (!last_error.empty()) return last_error;
  if (status == Status::kDelivered && !provider.empty()) {
    return fmt::format("receipt from {}", provider);
  }
  return {};
}

}  // namespace

EventQueries::EventQueries(Connection& connection)
    : load_(connection,
            "SELECT m.random, m.client, m.status, m.cycle, m.due, m.updated_at, m.started_at,"
            " m.send_at, m.last_error, s.name, p.name FROM messages m"
            " LEFT JOIN providers s ON s.id = m.sending_provider"
            " LEFT JOIN providers p ON p.id = m.provider WHERE m.id = ?1"),
      attempts_(connection,
                "SELECT a.cycle, a.number, p.name, a.outcome, a.status_after, a.started_at,"
                " a.finished_at, a.provider_code, a.detail FROM attempts a"
                " LEFT JOIN providers p ON p.id = a.provider WHERE a.message = ?1"
                " ORDER BY a.number"),
      stored_(connection,
              "SELECT cycle, status, at, detail FROM events WHERE message = ?1"
              " ORDER BY sequence") {}

std::optional<EventQueries::Message> EventQueries::load(std::optional<model::ClientId> client,
                                                        model::MessageId id) {
  Rows rows = load_.query(id.row());
  if (!rows.next() || rows.get<std::uint64_t>() != id.random()) return std::nullopt;
  const auto owner = rows.get<model::ClientId>();
  if (client && owner != *client) return std::nullopt;
  Message message;
  message.status = rows.get<Status>();
  message.cycle = rows.get<int>();
  message.due = rows.get<model::TimePoint>();
  message.updated_at = rows.get<model::TimePoint>();
  message.started_at = rows.get<std::optional<model::TimePoint>>();
  message.send_at = rows.get<std::optional<model::TimePoint>>();
  message.last_error = rows.get<std::string>();
  message.sending_provider = rows.get<std::string>();
  message.provider = rows.get<std::string>();
  return message;
}

// When an appointment came due, which is no write; nullopt: it has not, or something else came
// first. Told by the clock of all other events: `send_at` is by the system's, which may have been
// set since.
std::optional<model::TimePoint> EventQueries::came_due(const Message& message,
                                                       model::TimePoint created_at,
                                                       model::TimePoint now,
                                                       const std::vector<Entry>& entries) {
  if (message.status == Status::kScheduled) {
    return message.due <= now ? std::optional(message.due) : std::nullopt;
  }
  // What came next can be no earlier.
  std::optional<model::TimePoint> next;
  if (message.cycle == 0 && message.status != Status::kSending) next = message.updated_at;
  bool tried = false;
  for (const Entry& entry : entries) {
    if (entry.cycle != 0) continue;
    tried = tried || entry.status == Status::kSending;
    next = std::min(next.value_or(entry.at), entry.at);
  }
  // `due` is still the appointment's where nothing was tried.
  const bool ended = model::is_terminal(message.status);
  if (ended && message.cycle == 0 && !tried && message.updated_at < message.due)
    return std::nullopt;
  const model::TimePoint latest = std::max(created_at, next.value_or(*message.send_at));
  return std::clamp(*message.send_at, created_at, latest);
}

void EventQueries::add_entered(const Message& message, model::MessageId id, model::TimePoint now,
                               std::vector<Entry>& entries) {
  const auto due = message.send_at ? came_due(message, id.created_at(), now, entries)
                                   : std::optional<model::TimePoint>{};
  const Status first = message.send_at ? Status::kScheduled : Status::kQueued;
  entries.push_back({0, Place::kEntered, first, id.created_at(), {}});
  if (due) entries.push_back({0, Place::kEntered, Status::kQueued, *due, {}});
}

std::optional<Status> EventQueries::add_attempts(const Message& message, model::MessageId id,
                                                 std::vector<Entry>& entries) {
  std::optional<Status> last_result;
  Rows rows = attempts_.query(id.row());
  while (rows.next()) {
    const int cycle = rows.get<int>();
    const int number = rows.get<int>();
    const auto provider = rows.get<std::string>();
    const auto outcome = rows.get<model::Outcome>();
    const auto status = rows.get<Status>();
    const auto started_at = rows.get<model::TimePoint>();
    const auto finished_at = rows.get<model::TimePoint>();
    const auto code = rows.get<std::string>();
    auto detail = rows.get<std::string>();
    if (detail.empty()) detail = code;
    if (detail.empty()) detail = model::to_string(outcome);
    entries.push_back({cycle, Place::kMoved, Status::kSending, started_at,
                       fmt::format("attempt {} at {}", number, provider)});
    entries.push_back({cycle, Place::kMoved, status, finished_at, std::move(detail)});
    if (cycle == message.cycle) last_result = status;
  }
  return last_result;
}

void EventQueries::add_stored(model::MessageId id, std::vector<Entry>& entries) {
  Rows rows = stored_.query(id.row());
  while (rows.next()) {
    Entry entry;
    entry.cycle = rows.get<int>();
    entry.status = rows.get<Status>();
    entry.at = rows.get<model::TimePoint>();
    entry.detail = rows.get<std::string>();
    entry.place = model::is_terminal(entry.status) ? Place::kEnded : Place::kMoved;
    if (entry.status == Status::kQueued) entry.place = Place::kEntered;
    entries.push_back(std::move(entry));
  }
}

// What the message is now, where nothing else has said so.
void EventQueries::add_present(const Message& message, std::optional<Status> last_result,
                               std::vector<Entry>& entries) {
  if (message.status == Status::kSending && message.started_at) {
    entries.push_back({message.cycle, Place::kMoved, Status::kSending, *message.started_at,
                       fmt::format("attempt at {}", message.sending_provider)});
  }
  if (model::is_terminal(message.status) && last_result != message.status) {
    entries.push_back({message.cycle, Place::kEnded, message.status, message.updated_at,
                       end_detail(message.status, message.last_error, message.provider)});
  }
}

std::optional<std::vector<model::EventView>> EventQueries::events(
    std::optional<model::ClientId> client, model::MessageId id, model::TimePoint now) {
  const std::optional<Message> message = load(client, id);
  if (!message) return std::nullopt;
  std::vector<Entry> entries;
  const std::optional<Status> last_result = add_attempts(*message, id, entries);
  add_stored(id, entries);
  add_present(*message, last_result, entries);
  add_entered(*message, id, now, entries);
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i].order = i;
  std::ranges::sort(entries, {}, [](const Entry& entry) {
    return std::tuple(entry.cycle, entry.place, entry.at, entry.order);
  });
  std::vector<model::EventView> views;
  for (Entry& entry : entries) {
    views.push_back({.status = std::string(model::to_string(entry.status)),
                     .at = entry.at,
                     .detail = std::move(entry.detail)});
  }
  return views;
}

}  // namespace heliograph::store
