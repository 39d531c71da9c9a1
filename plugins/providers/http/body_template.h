// Compiles the `body` table of the configuration into a template.
#pragma once

#include <string_view>

#include "plugins/providers/http/template.h"

namespace heliograph::plugins::http {

// `table` is a JSON object. Every string that is a value (not a key) in it, at any depth, may hold
// placeholders; a value that is "{media}" or "{attachments}" and nothing else becomes an array; all
// else is sent as it stands. Throws sdk::ConfigError naming `path`, the table's own.
Template json_body(std::string_view table, const Secrets& secrets, std::string_view path);

// The same as application/x-www-form-urlencoded: texts, numbers, true and false as name=value, an
// array of such as the same name repeated. "{media}" is repeated for each medium, behind all other
// fields. Throws sdk::ConfigError naming the member for anything deeper, and for "{attachments}".
Template form_body(std::string_view table, const Secrets& secrets, std::string_view path);

}  // namespace heliograph::plugins::http
