#include "core/app/mock/send_request.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/base/base64.h"
#include "core/model/addresses.h"

namespace heliograph::app::mock {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kDigitsMin = 3;
constexpr std::size_t kDigitsMax = 15;

std::string text_field(const Json& document, const char* name) {
  const auto found = document.find(name);
  return found != document.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

// The media as given; the error is told in `request`.
Json read_media(const Json& document, SendRequest& request) {
  const auto found = document.find("media");
  if (found == document.end()) return Json();
  const auto is_url = [](const Json& entry) {
    return entry.is_string() && model::is_web_address(entry.get_ref<const std::string&>());
  };
  if (!found->is_array() || !std::ranges::all_of(*found, is_url)) {
    request.error = "media is no array of URLs";
    return Json::array();
  }
  return *found;
}

// The attachments with their sizes in place of their bytes.
Json read_attachments(const Json& document, SendRequest& request) {
  Json out = Json::array();
  const auto found = document.find("attachments");
  if (found == document.end()) return out;
  if (!found->is_array()) request.error = "attachments is no array";
  for (const Json& entry : *found) {
    std::optional<std::string> bytes;
    if (entry.is_object()) bytes = base::from_base64(text_field(entry, "content"));
    if (!bytes) {
      request.error = "an attachment has no content in base64";
      return out;
    }
    out.push_back({{"filename", text_field(entry, "filename")},
                   {"content_type", text_field(entry, "content_type")},
                   {"size", bytes->size()}});
  }
  return out;
}

bool has_good_recipients(const Json& document) {
  const auto found = document.find("recipients");
  return found != document.end() && found->is_array() && !found->empty() &&
         std::ranges::all_of(*found, [](const Json& entry) {
           return entry.is_string() && model::is_email_address(entry.get_ref<const std::string&>());
         });
}

}  // namespace

bool is_phone(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  return text.size() >= kDigitsMin && text.size() <= kDigitsMax &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

SendRequest read_phone_message(const Json& document) {
  SendRequest request;
  request.channel = "sms";
  if (!document.is_object()) {
    request.error = "a JSON object is expected";
    return request;
  }
  std::string phone = text_field(document, "phone");
  if (phone.empty()) phone = text_field(document, "to");
  request.message_id = text_field(document, "message_id");
  if (phone.empty()) {
    request.error = "phone is missing";
  } else if (!is_phone(phone)) {
    request.error = "phone is no telephone number";
  }
  const Json media = read_media(document, request);
  if (media.empty()) return request;
  request.channel = "mms";
  request.content = Json{{"media", media}}.dump();
  return request;
}

SendRequest read_email(const Json& document) {
  SendRequest request;
  request.channel = "email";
  if (!document.is_object()) {
    request.error = "a JSON object is expected";
    return request;
  }
  request.message_id = text_field(document, "message_id");
  if (!has_good_recipients(document)) request.error = "recipients is no array of e-mail addresses";
  const std::string from = text_field(document, "from");
  if (!from.empty() && !model::is_email_address(from)) {
    request.error = "from is no e-mail address";
  }
  Json content{{"subject", text_field(document, "subject")},
               {"html", text_field(document, "html")},
               {"attachments", read_attachments(document, request)}};
  request.content = content.dump(-1, ' ', false, Json::error_handler_t::replace);
  return request;
}

}  // namespace heliograph::app::mock
