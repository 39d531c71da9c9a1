#include "core/telemetry/otlp_json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/text.h"

namespace heliograph::telemetry {
namespace {

using nlohmann::json;

constexpr int kStatusError = 2;  // trace.proto, Status.STATUS_CODE_ERROR

std::string hex(std::span<const std::uint8_t> bytes) { return base::to_hex(std::as_bytes(bytes)); }

// A 64-bit integer is a string in protobuf's JSON.
json value_of(const ports::Span::Value& value) {
  struct Write {
    json operator()(const std::string& text) const { return {{"stringValue", text}}; }
    json operator()(std::int64_t number) const { return {{"intValue", fmt::to_string(number)}}; }
    json operator()(bool flag) const { return {{"boolValue", flag}}; }
  };
  return std::visit(Write{}, value);
}

json attribute(std::string_view key, const ports::Span::Value& value) {
  return {{"key", key}, {"value", value_of(value)}};
}

std::string unix_nanos(ports::MonoTime at, std::chrono::nanoseconds epoch) {
  return fmt::to_string((at.time_since_epoch() + epoch).count());
}

json span_json(const ports::Span& span, std::chrono::nanoseconds epoch) {
  json out = {{"traceId", hex(span.context.trace_id)},
              {"spanId", hex(span.context.span_id)},
              {"name", span.name},
              {"kind", static_cast<int>(span.kind)},
              {"startTimeUnixNano", unix_nanos(span.start, epoch)},
              {"endTimeUnixNano", unix_nanos(span.end, epoch)}};
  if (span.parent != model::SpanId{}) out["parentSpanId"] = hex(span.parent);
  json attributes = json::array();
  for (const auto& [key, value] : span.attributes) attributes.push_back(attribute(key, value));
  out["attributes"] = std::move(attributes);
  if (span.failed) out["status"] = {{"code", kStatusError}};
  return out;
}

}  // namespace

std::string otlp_json(const OtlpResource& resource, std::span<const ports::Span> spans,
                      std::chrono::nanoseconds epoch) {
  json list = json::array();
  for (const ports::Span& span : spans) list.push_back(span_json(span, epoch));
  const json scope = {{"name", "heliograph"}, {"version", resource.service_version}};
  json scope_spans = json::array({{{"scope", scope}, {"spans", std::move(list)}}});
  const json attributes = json::array({attribute("service.name", resource.service_name),
                                       attribute("service.version", resource.service_version)});
  const json request = {{"resourceSpans", json::array({{{"resource", {{"attributes", attributes}}},
                                                        {"scopeSpans", std::move(scope_spans)}}})}};
  return request.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace heliograph::telemetry
