// ConfigTree: a configuration as a component gets it: defaults filled in, durations as nanoseconds.
#pragma once

#include <heliograph/abi/abi.h>

#include <stdexcept>
#include <string>
#include <string_view>

#include <heliograph/testing/value.hpp>

namespace heliograph::sdk::testing {

// What a schema found wrong; the text names the key.
class SchemaError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

// `config` as the gateway would hand it over: missing keys with their defaults, "x-unit" strings
// ("5s", "64KiB") as numbers. Checks types, required and unknown keys - enough to catch a test's
// typing error; the gateway itself checks the whole schema. Throws SchemaError, or
// std::invalid_argument when the schema is not JSON.
Value apply_schema(std::string_view schema_json, const Value& config);

// "1h30m", "250ms" in nanoseconds; "64KiB", "10MB", "512" in bytes. Throw SchemaError.
std::int64_t parse_duration(std::string_view text);
std::int64_t parse_size(std::string_view text);

// Owns a tree and serves it through hg_host.cfg_*. Strings handed out live as long as it does.
class ConfigTree {
 public:
  explicit ConfigTree(Value tree) : tree_(std::move(tree)), json_(tree_.json()) {}
  ConfigTree(const ConfigTree&) = delete;
  ConfigTree& operator=(const ConfigTree&) = delete;

  const hg_config* raw() const { return reinterpret_cast<const hg_config*>(this); }
  // Sets the six cfg_* functions of a host.
  static void install(hg_host& host);

 private:
  static const ConfigTree& of(const hg_config* raw) {
    return *reinterpret_cast<const ConfigTree*>(raw);
  }
  static hg_status text(const hg_config* raw, const char* path, hg_str* out);
  static hg_status integer(const hg_config* raw, const char* path, int64_t* out);
  static hg_status number(const hg_config* raw, const char* path, double* out);
  static hg_status type(const hg_config* raw, const char* path, uint32_t* type, size_t* children);
  static hg_status key(const hg_config* raw, const char* path, size_t i, hg_str* key);
  static hg_str json(const hg_config* raw);

  Value tree_;
  std::string json_;
};

}  // namespace heliograph::sdk::testing
