// The Lua scripts that Redis runs for us, one whole decision each: see scripts/*.lua, where keys,
// arguments and answers are told.
#pragma once

#include <string_view>

namespace heliograph::plugins::redis {

extern const std::string_view kAcquireLua;
extern const std::string_view kRefundLua;
extern const std::string_view kExchangeLua;

}  // namespace heliograph::plugins::redis
