#include "core/api/duration_field.h"

#include "core/base/text.h"

namespace heliograph::api {
namespace {

constexpr const char* kRule =
    "Must be a duration such as \"10m\", or a whole number of seconds; more than 0, at most 366 "
    "days.";

std::optional<std::chrono::milliseconds> from_value(const JsonValue& value) {
  constexpr std::chrono::seconds kMax = kValidityMax;
  if (value.kind == JsonKind::kString) return base::parse_duration(value.text);
  if (value.kind != JsonKind::kInteger || value.integer > kMax.count()) return std::nullopt;
  return std::chrono::seconds{value.integer};
}

}  // namespace

std::optional<std::chrono::milliseconds> read_validity(JsonFields& fields, std::string_view name) {
  const JsonValue* value = fields.value(name);
  if (value == nullptr) return std::nullopt;
  const auto duration = from_value(*value);
  if (duration && duration->count() > 0 && *duration <= kValidityMax) return duration;
  fields.fail(name, kRule);
  return std::nullopt;
}

}  // namespace heliograph::api
