// What is said on a new connection before it may be used: who we are, which database, our scripts.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/limiters/redis/settings.h"

namespace heliograph::plugins::redis {

enum class Script : std::size_t { kAcquire, kRefund, kExchange };
inline constexpr std::size_t kScripts = 3;

std::string_view text_of(Script script);

using Words = std::vector<std::string>;

// The commands in order: AUTH and SELECT where the URL asks for them, INFO server, then SCRIPT LOAD
// of every script, in the order of Script. They are sent in one go.
std::vector<Words> greeting(const Url& url);

// The server's run_id in an answer to INFO, "?" when it is not there.
std::string run_id_of(std::string_view info);

}  // namespace heliograph::plugins::redis
