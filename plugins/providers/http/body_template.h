// Compiles the `body` table of the configuration into a template.
#pragma once

#include <string_view>

#include "plugins/providers/http/template.h"

namespace heliograph::plugins::http {

// The body of a provider that is given none: the gateway's own default shape.
inline constexpr std::string_view kDefaultBody =
    R"({"phone":"{to}","from":"{from}","text":"{text}","message_id":"{id}"})";

// `table` is a JSON object. Every string that is a value (not a key) in it, at any depth, may hold
// placeholders; all else is sent as it stands. Throws sdk::ConfigError naming body.
Template json_body(std::string_view table, const Secrets& secrets);

// The same as application/x-www-form-urlencoded: texts, numbers, true and false as name=value, an
// array of such as the same name repeated. Throws sdk::ConfigError naming the member for anything
// deeper.
Template form_body(std::string_view table, const Secrets& secrets);

}  // namespace heliograph::plugins::http
