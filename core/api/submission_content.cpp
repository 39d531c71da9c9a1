#include "core/api/submission_content.h"

#include <fmt/format.h>

#include <utility>

#include "core/base/base64.h"

namespace heliograph::api {
namespace {

constexpr const char* kAnyType = "application/octet-stream";

const JsonValue* array_at(JsonFields& fields, std::string_view name) {
  const JsonValue* value = fields.value(name);
  if (value == nullptr || value->kind == JsonKind::kArray) return value;
  fields.fail(name, "Must be an array.");
  return nullptr;
}

http::Problem wrong_entry(std::string pointer, std::string detail) {
  http::Problem problem;
  problem.detail = std::move(detail);
  problem.pointer = std::move(pointer);
  return problem;
}

std::optional<http::Problem> read_media(JsonFields& fields, model::Content& content) {
  const JsonValue* list = array_at(fields, "media");
  if (list == nullptr) return std::nullopt;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const JsonValue& entry = list->items[i];
    if (entry.kind != JsonKind::kString) {
      return wrong_entry(fmt::format("/media/{}", i), "media: Must be an array of URLs.");
    }
    content.media.push_back({.url = entry.text, .content_type = {}});
  }
  return std::nullopt;
}

std::optional<http::Problem> read_attachment(const JsonValue& entry, const std::string& pointer,
                                             model::Attachment& attachment) {
  if (entry.kind != JsonKind::kObject) {
    return wrong_entry(pointer, "attachments: Must be an array of objects.");
  }
  JsonFields fields(entry, pointer);
  attachment.name = fields.required_text("filename");
  attachment.content_type = fields.text("content_type").value_or(kAnyType);
  const JsonValue* bytes = fields.value("content");
  if (bytes == nullptr) {
    fields.fail("content", "Is required.");
  } else if (bytes->kind != JsonKind::kString) {
    fields.fail("content", "Must be a string.");
  } else if (auto decoded = base::from_base64(bytes->text)) {
    attachment.bytes = *std::move(decoded);
  } else {
    fields.fail("content", "Must be base64 (RFC 4648, section 4, padded, without line ends).");
  }
  return fields.finish();
}

std::optional<http::Problem> read_attachments(JsonFields& fields, model::Content& content) {
  const JsonValue* list = array_at(fields, "attachments");
  if (list == nullptr) return std::nullopt;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    auto problem = read_attachment(list->items[i], fmt::format("/attachments/{}", i),
                                   content.attachments.emplace_back());
    if (problem) return problem;
  }
  return std::nullopt;
}

}  // namespace

std::optional<http::Problem> read_content(JsonFields& fields, model::Content& content) {
  content.subject = fields.text("subject").value_or("");
  content.html = fields.text("html").value_or("");
  auto media_problem = read_media(fields, content);
  auto attachment_problem = read_attachments(fields, content);
  return media_problem ? media_problem : attachment_problem;
}

}  // namespace heliograph::api
