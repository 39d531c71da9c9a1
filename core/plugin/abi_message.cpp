#include "core/plugin/abi_message.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/plugin/abi_text.h"

namespace heliograph::plugin {
namespace {

constexpr std::size_t kIdMax = 256;
// Between a message's id and the number of its cycle, in an idempotency key.
constexpr char kCycleMark = '.';
constexpr std::size_t kCodeMax = 64;
constexpr std::size_t kDetailMax = 500;
// What a provider asks for beyond a day is no use to a message.
constexpr std::chrono::milliseconds kRetryAfterMax{std::chrono::hours{24}};

std::chrono::milliseconds milliseconds_of(std::uint64_t ns) {
  const auto rounded_up = ns / 1'000'000 + (ns % 1'000'000 == 0 ? 0 : 1);
  const auto max = static_cast<std::uint64_t>(kRetryAfterMax.count());
  return std::chrono::milliseconds{std::min(rounded_up, max)};
}

}  // namespace

std::optional<model::MessageId> echoed_id(std::string_view text) {
  return model::MessageId::parse(text.substr(0, text.find(kCycleMark)));
}

hg_message borrow_message(const model::WorkItem& item, const std::string& id) {
  hg_message message{};
  message.size = sizeof message;
  message.channel = static_cast<std::uint32_t>(item.channel);
  message.id = to_abi(id);
  message.idempotency_key = to_abi(id);
  message.from = to_abi(item.from);
  message.to = to_abi(item.to);
  message.body = to_abi(item.text);
  return message;
}

bool AbiMessage::fill(const model::WorkItem& item, std::string_view packed) {
  item.id.write_to(id);
  from = item.from;
  to = item.to;
  text = item.text;
  metadata.clear();
  headers.clear();
  if (!item.metadata_json.empty()) {
    static const auto kNothing = nlohmann::json::object();
    const auto values = nlohmann::json::parse(item.metadata_json, nullptr, false);
    // The API took it as an object; of anything else there is nothing to hand on.
    const auto& members = values.is_object() ? values : kNothing;
    for (const auto& [key, value] : members.items()) {
      metadata.emplace_back("x-" + key,
                            value.is_string() ? value.get<std::string>() : value.dump());
    }
    for (const auto& [key, value] : metadata) headers.push_back({to_abi(key), to_abi(value)});
  }
  idempotency_key = id;
  if (item.key_cycle > 0) {
    idempotency_key += kCycleMark;
    idempotency_key += std::to_string(item.key_cycle);
  }
  view = borrow_message(item, id);
  view.idempotency_key = to_abi(idempotency_key);
  view.from = to_abi(from);
  view.to = to_abi(to);
  view.body = to_abi(text);
  view.headers = headers.data();
  view.n_headers = headers.size();
  return !item.rich || content.fill(packed, view);
}

namespace {

// Two or more usable ones; anything else is no list.
std::vector<std::string> part_ids_of(const hg_send_result& result) {
  std::vector<std::string> ids;
  // Of what was certainly not sent no receipts come.
  if (result.outcome != HG_SENT && result.outcome != HG_UNKNOWN) return ids;
  if (result.part_ids == nullptr) return ids;
  if (result.n_part_ids < 2 || result.n_part_ids > HG_PART_IDS_MAX) return ids;
  for (std::size_t i = 0; i < result.n_part_ids; ++i) {
    std::string id = clean_text(result.part_ids[i], kIdMax);
    if (id.empty() || std::ranges::find(ids, id) != ids.end()) return {};
    ids.push_back(std::move(id));
  }
  return ids;
}

std::string message_id_of(const hg_send_result& result, const std::vector<std::string>& part_ids) {
  if (!part_ids.empty()) return part_ids.front();
  const bool only_part =
      result.provider_msg_id.len == 0 && result.n_part_ids == 1 && result.part_ids != nullptr;
  return clean_text(only_part ? result.part_ids[0] : result.provider_msg_id, kIdMax);
}

}  // namespace

model::AttemptResult to_model(const hg_send_result& result) {
  const auto known = result.outcome <= HG_REFUSED;
  std::vector<std::string> part_ids = part_ids_of(result);
  std::string message_id = message_id_of(result, part_ids);
  return {.outcome = known ? static_cast<model::Outcome>(result.outcome) : model::Outcome::kUnknown,
          .retry_after = milliseconds_of(result.retry_after_ns),
          .status_code = result.status_code,
          .provider_message_id = std::move(message_id),
          .provider_code = clean_text(result.provider_code, kCodeMax),
          .detail = clean_text(result.detail, kDetailMax),
          .part_ids = std::move(part_ids)};
}

}  // namespace heliograph::plugin
