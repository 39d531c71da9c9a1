// API keys: how they are made, and the hash that stands for one.
#pragma once

#include <string>
#include <string_view>

#include "core/ports/store_clients.h"

namespace heliograph::api {

// "hg_live_<id>_<secret>": the prefix lets secret scanners find a leaked key, the id (8 hex digits)
// tells keys apart in a conversation, the secret is 256 bits of the system's secure randomness in
// hex. Throws std::runtime_error when there is none. Any thread.
std::string generate_api_key();

// What the store keeps. A key is random enough that a plain hash of it cannot be searched, so a
// slow one would only slow requests down.
ports::KeyHash hash_api_key(std::string_view key);

}  // namespace heliograph::api
