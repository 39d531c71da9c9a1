// Schema walk: going through a value and the JSON Schema that describes it side by side.
// Internal to config_schema.cpp and inspect_text.cpp. Pure.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace heliograph::plugin {

// The schema of member `key` of what `schema` describes (an object or an array); nullptr: it has
// none.
const nlohmann::json* member_schema(const nlohmann::json& schema, std::string_view key);

// "codes.0.name"
std::string join_path(std::string_view path, std::string_view key);

// Adds what is absent and has a default, in objects that are there.
void fill_defaults(const nlohmann::json& schema, nlohmann::json& value);

// Calls `visit` for each string that the schema describes, with its path.
using StringVisitor = std::function<void(const std::string& path, const nlohmann::json& schema,
                                         nlohmann::json& value)>;
void for_each_string(const nlohmann::json& schema, nlohmann::json& value,
                     const StringVisitor& visit);

// What the schema says about `keyword`, or false / "".
bool has_flag(const nlohmann::json& schema, std::string_view keyword);
std::string text_of(const nlohmann::json& schema, std::string_view keyword);

// One failed check of valijson in words, about the value at `context` ("<root>", "[codes]", "[0]").
// Empty: a mere consequence of another error.
std::string explain(const nlohmann::json& schema, const nlohmann::json& value,
                    const std::vector<std::string>& context, const std::string& description);

}  // namespace heliograph::plugin
