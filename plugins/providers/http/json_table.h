// Tables of the configuration whose keys are the operator's own (headers, codes, form fields).
//
// Read from the configuration's JSON and not by dotted paths, because such keys may hold dots.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <heliograph/config.hpp>

namespace heliograph::plugins::http {

using Member = std::pair<std::string, std::string_view>;  // name, value as JSON

// The members of a JSON object in order; empty for anything else.
std::vector<Member> members(std::string_view object);

// The table that an RFC 6901 pointer names in the configuration, as JSON; "" when absent. Lives as
// long as the configuration.
std::string_view table_at(const sdk::Config& config, std::string_view pointer);

// The members of that table as texts. Throws sdk::ConfigError for a value that is no text.
std::vector<std::pair<std::string, std::string>> texts_at(const sdk::Config& config,
                                                          std::string_view pointer);

}  // namespace heliograph::plugins::http
