#include "core/api/metadata_field.h"

#include <fmt/format.h>

#include "core/api/json_value.h"
#include "core/api/json_writer.h"

namespace heliograph::api {
namespace {

std::optional<http::Problem> check_metadata(const JsonValue& metadata) {
  JsonFields entries(metadata, "/metadata");
  for (const std::string& name : metadata.names) {
    const JsonValue* value = metadata.find(name);
    entries.value(name);
    if (name.empty() || name.size() > kMetadataNameMax) {
      entries.fail(std::string_view(name).substr(0, kMetadataNameMax),
                   fmt::format("A name must have 1 to {} bytes.", kMetadataNameMax));
    } else if (value->kind != JsonKind::kString) {
      entries.fail(name, "Must be a string.");
    } else if (value->text.size() > kMetadataValueMax) {
      entries.fail(name, fmt::format("Must have at most {} bytes.", kMetadataValueMax));
    }
  }
  return entries.finish();
}

// Written anew, so that the store holds one form of it whatever the client's blanks and escapes.
std::string metadata_json(const JsonValue& metadata) {
  JsonWriter json;
  json.begin_object();
  for (std::size_t i = 0; i < metadata.names.size(); ++i) {
    json.text(metadata.names[i], metadata.items[i].text);
  }
  json.end_object();
  return json.take();
}

}  // namespace

std::optional<http::Problem> read_metadata(JsonFields& fields, std::string& out) {
  const JsonValue* metadata = fields.value("metadata");
  if (metadata == nullptr) return std::nullopt;
  if (metadata->kind != JsonKind::kObject) {
    fields.fail("metadata", "Must be an object of strings.");
    return std::nullopt;
  }
  if (metadata->names.size() > kMetadataEntriesMax) {
    fields.fail("metadata", fmt::format("Must have at most {} entries.", kMetadataEntriesMax));
    return std::nullopt;
  }
  if (auto problem = check_metadata(*metadata)) return problem;
  if (!metadata->names.empty()) out = metadata_json(*metadata);
  return std::nullopt;
}

}  // namespace heliograph::api
