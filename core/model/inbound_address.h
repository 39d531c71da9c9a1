// Addresses of messages that come in, brought into the form in which outgoing messages name them,
// so that both find their thread. Pure; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "core/model/channel.h"

namespace heliograph::model {

// Over a channel of telephony "15551234567", "0015551234567" and "+1 555 123 4567" become
// "+15551234567"; short codes (3 to 8 digits), names and what is no number stay as they are. E-mail
// addresses lose a display name and become lower case. Always without control characters.
std::string inbound_address(Channel channel, std::string_view given);

// The same for an address whose channel nobody knows: an "@" tells e-mail.
std::string inbound_address(std::string_view given);

}  // namespace heliograph::model
