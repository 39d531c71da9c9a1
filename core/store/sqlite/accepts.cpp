#include "core/store/sqlite/accepts.h"

#include <algorithm>
#include <utility>

#include "core/base/assert.h"
#include "core/store/sqlite/batch_answer.h"
#include "core/store/sqlite/connection.h"

namespace heliograph::store {
namespace {

// A queue drains in seconds, a disk is made room on by people.
constexpr std::chrono::seconds kRetryQueueFull{5};
constexpr std::chrono::seconds kRetryDiskFull{30};

constexpr const char* kInsert =
    "INSERT INTO messages (id, random, client, channel, lane, class, status, due, expires_at,"
    " updated_at, pinned, in_doubt, parts, cost_cents, hold_state, held_since, send_at,"
    " idempotency_key, recipient, recipient_given, sender, body, client_reference, callback_url,"
    " metadata, rich, conversation, schedule_reason, trace) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
    "?8, ?9, "
    "?10,"
    " ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, "
    "?29)";

std::optional<Blob> key_hash(const std::optional<ports::IdempotencyKey>& key) {
  if (!key) return std::nullopt;
  return Blob(key->key_hash);
}

template <class Result, class Variant>
Result widen(Variant narrow) {
  auto move_on = [](auto&& value) -> Result { return std::forward<decltype(value)>(value); };
  return std::visit(std::move(move_on), std::move(narrow));
}

}  // namespace

Accepts::Accepts(Connection& connection, Ledger& ledger, Names& names, Effects& effects,
                 OptOuts& opt_outs, Conversations& conversations, model::IdGenerator& ids,
                 ports::Clock& clock, ports::Random& random, const AcceptLimits& limits)
    : ledger_(ledger),
      names_(names),
      effects_(effects),
      opt_outs_(opt_outs),
      conversations_(conversations),
      ids_(ids),
      clock_(clock),
      random_(random),
      limits_(limits),
      insert_(connection, kInsert),
      insert_content_(connection, "INSERT INTO contents (message, json) VALUES (?1, ?2)"),
      find_key_(connection,
                "SELECT fingerprint, message, random, status, created_at FROM idempotency"
                " WHERE client = ?1 AND key_hash = ?2"),
      find_batch_(connection,
                  "SELECT fingerprint, created_at, answer FROM idempotency"
                  " WHERE client = ?1 AND key_hash = ?2"),
      insert_key_(connection,
                  "INSERT OR REPLACE INTO idempotency (client, key_hash, fingerprint, message,"
                  " random, status, created_at, answer) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)") {}

std::optional<ports::AcceptResult> Accepts::find_earlier(const ports::AcceptCommand& command,
                                                         model::TimePoint now) {
  if (!command.idempotency) return std::nullopt;
  Rows rows = find_key_.query(command.message.client, command.idempotency->key_hash);
  if (!rows.next()) return std::nullopt;
  const bool same = std::ranges::equal(rows.get<Blob>(), command.idempotency->fingerprint);
  const auto row = rows.get<std::int64_t>();
  const auto id = model::MessageId::from_parts(row, rows.get<std::uint64_t>());
  const auto status = rows.get<model::Status>();
  const auto created_at = rows.get<model::TimePoint>();
  if (created_at + limits_.idempotency_retention <= now) return std::nullopt;
  if (!same) return ports::IdempotencyMismatch{};
  return ports::Accepted{.id = id, .status = status, .replayed = true};
}

std::optional<ports::AcceptBatchResult> Accepts::find_earlier(
    const ports::AcceptBatchCommand& command, model::TimePoint now) {
  if (!command.idempotency) return std::nullopt;
  Rows rows = find_batch_.query(command.client, command.idempotency->key_hash);
  if (!rows.next()) return std::nullopt;
  const bool same = std::ranges::equal(rows.get<Blob>(), command.idempotency->fingerprint);
  if (rows.get<model::TimePoint>() + limits_.idempotency_retention <= now) return std::nullopt;
  if (!same) return ports::IdempotencyMismatch{};
  auto items = decode_batch_answer(rows.get<std::string_view>());
  HG_ASSERT(items.has_value());  // this file has written it
  return ports::BatchAnswer{.items = *std::move(items), .replayed = true};
}

std::optional<ports::Overloaded> Accepts::refuse(const AcceptContext& context) const {
  if (context.disk_full) return ports::Overloaded{"disk full", kRetryDiskFull};
  if (std::cmp_greater_equal(context.waiting, limits_.max_depth)) {
    return ports::Overloaded{"queue full", kRetryQueueFull};
  }
  return std::nullopt;
}

model::WorkItem Accepts::make_item(const model::NewMessage& message, model::TimePoint now) {
  HG_ASSERT(message.validity.count() > 0);
  model::WorkItem item;
  item.id = ids_.next(now, random_.next());
  item.client = message.client;
  item.channel = message.channel;
  item.lane = message.lane;
  item.in_doubt = message.in_doubt;
  item.parts = message.parts;
  item.rich = !message.content.empty();
  if (!message.pinned_provider.empty()) {
    item.pinned = names_.intern_provider(message.pinned_provider);
  }
  item.dispatch_class = names_.intern_class(message.channel, item.pinned, message.route);
  item.due = now;
  if (message.send_at) {
    // What people call 09:00 is a moment of the real clock; due times are of the logical one.
    const auto wait = *message.send_at - clock_.real_wall();
    if (wait.count() > 0) item.due = now + wait;
  }
  item.status = item.due > now ? model::Status::kScheduled : model::Status::kQueued;
  item.expires_at = item.due + message.validity;
  return item;
}

ports::AcceptResult Accepts::accept(const ports::AcceptCommand& command,
                                    const AcceptContext& context) {
  const model::TimePoint now = clock_.wall();
  if (auto earlier = find_earlier(command, now)) return *std::move(earlier);
  if (command.replay_only) return ports::NotReplayed{};
  Taken taken = take(command.message, command.idempotency, context, now);
  if (const auto* accepted = std::get_if<ports::Accepted>(&taken)) {
    remember_key(command.message.client, command.idempotency, *accepted, std::nullopt, now);
  }
  return widen<ports::AcceptResult>(std::move(taken));
}

ports::AcceptBatchResult Accepts::accept_batch(const ports::AcceptBatchCommand& command,
                                               const AcceptContext& context) {
  const model::TimePoint now = clock_.wall();
  if (auto earlier = find_earlier(command, now)) return *std::move(earlier);
  if (command.replay_only) return ports::NotReplayed{};
  ports::BatchAnswer answer;
  answer.items.reserve(command.items.size());
  std::optional<ports::Accepted> first;
  AcceptContext grown = context;
  for (const auto& item : command.items) {
    const auto* message = std::get_if<model::NewMessage>(&item);
    if (message == nullptr) {
      answer.items.emplace_back(std::get<ports::NotSubmitted>(item));
      continue;
    }
    // The key is the first message's, which takes the record along when it is removed.
    Taken taken = take(*message, first ? Key{} : command.idempotency, grown, now);
    if (const auto* accepted = std::get_if<ports::Accepted>(&taken)) {
      if (!first) first = *accepted;
      ++grown.waiting;
    }
    answer.items.push_back(widen<ports::BatchItemResult>(std::move(taken)));
  }
  if (first && command.idempotency) {
    remember_key(command.client, command.idempotency, *first, encode_batch_answer(answer.items),
                 now);
  }
  return answer;
}

Accepts::Taken Accepts::take(const model::NewMessage& message, const Key& key,
                             const AcceptContext& context, model::TimePoint now) {
  if (auto refusal = refuse(context)) return *std::move(refusal);
  if (opt_outs_.refuses(message.client, message.from, message.to)) return ports::OptedOut{};
  model::HoldState hold = model::HoldState::kNone;
  if (message.cost_cents > 0) {
    if (!ledger_.hold(message.client, message.cost_cents)) {
      return ports::InsufficientCredit{message.cost_cents};
    }
    hold = model::HoldState::kHeld;
  }
  model::WorkItem item = make_item(message, now);
  if (hold == model::HoldState::kHeld && limits_.capture_on == model::CaptureOn::kAccepted) {
    ledger_.capture({item.id.row(), 0, message.client, message.cost_cents}, now);
    hold = model::HoldState::kCaptured;
  }
  const std::optional<model::ConversationId> conversation = join_conversation(message, item);
  insert(message, key, item, hold, conversation, now);

  const ports::Accepted accepted{
      .id = item.id, .status = item.status, .conversation = conversation};
  effects_.entered(item.status);
  item.to = message.to;
  item.from = message.from;
  item.text = message.text;
  item.metadata_json = message.metadata_json;
  item.trace = message.trace;
  effects_.waiting_items.push_back(std::move(item));
  return accepted;
}

std::optional<model::ConversationId> Accepts::join_conversation(const model::NewMessage& message,
                                                                const model::WorkItem& item) {
  if (!message.in_conversation) return std::nullopt;
  return conversations_.join({.client = message.client,
                              .channel = message.channel,
                              .direction = model::Direction::kOutbound,
                              .from = message.from,
                              .to = message.to,
                              .row = item.id.row()});
}

void Accepts::insert(const model::NewMessage& message, const Key& key, const model::WorkItem& item,
                     model::HoldState hold, std::optional<model::ConversationId> conversation,
                     model::TimePoint now) {
  const bool scheduled = item.status == model::Status::kScheduled;
  const auto send_at = scheduled ? message.send_at : std::nullopt;
  std::optional<model::TimePoint> held_since;
  if (message.cost_cents > 0) held_since = item.due;
  std::optional<std::int64_t> thread;
  if (conversation) thread = conversation->row();
  const model::PackedTrace packed = model::pack_trace(message.trace);
  std::optional<Blob> trace;
  if (message.trace.valid()) trace = Blob(packed);
  insert_.run(item.id.row(), item.id.random(), item.client, item.channel, item.lane,
              item.dispatch_class, item.status, item.due, item.expires_at, now, item.pinned,
              item.in_doubt, item.parts, message.cost_cents, hold, held_since, send_at,
              key_hash(key), message.to, message.to_given, message.from, message.text,
              message.client_reference, message.callback_url, message.metadata_json, item.rich,
              thread, scheduled ? message.schedule_reason : model::ScheduleReason::kNone, trace);
  if (item.rich) insert_content_.run(item.id.row(), message.content);
}

void Accepts::remember_key(model::ClientId client, const Key& key, const ports::Accepted& accepted,
                           const std::optional<std::string>& answer, model::TimePoint now) {
  if (!key) return;
  insert_key_.run(client, key->key_hash, key->fingerprint, accepted.id.row(), accepted.id.random(),
                  accepted.status, now, answer);
}

}  // namespace heliograph::store
