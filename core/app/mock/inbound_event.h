// The event by which the mock tells the gateway that a subscriber has sent a message.
#pragma once

#include <expected>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace heliograph::app::mock {

// From {"from", "to", "text"?, "media"?: [URL]} to
// {"type": "inbound", "from", "to", "text", "media": [], "id"}. The error is a sentence.
std::expected<std::string, std::string> inbound_event(const nlohmann::json& document,
                                                      const std::string& id);

}  // namespace heliograph::app::mock
