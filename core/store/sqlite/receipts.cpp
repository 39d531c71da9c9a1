#include "core/store/sqlite/receipts.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/model/receipt_rules.h"
#include "core/store/sqlite/connection.h"

namespace heliograph::store {
namespace {

using model::ReceiptVerdict;
using model::Status;

// Providers repeat a receipt within minutes; at thousands a second this is the last half minute or
// more, for about 8 MB.
constexpr std::size_t kSettledMax = 65'536;

std::string settled_key(model::ProviderKey provider, std::string_view provider_message_id) {
  return fmt::format("{}/{}", static_cast<std::int32_t>(provider), provider_message_id);
}

bool is_final(model::ReceiptState state) {
  return state != model::ReceiptState::kUnknown && state != model::ReceiptState::kAccepted;
}

std::string error_text(const model::Receipt& receipt, Status to) {
  if (to != Status::kFailedPerm) return {};
  return receipt.detail.empty() ? "undelivered" : receipt.detail;
}

// A receipt that names our id may be the first to tell the provider's: the next one may come with
// that alone.
void learn_provider_id(MessageRow& message, const model::Receipt& receipt) {
  if (message.receipt_provider || receipt.provider_message_id.empty()) return;
  if (message.provider != receipt.provider) return;
  message.receipt_provider = receipt.provider;
  message.provider_message_id = receipt.provider_message_id;
}

}  // namespace

Receipts::Receipts(Connection& connection, MessageRows& messages, Names& names, ports::Clock& clock,
                   model::CaptureOn capture_on)
    : messages_(messages),
      names_(names),
      clock_(clock),
      capture_on_(capture_on),
      parked_(connection),
      parts_(connection),
      find_(connection,
            "SELECT id FROM messages WHERE receipt_provider = ?1 AND provider_message_id = ?2"
            " ORDER BY id DESC LIMIT 1"),
      find_attempt_(connection,
                    "SELECT 1 FROM attempts WHERE message = ?1 AND provider = ?2 LIMIT 1"),
      read_provider_id_(
          connection, "SELECT provider, provider_message_id, status FROM messages WHERE id = ?1") {}

std::optional<std::int64_t> Receipts::find_by_provider_id(const model::Receipt& receipt) {
  if (receipt.provider_message_id.empty()) return std::nullopt;
  Rows rows = find_.query(receipt.provider, receipt.provider_message_id);
  if (!rows.next()) return std::nullopt;
  return rows.get<std::int64_t>();
}

std::optional<std::int64_t> Receipts::find_settled(const model::Receipt& receipt) {
  if (receipt.provider_message_id.empty()) return std::nullopt;
  const auto it = settled_.find(settled_key(receipt.provider, receipt.provider_message_id));
  if (it == settled_.end()) return std::nullopt;
  // Asked again of the database: the transaction that settled it may have been rolled back.
  Rows rows = read_provider_id_.query(it->second);
  if (!rows.next()) return std::nullopt;
  if (rows.get<std::optional<model::ProviderKey>>() != receipt.provider) return std::nullopt;
  const bool same = rows.get<std::string_view>() == receipt.provider_message_id;
  // The id of a part stands in no row any more once the message is settled.
  const bool settled = model::is_terminal(rows.get<Status>());
  return same || settled ? std::optional(it->second) : std::nullopt;
}

// A provider that tried the message earlier, before another one took it over, may only say that it
// was delivered: its "undelivered" says nothing about the other's send.
bool Receipts::may_speak_for(const model::Receipt& receipt, const MessageRow& message) {
  if (message.status == Status::kSending || message.provider == receipt.provider) return true;
  if (receipt.state != model::ReceiptState::kDelivered) return false;
  Rows rows = find_attempt_.query(message.id.row(), receipt.provider);
  return rows.next();
}

std::optional<MessageParts::Part> Receipts::find_part(const model::Receipt& receipt) {
  if (receipt.provider_message_id.empty()) return std::nullopt;
  return parts_.find(receipt.provider, receipt.provider_message_id);
}

std::optional<MessageRow> Receipts::find(const model::Receipt& receipt) {
  if (const auto row = find_by_provider_id(receipt)) return messages_.load(*row);
  if (const auto part = find_part(receipt)) {
    if (auto message = messages_.load(part->message)) return message;
  }
  if (receipt.message_id) {
    if (auto message = messages_.load(*receipt.message_id, std::nullopt)) return message;
  }
  if (const auto row = find_settled(receipt)) return messages_.load(*row);
  return std::nullopt;
}

ports::ReceiptOutcome Receipts::apply(const model::Receipt& receipt) {
  std::optional<MessageRow> message = find(receipt);
  if (!message) {
    parked_.park(receipt, std::nullopt, clock_.wall());
    return ports::ReceiptOutcome::kParked;
  }
  return apply_known(*message, receipt);
}

ports::ReceiptOutcome Receipts::apply_known(MessageRow& message, const model::Receipt& receipt) {
  // As usual: the id that the message itself has.
  const bool whole = message.receipt_provider == receipt.provider &&
                     message.provider_message_id == receipt.provider_message_id;
  const auto part = whole ? std::nullopt : find_part(receipt);
  if (!part || part->message != message.id.row()) return apply_to(message, receipt, false);
  return apply_to_part(message, *part, receipt);
}

ports::ReceiptOutcome Receipts::apply_to_part(MessageRow& message, const MessageParts::Part& part,
                                              const model::Receipt& receipt) {
  if (receipt.only_of && *receipt.only_of != message.client)
    return ports::ReceiptOutcome::kNoChange;
  const bool decides = is_final(receipt.state) && message.status != Status::kSending;
  if (!decides) return apply_to(message, receipt, true);
  // The first word about a part is the last: a part that was delivered stays so.
  if (part.state != MessageParts::State::kAwaited) return ports::ReceiptOutcome::kNoChange;
  if (receipt.state == model::ReceiptState::kDelivered) {
    parts_.set_state(receipt.provider, receipt.provider_message_id,
                     MessageParts::State::kDelivered);
    if (!parts_.all_delivered(part.message)) return ports::ReceiptOutcome::kNoChange;
    return apply_to(message, receipt, true);
  }
  const ports::ReceiptOutcome outcome = apply_to(message, receipt, true);
  if (outcome != ports::ReceiptOutcome::kParked) {
    parts_.set_state(receipt.provider, receipt.provider_message_id, MessageParts::State::kFailed);
  }
  return outcome;
}

ports::ReceiptOutcome Receipts::apply_to(MessageRow& message, const model::Receipt& receipt,
                                         bool of_part) {
  if (receipt.only_of && *receipt.only_of != message.client)
    return ports::ReceiptOutcome::kNoChange;
  if (!may_speak_for(receipt, message)) return ports::ReceiptOutcome::kNoChange;
  const model::ReceiptDecision decision = model::decide_receipt({.status = message.status,
                                                                 .hold = message.hold,
                                                                 .doubtful = message.doubtful,
                                                                 .capture_on = capture_on_},
                                                                receipt.state);
  if (decision.verdict == ReceiptVerdict::kNoChange) return ports::ReceiptOutcome::kNoChange;
  const model::TimePoint now = clock_.wall();
  if (decision.verdict == ReceiptVerdict::kPark) {
    // Of a doubtful send before the one to come: claimed by the provider's id alone, which a later
    // send has too where the provider has recognised it as the same.
    const bool of_this_send = message.status == Status::kSending;
    parked_.park(receipt, of_this_send ? std::optional(message.id.row()) : std::nullopt, now);
    return ports::ReceiptOutcome::kParked;
  }
  // Before it learns one. A message whose parts are awaited is found by these, not by its own id.
  const bool may_have_parts = !message.receipt_provider && !message.provider_message_id.empty();
  if (!of_part) learn_provider_id(message, receipt);
  const std::string error = error_text(receipt, decision.status);
  messages_.change(message, {.to = decision.status,
                             .reason = decision.reason,
                             .hold = decision.hold,
                             .last_error = error,
                             .at = now});
  if (model::is_terminal(decision.status)) {
    settle(message, receipt, may_have_parts);
  } else {
    const std::string provider = names_.provider_name(receipt.provider);
    messages_.record_event(message, decision.status, fmt::format("receipt from {}", provider), now);
  }
  return ports::ReceiptOutcome::kApplied;
}

void Receipts::expect_parts(const MessageRow& message, model::ProviderKey provider,
                            const std::vector<std::string>& part_ids) {
  parts_.expect(message.id.row(), provider, part_ids);
}

void Receipts::forget_parts(const MessageRow& message) { parts_.take(message.id.row()); }

void Receipts::apply_parked(MessageRow& message, model::ProviderKey provider,
                            const model::AttemptResult& result) {
  std::vector<model::Receipt> receipts =
      parked_.take(message.id.row(), provider, result.provider_message_id);
  for (const std::string& id : result.part_ids) {
    std::ranges::move(parked_.take(message.id.row(), provider, id), std::back_inserter(receipts));
  }
  for (const model::Receipt& receipt : receipts) apply_known(message, receipt);
}

void Receipts::settle(const MessageRow& message, const model::Receipt& receipt,
                      bool may_have_parts) {
  const std::int64_t row = message.id.row();
  remember_settled(receipt.provider, receipt.provider_message_id, row);
  if (!may_have_parts) return;
  for (const std::string& id : parts_.take(row)) remember_settled(receipt.provider, id, row);
}

void Receipts::remember_settled(model::ProviderKey provider, std::string_view provider_message_id,
                                std::int64_t row) {
  if (provider_message_id.empty()) return;
  std::string key = settled_key(provider, provider_message_id);
  if (!settled_.insert_or_assign(key, row).second) return;
  settled_order_.push_back(std::move(key));
  if (settled_order_.size() <= kSettledMax) return;
  settled_.erase(settled_order_.front());
  settled_order_.pop_front();
}

}  // namespace heliograph::store
