#include "core/pipeline/message_log.h"

#include <fmt/format.h>

#include "core/base/time_text.h"
#include "core/model/callback_body.h"
#include "core/model/status.h"

namespace heliograph::pipeline {
namespace {

bool wanted(const ports::Log& log) { return log.enabled(ports::LogLevel::kDebug); }

std::string_view name_of(model::ReceiptState state) {
  switch (state) {
    case model::ReceiptState::kUnknown:
      return "unknown";
    case model::ReceiptState::kAccepted:
      return "accepted";
    case model::ReceiptState::kDelivered:
      return "delivered";
    case model::ReceiptState::kUndelivered:
      return "undelivered";
    case model::ReceiptState::kExpired:
      return "expired";
    case model::ReceiptState::kRejected:
      return "rejected";
  }
  return "unknown";
}

}  // namespace

void log_picked(ports::Log& log, const model::WorkItem& item, std::string_view provider,
                const Choice& choice) {
  if (!wanted(log)) return;
  log.debug("provider picked", {{"message", item.id.to_string()},
                                {"provider", provider},
                                {"by", choice.probe    ? "probe"
                                       : choice.picked ? "distributor"
                                                       : "pin"},
                                {"attempt", fmt::to_string(item.attempt_number + 1)}});
}

void log_sent(ports::Log& log, const model::WorkItem& item, std::string_view provider) {
  if (!wanted(log)) return;
  log.debug("sent to the provider", {{"message", item.id.to_string()},
                                     {"provider", provider},
                                     {"attempt", fmt::to_string(item.attempt_number + 1)}});
}

void log_outcome(ports::Log& log, const model::WorkItem& item, std::string_view provider,
                 const ports::FinishAttempt& end) {
  if (!wanted(log)) return;
  const std::string message = item.id.to_string();
  log.debug("attempt ended", {{"message", message},
                              {"provider", provider},
                              {"attempt", fmt::to_string(item.attempt_number + 1)},
                              {"outcome", model::to_string(end.result.outcome)},
                              {"code", fmt::to_string(end.result.status_code)},
                              {"provider_message", end.result.provider_message_id},
                              {"status", model::to_string(end.status)},
                              {"reason", model::to_string(end.reason)}});
  if (!model::is_waiting(end.status)) return;
  log.debug("retry due", {{"message", message}, {"at", base::format_rfc3339(end.due)}});
}

void log_receipts(ports::Log& log, const std::vector<model::Receipt>& receipts,
                  std::string_view provider) {
  if (!wanted(log)) return;
  for (const model::Receipt& receipt : receipts) {
    log.debug("receipt", {{"message", receipt.message_id ? receipt.message_id->to_string() : "-"},
                          {"provider", provider},
                          {"provider_message", receipt.provider_message_id},
                          {"state", name_of(receipt.state)}});
  }
}

std::string message_for_log(const ports::Log* log, std::string_view callback_body) {
  if (log == nullptr || !wanted(*log)) return {};
  return std::string(model::message_of_callback(callback_body));
}

void log_callback(ports::Log* log, std::string_view message, model::CallbackId delivery,
                  model::CallbackId endpoint, const CallbackVerdict& verdict) {
  if (log == nullptr || !wanted(*log)) return;
  log->debug(verdict.delivered ? "callback delivered" : "callback failed",
             {{"message", message},
              {"delivery", delivery.to_string()},
              {"endpoint", endpoint.to_string()},
              {"code", fmt::to_string(verdict.status_code)},
              {"error", verdict.error}});
}

}  // namespace heliograph::pipeline
