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

model::AttemptResult to_model(const hg_send_result& result) {
  const auto known = result.outcome <= HG_REFUSED;
  return {.outcome = known ? static_cast<model::Outcome>(result.outcome) : model::Outcome::kUnknown,
          .retry_after = milliseconds_of(result.retry_after_ns),
          .status_code = result.status_code,
          .provider_message_id = clean_text(result.provider_msg_id, kIdMax),
          .provider_code = clean_text(result.provider_code, kCodeMax),
          .detail = clean_text(result.detail, kDetailMax)};
}

}  // namespace heliograph::plugin
