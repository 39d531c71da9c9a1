// The http provider's configuration: its schema, and what is read from it besides the request
// itself.
#pragma once

#include <heliograph/config.hpp>

#include "plugins/providers/http/answer.h"

namespace heliograph::plugins::http {

// How answers are to be read. Throws sdk::ConfigError naming the key.
AnswerRules read_answer_rules(const sdk::Config& config);

}  // namespace heliograph::plugins::http
