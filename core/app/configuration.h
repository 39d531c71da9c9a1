// Loads the configuration a command works with: the file that holds, or the demo's.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>

#include "core/config/config.h"

namespace heliograph::app {

// what() is every error, one a line (exit code 78).
class ConfigInvalid : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// With `demo` and no path, the embedded demo configuration; the environment applies to it as to a
// file. Throws ConfigInvalid.
config::Config load_configuration(const std::optional<std::string>& path, bool demo);

// What the configuration points to and loading does not open: certificates and keys. Throws
// ConfigInvalid.
void check_files(const config::Config& config);

}  // namespace heliograph::app
