#include "core/store/sqlite/message_queries.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/store/sqlite/connection.h"
#include "core/store/sqlite/revisits.h"

namespace heliograph::store {
namespace {

using model::Status;

// What a filter looks at comes first, so that a row that does not match is left early.
constexpr std::string_view kColumns =
    "m.id, m.random, m.client, m.status, m.due, ifnull(m.sending_provider, m.provider),"
    " m.recipient, m.recipient_given, m.client_reference, m.channel, m.lane, m.reason, m.in_doubt,"
    " m.hold_state, m.possible_duplicate, m.parts, m.attempt_number, m.cost_cents, m.updated_at,"
    " m.expires_at, m.send_at, m.sender, m.body, m.callback_url, m.metadata, p.name, q.name,"
    " m.provider_message_id, m.last_error, c.id, c.random, m.schedule_reason, m.rich";
constexpr std::string_view kFrom =
    " FROM messages m LEFT JOIN providers p ON p.id = ifnull(m.sending_provider, m.provider)"
    " LEFT JOIN providers q ON q.id = m.pinned LEFT JOIN conversations c ON c.id = m.conversation";

// A SCHEDULED message that is due counts as QUEUED (?3 is now). One more row than ?2 is read, which
// shows that there are more.
std::string count_sql(std::string_view condition) {
  constexpr int kScheduled = static_cast<int>(Status::kScheduled);
  constexpr int kQueued = static_cast<int>(Status::kQueued);
  return fmt::format(
      "SELECT iif(status = {} AND due <= ?3, {}, status) AS shown, ifnull(p.name, ''), count(*),"
      " sum(attempt_number) FROM (SELECT m.status, m.due, m.attempt_number,"
      " ifnull(m.sending_provider, m.provider) AS provider FROM messages m WHERE {}"
      " ORDER BY m.id DESC LIMIT ?2 + 1) LEFT JOIN providers p ON p.id = provider"
      " GROUP BY shown, p.id ORDER BY shown, p.id",
      kScheduled, kQueued, condition);
}

Status shown_status(Status stored, model::TimePoint due, model::TimePoint now) {
  return stored == Status::kScheduled && due <= now ? Status::kQueued : stored;
}

// The first columns: enough to tell whether a filter wants the row.
std::optional<model::ProviderKey> read_head(Rows& rows, model::MessageView& view,
                                            model::TimePoint now) {
  const auto row = rows.get<std::int64_t>();
  view.id = model::MessageId::from_parts(row, rows.get<std::uint64_t>());
  view.client = rows.get<model::ClientId>();
  const auto stored = rows.get<Status>();
  view.due = rows.get<model::TimePoint>();
  view.status = shown_status(stored, view.due, now);
  const auto provider = rows.get<std::optional<model::ProviderKey>>();
  view.to = rows.get<std::string>();
  view.to_given = rows.get<std::string>();
  view.client_reference = rows.get<std::string>();
  return provider;
}

void read_rest(Rows& rows, model::MessageView& view) {
  view.created_at = view.id.created_at();
  view.channel = rows.get<model::Channel>();
  view.lane = rows.get<model::Lane>();
  view.reason = rows.get<model::FailReason>();
  view.in_doubt = rows.get<model::InDoubt>();
  view.hold = rows.get<model::HoldState>();
  view.possible_duplicate = rows.get<bool>();
  view.parts = rows.get<std::uint16_t>();
  view.attempts = rows.get<std::uint16_t>();
  view.cost_cents = rows.get<std::int64_t>();
  view.updated_at = rows.get<model::TimePoint>();
  view.expires_at = rows.get<model::TimePoint>();
  view.send_at = rows.get<std::optional<model::TimePoint>>();
  view.from = rows.get<std::string>();
  view.text = rows.get<std::string>();
  view.callback_url = rows.get<std::string>();
  view.metadata_json = rows.get<std::string>();
  view.provider = rows.get<std::string>();
  view.pinned_provider = rows.get<std::string>();
  view.provider_message_id = rows.get<std::string>();
  view.last_error = rows.get<std::string>();
  const auto conversation = rows.get<std::optional<std::int64_t>>();
  const auto random = rows.get<std::optional<std::uint64_t>>();
  if (conversation) {
    view.conversation = model::MessageId::from_parts(*conversation, random.value_or(0));
  }
  view.schedule_reason = rows.get<model::ScheduleReason>();
}

bool matches(const ports::MessageFilter& filter, const model::MessageView& view,
             std::optional<model::ProviderKey> wanted, std::optional<model::ProviderKey> provider) {
  if (filter.status && view.status != *filter.status) return false;
  if (!filter.statuses.empty() &&
      std::ranges::find(filter.statuses, view.status) == filter.statuses.end())
    return false;
  if (filter.dead_letters_only && !model::is_dead_letter(view.status)) return false;
  if (filter.provider && provider != wanted) return false;
  if (filter.to && view.to != *filter.to && view.to_given != *filter.to) return false;
  return !filter.client_reference || view.client_reference == *filter.client_reference;
}

// Rows from `low` (inclusive) to `high` (exclusive) hold what the filter's times and cursor allow.
struct RowRange {
  std::int64_t low = 0;
  std::int64_t high = std::numeric_limits<std::int64_t>::max();
};

RowRange row_range(const ports::MessageFilter& filter) {
  constexpr std::chrono::milliseconds kMillisecond{1};
  RowRange range;
  if (filter.created_after) range.low = first_row_after(*filter.created_after - kMillisecond);
  if (filter.created_before) range.high = first_row_after(*filter.created_before - kMillisecond);
  if (filter.before_row > 0) range.high = std::min(range.high, filter.before_row);
  return range;
}

}  // namespace

MessageQueries::MessageQueries(Connection& connection, std::size_t examine_max)
    : examine_max_(examine_max),
      find_(connection, fmt::format("SELECT {}{} WHERE m.id = ?1", kColumns, kFrom)),
      content_(connection, "SELECT json FROM contents WHERE message = ?1 AND length(json) <= ?2"),
      list_all_(connection,
                fmt::format("SELECT {}{} WHERE m.id >= ?1 AND m.id < ?2 ORDER BY m.id DESC",
                            kColumns, kFrom)),
      list_client_(connection,
                   fmt::format("SELECT {}{} WHERE m.client = ?3 AND m.id >= ?1 AND m.id < ?2"
                               " ORDER BY m.id DESC",
                               kColumns, kFrom)),
      provider_key_(connection, "SELECT id FROM providers WHERE name = ?1"),
      running_(connection,
               "SELECT m.random, m.client, m.status, m.attempt_number, m.started_at, p.name"
               " FROM messages m LEFT JOIN providers p ON p.id = m.sending_provider"
               " WHERE m.id = ?1"),
      attempts_(connection,
                "SELECT a.number, p.name, a.outcome, a.status_code, a.provider_message_id,"
                " a.provider_code, a.detail, a.started_at, a.finished_at FROM attempts a"
                " LEFT JOIN providers p ON p.id = a.provider WHERE a.message = ?1"
                " ORDER BY a.number"),
      failed_providers_(connection, fmt::format("SELECT p.name FROM attempts a JOIN providers p"
                                                " ON p.id = a.provider WHERE a.message = ?1"
                                                " AND a.outcome NOT IN ({}, {}) ORDER BY a.number",
                                                static_cast<int>(model::Outcome::kSent),
                                                static_cast<int>(model::Outcome::kThrottled))),
      count_(connection, count_sql("m.id >= ?1")),
      count_client_(connection, count_sql("m.client = ?4 AND m.id >= ?1")),
      awaiting_(connection,
                "SELECT p.name FROM providers p WHERE EXISTS (SELECT 1 FROM messages m"
                " INDEXED BY messages_by_receipt WHERE m.receipt_provider = p.id"
                " AND m.provider_message_id = ?1) ORDER BY p.id") {}

std::vector<std::string> MessageQueries::providers_awaiting(
    const std::string& provider_message_id) {
  std::vector<std::string> names;
  Rows rows = awaiting_.query(provider_message_id);
  while (rows.next()) names.push_back(rows.get<std::string>());
  return names;
}

std::optional<model::MessageView> MessageQueries::find(std::optional<model::ClientId> client,
                                                       model::MessageId id, model::TimePoint now,
                                                       std::size_t content_max) {
  Rows rows = find_.query(id.row());
  if (!rows.next()) return std::nullopt;
  model::MessageView view;
  read_head(rows, view, now);
  if (view.id != id || (client && view.client != *client)) return std::nullopt;
  read_rest(rows, view);
  if (rows.get<bool>()) view.content = content_of(id.row(), content_max);
  return view;
}

// An erased message is still rich, but has nothing to show any more.
std::optional<model::ContentView> MessageQueries::content_of(std::int64_t row,
                                                             std::size_t content_max) {
  Rows rows = content_.query(row, content_max);
  if (!rows.next()) return std::nullopt;
  return model::unpack_view(rows.get<std::string_view>());
}

std::optional<model::ProviderKey> MessageQueries::provider_key(const std::string& name) {
  Rows rows = provider_key_.query(name);
  return rows.next() ? std::optional(rows.get<model::ProviderKey>()) : std::nullopt;
}

ports::MessageList MessageQueries::list(const ports::MessageFilter& filter, model::TimePoint now) {
  std::optional<model::ProviderKey> provider;
  if (filter.provider) {
    provider = provider_key(*filter.provider);
    if (!provider) return {};
  }
  const RowRange range = row_range(filter);
  if (filter.client) {
    Rows rows = list_client_.query(range.low, range.high, *filter.client);
    return collect(rows, filter, provider, now);
  }
  Rows rows = list_all_.query(range.low, range.high);
  return collect(rows, filter, provider, now);
}

ports::MessageList MessageQueries::collect(Rows& rows, const ports::MessageFilter& filter,
                                           std::optional<model::ProviderKey> provider,
                                           model::TimePoint now) {
  ports::MessageList list;
  const std::size_t limit = std::max<std::size_t>(filter.limit, 1);
  std::int64_t last_row = 0;
  for (std::size_t examined = 0; rows.next(); ++examined) {
    if (examined == examine_max_) {
      list.next_row = last_row;
      break;
    }
    model::MessageView view;
    const auto last_provider = read_head(rows, view, now);
    const std::int64_t row = view.id.row();
    if (matches(filter, view, provider, last_provider)) {
      if (list.messages.size() == limit) {
        list.next_row = last_row;
        break;
      }
      read_rest(rows, view);
      if (filter.with_failed_providers) view.failed_providers = failed_providers(row);
      list.messages.push_back(std::move(view));
    }
    last_row = row;
  }
  return list;
}

std::vector<std::string> MessageQueries::failed_providers(std::int64_t row) {
  std::vector<std::string> names;
  Rows rows = failed_providers_.query(row);
  while (rows.next()) {
    auto name = rows.get<std::string>();
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  return names;
}

ports::MessageCounts MessageQueries::count(std::optional<model::ClientId> client,
                                           std::optional<model::TimePoint> created_after,
                                           model::TimePoint now, std::size_t examine_max) {
  constexpr std::chrono::milliseconds kMillisecond{1};
  const std::int64_t low = created_after ? first_row_after(*created_after - kMillisecond) : 0;
  ports::MessageCounts counts;
  std::uint64_t examined = 0;
  const auto collect_into = [&](Rows rows) {
    while (rows.next()) {
      ports::MessageCount& group = counts.groups.emplace_back();
      group.status = rows.get<Status>();
      group.provider = rows.get<std::string>();
      group.messages = rows.get<std::uint64_t>();
      group.attempts = rows.get<std::uint64_t>();
      examined += group.messages;
    }
  };
  if (client) {
    collect_into(count_client_.query(low, examine_max, now, *client));
  } else {
    collect_into(count_.query(low, examine_max, now));
  }
  counts.complete = examined <= examine_max;
  return counts;
}

std::optional<MessageQueries::Running> MessageQueries::running(
    std::optional<model::ClientId> client, model::MessageId id) {
  Rows rows = running_.query(id.row());
  if (!rows.next()) return std::nullopt;
  if (rows.get<std::uint64_t>() != id.random()) return std::nullopt;
  const auto owner = rows.get<model::ClientId>();
  if (client && owner != *client) return std::nullopt;
  Running running;
  running.is_running = rows.get<Status>() == Status::kSending;
  running.view.number = rows.get<std::uint16_t>();
  running.view.started_at = rows.get<model::TimePoint>();
  running.view.provider = rows.get<std::string>();
  return running;
}

std::optional<std::vector<model::AttemptView>> MessageQueries::attempts(
    std::optional<model::ClientId> client, model::MessageId id) {
  const std::optional<Running> now_running = running(client, id);
  if (!now_running) return std::nullopt;
  std::vector<model::AttemptView> attempts;
  Rows rows = attempts_.query(id.row());
  while (rows.next()) {
    model::AttemptView& view = attempts.emplace_back();
    view.number = rows.get<std::uint16_t>();
    view.provider = rows.get<std::string>();
    view.outcome = rows.get<model::Outcome>();
    view.status_code = rows.get<std::int32_t>();
    view.provider_message_id = rows.get<std::string>();
    const auto code = rows.get<std::string>();
    view.detail = rows.get<std::string>();
    if (view.detail.empty()) view.detail = code;
    view.started_at = rows.get<model::TimePoint>();
    view.finished_at = rows.get<model::TimePoint>();
  }
  if (now_running->is_running) attempts.push_back(now_running->view);
  return attempts;
}

}  // namespace heliograph::store
