#include "core/app/version.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/app/commands.h"
#include "core/app/exit_codes.h"
#include "core/app/remote/api_client.h"
#include "heliograph/abi/base.h"

namespace heliograph::app {

std::string version_text() {
  return fmt::format("heliograph {} (plugin ABI {}.{})", kVersion, HG_ABI_MAJOR, HG_ABI_MINOR);
}

int print_version(const VersionCommand& command) {
  if (command.json) {
    print_json(
        {{"version", kVersion}, {"plugin_abi", fmt::format("{}.{}", HG_ABI_MAJOR, HG_ABI_MINOR)}});
  } else {
    fmt::print("{}\n", version_text());
  }
  return kExitOk;
}

}  // namespace heliograph::app
