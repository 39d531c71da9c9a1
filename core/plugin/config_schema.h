// Config schema: a plugin's TOML table checked against the JSON Schema that the component carries,
// completed with its defaults, secrets resolved, durations and sizes turned into numbers.
//
// The plugin never sees a table that does not fit, and every error names the exact key and where in
// the configuration file it stands. Values of keys marked "x-secret" appear in no error.
//
// valijson decides what is valid; the sentences are made here from the schema and the value.
// [control thread]
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/config.h"
#include "core/config/loader.h"
#include "core/plugin/config_view.h"
#include "core/ports/http_client.h"

namespace heliograph::plugin {

struct ConfigInput {
  const config::PluginTable* table = nullptr;
  std::string_view schema;  // the component's, JSON text; empty: takes no configuration
  std::string component;    // for errors: "provider 'http'"
  const config::Environment* environment = nullptr;
  std::string folder;  // relative paths in secrets and in the `http` table start here
};

struct PreparedConfig {
  std::unique_ptr<ConfigView> view;
  // The `http` table, which every component that uses hg.http-client/1 has: connections, queue,
  // connect_timeout, idle_timeout, ca_file. It is the host's: the plugin does not see it, unless
  // its own schema has a property of that name.
  ports::HttpPoolOptions http;
  bool http_given = false;

  // Would a plugin that was created with the other see any difference? Secrets are compared as they
  // read.
  bool same_as(const PreparedConfig& other) const;
};

// The errors are complete lines: "heliograph.toml:41: [provider.config] timeout: expected a
// duration such as \"5s\", got 5".
std::expected<PreparedConfig, std::vector<std::string>> prepare_config(const ConfigInput& input);

}  // namespace heliograph::plugin
