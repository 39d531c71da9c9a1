#include "core/api/facades/messaging/conversation_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "core/api/facades/messaging/json_text.h"
#include "core/api/facades/messaging/list_query.h"
#include "core/api/facades/messaging/shapes.h"
#include "core/base/text.h"
#include "core/model/addresses.h"
#include "core/model/inbound_address.h"
#include "core/model/phone_number.h"
#include "core/model/segments.h"

namespace heliograph::api::messaging {
namespace {

constexpr std::size_t kTitleMax = 200;    // characters
constexpr std::size_t kAddressMax = 320;  // bytes
constexpr std::size_t kSearchMax = 200;   // bytes

using Faults = std::vector<FieldFault>;

constexpr std::string_view kTypes = "Input should be 'direct' or 'thread'";
constexpr std::string_view kStatuses = "Input should be 'active', 'archived' or 'closed'";
constexpr std::string_view kChannels = "Input should be 'sms', 'mms' or 'email'";

// The words of a query or a body, read into what they stand for.
template <class Value>
void read_word(const std::optional<std::string>& word, std::string_view where,
               std::string_view field, std::optional<Value> (*parse)(std::string_view),
               std::string_view expected, std::optional<Value>& out, Faults& faults) {
  if (!word) return;
  out = parse(*word);
  if (!out) faults.push_back({"enum", where, field, std::string(expected)});
}

std::optional<std::string> of_query(const http::Request& request, std::string_view name) {
  const auto value = last_value(request, name);
  return value ? std::optional(std::string(*value)) : std::nullopt;
}

// nullopt: not given, null, or no string.
std::optional<std::string> of_body(const JsonValue& body, std::string_view name, bool required,
                                   Faults& faults) {
  const JsonValue* value = body.find(name);
  if (value == nullptr || value->kind == JsonKind::kNull) {
    if (required) faults.push_back({"missing", "body", name, "Field required"});
    return std::nullopt;
  }
  if (value->kind == JsonKind::kString) return value->text;
  faults.push_back({"string_type", "body", name, "Input should be a valid string"});
  return std::nullopt;
}

std::optional<std::string> read_title(const JsonValue& body, Faults& faults) {
  auto title = of_body(body, "title", false, faults);
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (!title) return std::nullopt;
  if (model::count_characters(*title) <= kTitleMax && std::ranges::none_of(*title, control)) {
    return title;
  }
  faults.push_back(
      {"string_too_long", "body", "title",
       fmt::format("String should have at most {} characters in one line", kTitleMax)});
  return std::nullopt;
}

std::optional<std::string> read_metadata(const JsonValue& body, Faults& faults) {
  const JsonValue* value = body.find("metadata");
  if (value == nullptr || value->kind == JsonKind::kNull) return std::nullopt;
  if (value->kind != JsonKind::kObject) {
    faults.push_back({"dict_type", "body", "metadata", "Input should be a valid dictionary"});
    return std::nullopt;
  }
  auto text = text_map(*value);
  if (text) return *std::move(text);
  faults.push_back({"value_error", "body", "metadata", "Value error, " + text.error()});
  return std::nullopt;
}

// In the form in which messages name it: only so it is found again.
std::string read_participant(const JsonValue& body, std::string_view name, model::Channel channel,
                             Faults& faults) {
  const auto given = of_body(body, name, true, faults);
  if (!given) return {};
  std::string address =
      given->size() <= kAddressMax ? model::inbound_address(channel, *given) : std::string{};
  const bool telephony = model::channel_info(channel).telephony;
  const bool right = telephony ? model::is_valid_sender(address) : model::is_email_address(address);
  if (right) return address;
  faults.push_back({"value_error", "body", name,
                    telephony ? "Value error, Invalid phone number format"
                              : "Value error, Invalid email address format"});
  return {};
}

}  // namespace

std::expected<ports::ConversationFilter, http::Response> read_conversation_query(
    const http::Request& request) {
  ports::ConversationFilter filter;
  filter.with_total = true;
  Faults faults;
  if (const auto participant = last_value(request, "participant")) {
    filter.participant = model::inbound_address(participant->substr(0, kAddressMax));
  }
  read_word(of_query(request, "channel_type"), "query", "channel_type", model::parse_open_channel,
            kChannels, filter.channel, faults);
  read_word(of_query(request, "status"), "query", "status", model::parse_conversation_status,
            kStatuses, filter.status, faults);
  read_word(of_query(request, "type"), "query", "type", model::parse_conversation_type, kTypes,
            filter.type, faults);
  read_number(request, "limit", 1, ListQuery::kLimitMax, filter.limit, faults);
  read_number(request, "offset", 0, ListQuery::kOffsetMax, filter.skip, faults);
  if (!faults.empty()) return std::unexpected(invalid(faults));
  return filter;
}

std::expected<ports::ConversationFilter, http::Response> read_search(const http::Request& request) {
  const auto body = facade::read_object(request);
  if (!body) return std::unexpected(body.error());
  ports::ConversationFilter filter;
  filter.with_total = true;
  Faults faults;
  filter.contains = of_body(*body, "query", true, faults);
  if (filter.contains && (filter.contains->empty() || filter.contains->size() > kSearchMax)) {
    faults.push_back({"string_too_long", "body", "query",
                      fmt::format("String should have 1 to {} bytes", kSearchMax)});
  }
  const JsonValue* limit = body->find("limit");
  if (limit != nullptr && limit->kind != JsonKind::kNull) {
    constexpr auto kMost = static_cast<std::int64_t>(ListQuery::kLimitMax);
    if (limit->kind == JsonKind::kInteger && limit->integer >= 1 && limit->integer <= kMost) {
      filter.limit = static_cast<std::size_t>(limit->integer);
    } else {
      faults.push_back({"value_error", "body", "limit",
                        fmt::format("Input should be an integer from 1 to {}", kMost)});
    }
  }
  if (!faults.empty()) return std::unexpected(invalid(faults));
  return filter;
}

std::expected<ports::NewConversation, http::Response> read_new_conversation(
    const http::Request& request) {
  const auto body = facade::read_object(request);
  if (!body) return std::unexpected(body.error());
  Faults faults;
  ports::NewConversation made;
  std::optional<model::Channel> channel;
  std::optional<model::ConversationType> type;
  read_word(of_body(*body, "channel_type", true, faults), "body", "channel_type",
            model::parse_open_channel, kChannels, channel, faults);
  read_word(of_body(*body, "type", false, faults), "body", "type", model::parse_conversation_type,
            kTypes, type, faults);
  made.channel = channel.value_or(made.channel);
  made.type = type.value_or(made.type);
  if (channel) {
    made.from = read_participant(*body, "participant_from", made.channel, faults);
    made.to = read_participant(*body, "participant_to", made.channel, faults);
  }
  made.title = read_title(*body, faults).value_or("");
  made.metadata_json = read_metadata(*body, faults).value_or("");
  if (!faults.empty()) return std::unexpected(invalid(faults));
  return made;
}

std::expected<ports::ConversationChanges, http::Response> read_conversation_changes(
    const http::Request& request) {
  const auto body = facade::read_object(request);
  if (!body) return std::unexpected(body.error());
  Faults faults;
  ports::ConversationChanges changes;
  read_word(of_body(*body, "status", false, faults), "body", "status",
            model::parse_conversation_status, kStatuses, changes.status, faults);
  changes.title = read_title(*body, faults);
  changes.metadata_json = read_metadata(*body, faults);
  if (!faults.empty()) return std::unexpected(invalid(faults));
  return changes;
}

std::expected<bool, http::Response> read_flag(const http::Request& request, std::string_view name) {
  constexpr std::array<std::string_view, 5> kTrue{"true", "1", "yes", "on", "t"};
  constexpr std::array<std::string_view, 5> kFalse{"false", "0", "no", "off", "f"};
  const auto text = last_value(request, name);
  if (!text) return false;
  const std::string lower = base::to_lower_ascii(*text);
  if (std::ranges::find(kTrue, lower) != kTrue.end()) return true;
  if (std::ranges::find(kFalse, lower) != kFalse.end()) return false;
  return std::unexpected(
      invalid({{"bool_parsing", "query", name, "Input should be a valid boolean"}}));
}

}  // namespace heliograph::api::messaging
