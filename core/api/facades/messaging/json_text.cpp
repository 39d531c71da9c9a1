#include "core/api/facades/messaging/json_text.h"

#include <fmt/format.h>

#include "core/api/json_writer.h"
#include "core/api/metadata_field.h"
#include "core/base/json_text.h"

namespace heliograph::api::messaging {
namespace {

void append(std::string& out, const JsonValue& value);

void append_members(std::string& out, const JsonValue& value) {
  const bool object = value.kind == JsonKind::kObject;
  out += object ? '{' : '[';
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    if (i > 0) out += ',';
    if (object) {
      base::append_json_string(out, value.names[i]);
      out += ':';
    }
    append(out, value.items[i]);
  }
  out += object ? '}' : ']';
}

// As deep as parse_json() lets it be.
void append(std::string& out, const JsonValue& value) {
  switch (value.kind) {
    case JsonKind::kNull:
      out += "null";
      break;
    case JsonKind::kBoolean:
      out += value.boolean ? "true" : "false";
      break;
    case JsonKind::kInteger:
      out += fmt::to_string(value.integer);
      break;
    case JsonKind::kNumber:
      out += fmt::to_string(value.number);
      break;
    case JsonKind::kString:
      base::append_json_string(out, value.text);
      break;
    case JsonKind::kArray:
    case JsonKind::kObject:
      append_members(out, value);
      break;
  }
}

std::string text_of(const JsonValue& value) {
  if (value.kind == JsonKind::kString) return value.text;
  std::string out;
  append(out, value);
  return out;
}

}  // namespace

std::expected<std::string, std::string> text_map(const JsonValue& object) {
  if (object.names.size() > kMetadataEntriesMax) {
    return std::unexpected(fmt::format("At most {} entries are kept", kMetadataEntriesMax));
  }
  if (object.names.empty()) return {};
  JsonWriter json;
  json.begin_object();
  for (std::size_t i = 0; i < object.names.size(); ++i) {
    const std::string text = text_of(object.items[i]);
    const std::string& name = object.names[i];
    if (name.empty() || name.size() > kMetadataNameMax || text.size() > kMetadataValueMax) {
      return std::unexpected(fmt::format("A name has 1 to {} bytes, its value at most {}",
                                         kMetadataNameMax, kMetadataValueMax));
    }
    json.text(name, text);
  }
  json.end_object();
  return json.take();
}

}  // namespace heliograph::api::messaging
