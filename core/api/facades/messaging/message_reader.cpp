#include "core/api/facades/messaging/message_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "core/api/facades/messaging/json_text.h"
#include "core/api/facades/messaging/shapes.h"
#include "core/api/metadata_field.h"
#include "core/model/addresses.h"
#include "core/pipeline/content_judge.h"

namespace heliograph::api::messaging {
namespace {

constexpr std::size_t kParentMax = 64;        // bytes: what a client_reference holds
constexpr std::size_t kNumberLeast = 9;       // digits; fewer may be a short code
constexpr std::size_t kNumberDigitsMax = 15;  // E.164

// ^\+?[1-9]\d{1,14}$
bool is_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  return text.size() >= 2 && text.size() <= kNumberDigitsMax && text.front() != '0' &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// A number without its "+" is the same number, and threads are found by it.
std::string sender_of(std::string text) {
  if (!text.starts_with('+') && text.size() >= kNumberLeast) text.insert(0, 1, '+');
  return text;
}

std::string escaped(std::string_view url) {
  std::string out;
  for (const char c : url) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '<') {
      out += "&lt;";
    } else {
      out += c;
    }
  }
  return out;
}

class Reader {
 public:
  explicit Reader(const JsonValue& body) : body_(body) {}

  std::expected<pipeline::Submission, http::Response> run(std::optional<model::Channel> type) {
    read_type(type);
    out_.from = address("from");
    out_.to = address("to");
    const std::string text = optional_text("body");
    const std::vector<std::string> urls = attachments();
    read_parent();
    read_metadata();
    conversation_type();
    if (faults_.empty() && text.empty() && urls.empty()) {
      fault("value_error", "body", "Value error, Either body or attachments must be provided");
    }
    if (!faults_.empty()) return std::unexpected(invalid(faults_));
    place(text, urls);
    out_.digits_are_international = true;
    out_.digits_have_no_region = true;
    return std::move(out_);
  }

 private:
  void fault(std::string_view type, std::string_view field, std::string message) {
    faults_.push_back({type, "body", field, std::move(message)});
  }

  // nullptr: not given, null, or no string (which is told).
  const std::string* text_at(std::string_view name) {
    const JsonValue* value = body_.find(name);
    if (value == nullptr || value->kind == JsonKind::kNull) return nullptr;
    if (value->kind == JsonKind::kString) return &value->text;
    fault("string_type", name, "Input should be a valid string");
    return nullptr;
  }
  std::string optional_text(std::string_view name) {
    const std::string* text = text_at(name);
    return text == nullptr ? std::string{} : *text;
  }
  // FastAPI tells null and absence apart.
  const std::string* required_text(std::string_view name) {
    const JsonValue* value = body_.find(name);
    if (value == nullptr) {
      fault("missing", name, "Field required");
    } else if (value->kind != JsonKind::kString) {
      fault("string_type", name, "Input should be a valid string");
    } else {
      return &value->text;
    }
    return nullptr;
  }

  void read_type(std::optional<model::Channel> type) {
    out_.channel = type.value_or(model::Channel::kSms);
    if (out_.channel == model::Channel::kEmail) return;
    if (type && body_.find("type") == nullptr) return;
    const std::string* word = required_text("type");
    if (word == nullptr) return;
    const auto channel = model::parse_open_channel(*word);
    const bool fits = channel && (!type || channel != model::Channel::kEmail);
    if (fits) {
      out_.channel = *channel;
    } else {
      fault("enum", "type",
            type ? "Input should be 'sms' or 'mms'" : "Input should be 'sms', 'mms' or 'email'");
    }
  }

  std::string address(std::string_view name) {
    const std::string* text = required_text(name);
    if (text == nullptr) return {};
    if (out_.channel == model::Channel::kEmail) {
      if (model::is_email_address(*text)) return *text;
      fault("value_error", name, "Value error, Invalid email address format");
      return {};
    }
    if (!is_number(*text)) {
      fault("value_error", name, "Value error, Invalid phone number format");
      return {};
    }
    return name == "from" ? sender_of(*text) : *text;
  }

