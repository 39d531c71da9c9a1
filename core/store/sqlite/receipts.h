// Receipts: finds the message a receipt is for and does to it what model::decide_receipt() says.
//
// Matched by the provider's id, of the message or of one of its parts, else by our own id as the
// provider echoes it. What cannot be applied yet is parked. Writer's thread.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/model/attempt.h"
#include "core/model/receipt.h"
#include "core/ports/clock.h"
#include "core/ports/store_types.h"
#include "core/store/sqlite/message_parts.h"
#include "core/store/sqlite/message_rows.h"
#include "core/store/sqlite/names.h"
#include "core/store/sqlite/parked_receipts.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {

class Receipts {
 public:
  Receipts(Connection& connection, MessageRows& messages, Names& names, ports::Clock& clock,
           model::CaptureOn capture_on);

  ports::ReceiptOutcome apply(const model::Receipt& receipt);
  // At the end of an attempt whose provider named the parts: receipts will come for these.
  void expect_parts(const MessageRow& message, model::ProviderKey provider,
                    const std::vector<std::string>& part_ids);
  // Awaits none any more: another send counts, or none.
  void forget_parts(const MessageRow& message);
  // After the end of an attempt: applies the receipts that waited for it.
  void apply_parked(MessageRow& message, model::ProviderKey provider,
                    const model::AttemptResult& result);

  ParkedReceipts& parked() { return parked_; }
  // After a rollback.
  void reload() { parked_.reload(); }

 private:
  std::optional<std::int64_t> find_by_provider_id(const model::Receipt& receipt);
  std::optional<std::int64_t> find_settled(const model::Receipt& receipt);
  std::optional<MessageRow> find(const model::Receipt& receipt);
  bool may_speak_for(const model::Receipt& receipt, const MessageRow& message);
  std::optional<MessageParts::Part> find_part(const model::Receipt& receipt);
  // A receipt that names this message, or, by its provider's id, one of its parts.
  ports::ReceiptOutcome apply_known(MessageRow& message, const model::Receipt& receipt);
  ports::ReceiptOutcome apply_to_part(MessageRow& message, const MessageParts::Part& part,
                                      const model::Receipt& receipt);
  ports::ReceiptOutcome apply_to(MessageRow& message, const model::Receipt& receipt, bool of_part);
  void settle(const MessageRow& message, const model::Receipt& receipt, bool may_have_parts);
  void remember_settled(model::ProviderKey provider, std::string_view provider_message_id,
                        std::int64_t row);

  MessageRows& messages_;
  Names& names_;
  ports::Clock& clock_;
  model::CaptureOn capture_on_;
  ParkedReceipts parked_;
  MessageParts parts_;
  Statement find_;
  Statement find_attempt_;
  Statement read_provider_id_;
  // Messages that a receipt has ended lately. They have left the index of expected receipts, but a
  // provider that repeats itself is to be recognised, not parked.
  std::unordered_map<std::string, std::int64_t> settled_;
  std::deque<std::string> settled_order_;
};

}  // namespace heliograph::store
