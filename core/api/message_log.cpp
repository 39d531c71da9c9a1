#include "core/api/message_log.h"

#include "core/base/text.h"

namespace heliograph::api {
namespace {

bool wanted(const Call& call) {
  return call.ports().log != nullptr && call.ports().log->enabled(ports::LogLevel::kDebug);
}

}  // namespace

std::string masked_for_log(const Call& call, std::string_view to) {
  return wanted(call) ? base::mask_address(to) : std::string{};
}

void log_accepted(const Call& call, const ports::Accepted& accepted, std::string_view masked_to) {
  if (!wanted(call)) return;
  call.ports().log->debug("message accepted", {{"message", accepted.id.to_string()},
                                               {"status", model::to_string(accepted.status)},
                                               {"to", masked_to},
                                               {"replayed", accepted.replayed ? "true" : "false"},
                                               {"client", call.client().name},
                                               {"request", call.request.request_id}});
}

void log_accepted(const Call& call, const pipeline::IntakeResult& result,
                  std::string_view masked_to) {
  const auto* stored = std::get_if<ports::AcceptResult>(&result);
  const auto* accepted = stored == nullptr ? nullptr : std::get_if<ports::Accepted>(stored);
  if (accepted != nullptr) log_accepted(call, *accepted, masked_to);
}

void log_accepted(const Call& call, const ports::BatchAnswer& answer) {
  if (!wanted(call)) return;
  for (const ports::BatchItemResult& item : answer.items) {
    const auto* accepted = std::get_if<ports::Accepted>(&item);
    if (accepted != nullptr) log_accepted(call, *accepted, "-");
  }
}

}  // namespace heliograph::api