  std::vector<std::string> attachments() {
    std::vector<std::string> urls;
    const JsonValue* list = body_.find("attachments");
    if (list == nullptr || list->kind == JsonKind::kNull) return urls;
    if (list->kind != JsonKind::kArray) {
      fault("list_type", "attachments", "Input should be a valid list");
      return urls;
    }
    for (const JsonValue& item : list->items) {
      if (item.kind != JsonKind::kString || !model::is_web_address(item.text)) {
        fault("value_error", "attachments",
              "Value error, Each attachment should be an absolute http or https URL");
        return urls;
      }
      urls.push_back(item.text);
    }
    if (urls.size() > pipeline::kMediaMax) {
      fault("too_long", "attachments",
            fmt::format("List should have at most {} items", pipeline::kMediaMax));
    }
    return urls;
  }

  void read_parent() {
    out_.client_reference = optional_text("parent_id");
    if (out_.client_reference.size() > kParentMax) {
      fault("string_too_long", "parent_id",
            fmt::format("String should have at most {} characters", kParentMax));
    }
  }

  void read_metadata() {
    const JsonValue* metadata = body_.find("metadata");
    if (metadata == nullptr || metadata->kind == JsonKind::kNull) return;
    if (metadata->kind != JsonKind::kObject) {
      return fault("dict_type", "metadata", "Input should be a valid dictionary");
    }
    auto text = text_map(*metadata);
    if (!text) return fault("value_error", "metadata", "Value error, " + text.error());
    out_.metadata_json = *std::move(text);
    const JsonValue* subject = metadata->find("subject");
    const bool email = out_.channel == model::Channel::kEmail;
    if (email && subject != nullptr) out_.content.subject = subject->text;
  }

  // What the thread is called; it is the same thread.
  void conversation_type() {
    const std::string* word = text_at("conversation_type");
    if (word == nullptr || *word == "direct" || *word == "thread") return;
    fault("enum", "conversation_type", "Input should be 'direct' or 'thread'");
  }

  void place(const std::string& text, const std::vector<std::string>& urls) {
    if (out_.channel == model::Channel::kEmail) return place_email(text, urls);
    out_.text = text;
    if (!urls.empty()) out_.channel = model::Channel::kMms;
    for (const std::string& url : urls)
      out_.content.media.push_back({.url = url, .content_type = {}});
  }

  void place_email(const std::string& text, const std::vector<std::string>& urls) {
    const bool html = is_html(text);
    std::string& body = html ? out_.content.html : out_.text;
    body = text;
    for (const std::string& url : urls) {
      if (html) {
        body += fmt::format("\n<p><a href=\"{0}\">{0}</a></p>", escaped(url));
      } else {
        body += body.empty() ? url : "\n" + url;
      }
    }
  }

  const JsonValue& body_;
  pipeline::Submission out_;
  std::vector<FieldFault> faults_;
};

}  // namespace

bool is_html(std::string_view text) {
  constexpr auto kNone = std::string_view::npos;
  for (auto at = text.find('<'); at != kNone && at + 1 < text.size(); at = text.find('<', at + 1)) {
    const char next = text[at + 1];
    const bool opens =
        (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') || next == '/' || next == '!';
    if (opens && text.find('>', at) != kNone) return true;
  }
  return false;
}

std::expected<pipeline::Submission, http::Response> read_message(
    const http::Request& request, std::optional<model::Channel> type) {
  const auto body = facade::read_object(request);
  if (!body) return std::unexpected(body.error());
  return Reader(*body).run(type);
}

http::Response misjudged(const pipeline::FieldError& wrong) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kFields{
      {{"/to", "to"},
       {"/from", "from"},
       {"/text", "body"},
       {"/html", "body"},
       {"/media", "attachments"},
       {"/channel", "type"},
       {"/subject", "metadata"},
       {"/metadata", "metadata"},
       {"/timezone", "to"},
       {"/client_reference", "parent_id"}}};
  const auto* found = std::ranges::find_if(
      kFields, [&](const auto& field) { return wrong.pointer.starts_with(field.first); });
  const std::string_view field = found == kFields.end() ? std::string_view{} : found->second;
  return invalid({{"value_error", "body", field, "Value error, " + wrong.detail}});
}

}  // namespace heliograph::api::messaging
