#include "core/api/json_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/text.h"

namespace heliograph::api {

JsonFields::JsonFields(const JsonValue& object, std::string pointer)
    : object_(object), pointer_(std::move(pointer)) {}

const JsonValue* JsonFields::take(std::string_view name) {
  known_.push_back(name);
  const JsonValue* found = object_.find(name);
  return found == nullptr || found->kind == JsonKind::kNull ? nullptr : found;
}

const JsonValue* JsonFields::take(std::string_view name, JsonKind kind) {
  const JsonValue* found = take(name);
  if (found == nullptr || found->kind == kind) return found;
  fail(name, fmt::format("Must be {}.", to_string(kind)));
  return nullptr;
}

std::optional<std::string> JsonFields::text(std::string_view name) {
  const JsonValue* found = take(name, JsonKind::kString);
  if (found == nullptr) return std::nullopt;
  return found->text;
}

std::optional<bool> JsonFields::boolean(std::string_view name) {
  const JsonValue* found = take(name, JsonKind::kBoolean);
  if (found == nullptr) return std::nullopt;
  return found->boolean;
}

std::optional<std::int64_t> JsonFields::integer(std::string_view name, std::int64_t min,
                                                std::int64_t max) {
  const JsonValue* found = take(name, JsonKind::kInteger);
  if (found == nullptr) return std::nullopt;
  if (found->integer < min || found->integer > max) {
    fail(name, fmt::format("Must be {} to {}.", min, max));
    return std::nullopt;
  }
  return found->integer;
}

std::optional<double> JsonFields::number(std::string_view name, double min, double max) {
  const JsonValue* found = take(name);
  if (found == nullptr) return std::nullopt;
  if (found->kind != JsonKind::kInteger && found->kind != JsonKind::kNumber) {
    fail(name, "Must be a number.");
    return std::nullopt;
  }
  if (found->number < min || found->number > max) {
    fail(name, fmt::format("Must be {} to {}.", min, max));
    return std::nullopt;
  }
  return found->number;
}

const JsonValue* JsonFields::value(std::string_view name) { return take(name); }

std::string JsonFields::required_text(std::string_view name) {
  const JsonValue* found = take(name);
  if (found == nullptr) {
    fail(name, "Is required.");
    return {};
  }
  if (found->kind != JsonKind::kString) {
    fail(name, "Must be a string.");
    return {};
  }
  return found->text;
}

void JsonFields::fail(std::string_view name, std::string detail) {
  if (problem_.has_value()) return;
  problem_.emplace();
  problem_->status = 400;
  problem_->detail = fmt::format("{}: {}", name, detail);
  problem_->pointer = json_pointer(pointer_, name);
}

std::optional<http::Problem> JsonFields::finish() {
  if (problem_.has_value()) return problem_;
  for (const std::string& name : object_.names) {
    if (std::ranges::find(known_, name) != known_.end()) continue;
    const std::string_view near = base::nearest(name, known_);
    problem_.emplace();
    problem_->status = 400;
    problem_->detail = near.empty()
                           ? "This field is not known."
                           : fmt::format("This field is not known; did you mean {}?", near);
    problem_->pointer = json_pointer(pointer_, name.substr(0, 64));
    return problem_;
  }
  return std::nullopt;
}

}  // namespace heliograph::api
