// OTLP/JSON: spans as OpenTelemetry's collectors take them at /v1/traces: the JSON form of
// ExportTraceServiceRequest (opentelemetry-proto 1.x), with ids in hexadecimal as the OTLP
// specification asks ("JSON Protobuf Encoding"). Pure; thread-safe.
#pragma once

#include <chrono>
#include <span>
#include <string>

#include "core/ports/tracer.h"

namespace heliograph::telemetry {

struct OtlpResource {
  std::string service_name;
  std::string service_version;
};

// `epoch`: what is to be added to a MonoTime to get the time since 1970.
std::string otlp_json(const OtlpResource& resource, std::span<const ports::Span> spans,
                      std::chrono::nanoseconds epoch);

}  // namespace heliograph::telemetry
