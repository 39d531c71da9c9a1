// Configurations made from a schema. Internal to the kit.
#pragma once

#include <heliograph/abi/abi.h>

#include <string>
#include <vector>

#include <heliograph/testing/value.hpp>

namespace heliograph::sdk::conformance {

using testing::Value;

struct Sample {
  Value config;
  bool invented = false;  // a required key had neither default nor example
};

// The smallest configuration: required keys only, from default, example, or by type.
Sample sample_config(const Value& schema);

// Dotted paths of all required keys that have no default, those of nested tables included.
std::vector<std::string> required_paths(const Value& schema);

// `config` without, or with another value of, the key at a dotted path of tables.
Value without(const Value& config, std::string_view path);
Value with(const Value& config, std::string_view path, const Value& value);

// "provider/http".
std::string component_name(const hg_component& component);

}  // namespace heliograph::sdk::conformance
