// The first line of a message's story in the log, at debug: which request brought it. The others
// (core/pipeline/message_log.h) have the message's id alone.
#pragma once

#include <string>
#include <string_view>

#include "core/api/endpoint.h"
#include "core/pipeline/intake.h"
#include "core/ports/store_types.h"

namespace heliograph::api {

// The recipient as a log may show it; "" where debug is off.
std::string masked_for_log(const Call& call, std::string_view to);

void log_accepted(const Call& call, const ports::Accepted& accepted, std::string_view masked_to);
// Nothing for what was refused.
void log_accepted(const Call& call, const pipeline::IntakeResult& result,
                  std::string_view masked_to);
void log_accepted(const Call& call, const ports::BatchAnswer& answer);

}  // namespace heliograph::api
