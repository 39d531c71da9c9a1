// Request target: the path and query of a request line, and how they are decoded (RFC 3986, 2.1;
// the query also as HTML forms write it: '+' is a blank). Pure, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/message.h"

namespace heliograph::http {

// nullopt for a '%' without two hex digits behind it, and for an encoded NUL: no resource's name
// has one, and C strings further down would end there.
std::optional<std::string> percent_decode(std::string_view text);

// "a=1&b=x+y&flag" -> pairs in order; a name without '=' has the value "". nullopt as above.
std::optional<std::vector<Header>> parse_query(std::string_view query);

struct TargetParts {
  std::string_view authority;  // of the absolute form; empty in the origin form
  std::string_view path;       // still encoded; "*" for the asterisk form
  std::string_view query;      // without '?'
};
// Splits the origin, absolute and asterisk forms (RFC 9112, 3.2). nullopt for anything else, for
// bytes that are no visible ASCII and for a fragment.
std::optional<TargetParts> split_target(std::string_view target);

}  // namespace heliograph::http
