// What this build is: product version, ABI, compiler.
#pragma once

#include <string>

namespace heliograph::app {

inline constexpr const char* kVersion = HELIOGRAPH_VERSION;

// "heliograph 0.1.0 (plugin ABI 1.0)"
std::string version_text();

}  // namespace heliograph::app
