// Loader: finds, reads and validates the configuration, and reports every error of it in one go.
//
// Precedence: defaults < file < variables of the replaced systems (docs/configuration.md) <
// HELIOGRAPH_<SECTION>_<KEY>.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config/config.h"

namespace heliograph::config {

using Environment = std::vector<std::pair<std::string, std::string>>;
Environment process_environment();

// One thing wrong, ready to print: "heliograph.toml:41: [retry] max_delay: 5s is shorter than
// min_delay (30s)".
struct ConfigErrors {
  std::vector<std::string> lines;
  std::string text() const;  // one a line
};

struct Source {
  std::string path;  // empty: `text` is embedded
  std::string text;
  std::string name = "the embedded default";  // what errors and logs call it when it is embedded
};

// Which file holds: `explicit_path` (--config), HELIOGRAPH_CONFIG, ./heliograph.toml,
// /etc/heliograph/heliograph.toml, else the embedded default. An explicit one that cannot be read
// is an error.
std::expected<Source, ConfigErrors> find_source(const std::optional<std::string>& explicit_path,
                                                const Environment& environment);

// Parses and validates. Relative paths are resolved against the file's folder (the working folder
// when embedded). `env:` and `file:` secrets of the core's own keys are resolved; those inside
// plugin tables stay as written for core/plugin.
std::expected<Config, ConfigErrors> load(const Source& source, const Environment& environment);

// What the binary carries: config/heliograph.toml, the documented defaults with neither client nor
// provider, and config/demo.toml, the complete file of `serve --demo`.
std::string_view embedded_default();
std::string_view embedded_demo();

// Every key a file may have, as "http.listen" or "provider.*.weight", with its type in a word.
struct KeyInfo {
  std::string path;
  std::string type;
};
std::vector<KeyInfo> known_keys();

// `env:NAME`, `file:PATH` (trailing newline cut) or a literal. The error is a sentence that names
// no secret.
std::expected<std::string, std::string> resolve_secret(std::string_view written,
                                                       const Environment& environment,
                                                       const std::string& folder);

}  // namespace heliograph::config
