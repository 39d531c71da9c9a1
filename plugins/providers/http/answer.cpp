#include "plugins/providers/http/answer.h"

#include <heliograph/http_outcome.hpp>
#include <heliograph/json.hpp>

namespace heliograph::plugins::http {

namespace {

// Longer ones are no ids but somebody's page: storing them would only break the matching of
// receipts.
constexpr std::size_t kIdBytesMax = 256;
constexpr std::size_t kCodeBytesMax = 64;

bool plausible(std::string_view id, std::size_t bytes_max) {
  return !id.empty() && id.size() <= bytes_max;
}

std::string describe(const sdk::HttpResponse& response, const std::string& code) {
  std::string detail = "HTTP " + std::to_string(response.code());
  if (!code.empty()) detail += ", code " + code;
  if (response.status() != HG_OK) detail += ", the answer's body is incomplete";
  return detail;
}

}  // namespace

sdk::SendResult AnswerReader::read(const sdk::HttpResponse& response,
                                   std::chrono::nanoseconds unix_now) const {
  sdk::SendResult result;
  if (!response.answered()) {
    result.outcome = response.certainly_not_sent() ? HG_RETRY : HG_UNKNOWN;
    result.detail = response.detail();
    return result;
  }
  result.status_code = response.code();
  result.outcome = rules_.classification.of_status(response.code());
  result.provider_code = provider_code(response);
  const bool success = response.code() >= 200 && response.code() < 300;
  if (!result.provider_code.empty()) {
    result.outcome = rules_.classification.of_code(result.provider_code).value_or(result.outcome);
  } else if (success && rules_.code_required) {
    result.outcome = HG_UNKNOWN;
  }
  if (result.outcome == HG_SENT) {
    result.provider_msg_id = provider_id(response);
    result.part_ids = part_ids(response);
    return result;
  }
  result.detail = describe(response, result.provider_code);
  if (result.outcome == HG_THROTTLED || result.outcome == HG_RETRY) {
    result.retry_after = sdk::retry_after(response, unix_now);
  }
  return result;
}

std::string AnswerReader::provider_code(const sdk::HttpResponse& response) const {
  if (rules_.error_pointer.empty() || response.status() != HG_OK) return {};
  std::optional<std::string> code = sdk::json::text_at(response.body(), rules_.error_pointer);
  return code && plausible(*code, kCodeBytesMax) ? *std::move(code) : std::string{};
}

// All of them or none: a part whose receipt cannot be matched would never be delivered.
std::vector<std::string> AnswerReader::part_ids(const sdk::HttpResponse& response) const {
  if (rules_.parts_list.empty() || response.status() != HG_OK) return {};
  const auto list = sdk::json::find(response.body(), rules_.parts_list);
  if (!list || !list->starts_with('[')) return {};
  std::vector<std::string> ids;
  for (const std::string_view part : sdk::json::elements(*list)) {
    std::optional<std::string> id = sdk::json::text_at(part, rules_.part_id);
    if (!id || !plausible(*id, kIdBytesMax)) return {};
    ids.push_back(*std::move(id));
  }
  return ids;
}

std::string AnswerReader::provider_id(const sdk::HttpResponse& response) const {
  if (response.status() == HG_OK && !response.body().empty()) {
    for (const std::string& pointer : rules_.id_pointers) {
      std::optional<std::string> id = sdk::json::text_at(response.body(), pointer);
      if (id && plausible(*id, kIdBytesMax)) return *std::move(id);
    }
  }
  if (rules_.id_header.empty()) return {};
  const std::string_view id = response.header(rules_.id_header).value_or("");
  return plausible(id, kIdBytesMax) ? std::string(id) : std::string{};
}

}  // namespace heliograph::plugins::http
