#include "core/app/version.h"

#include <fmt/format.h>

#include "heliograph/abi/base.h"

namespace heliograph::app {

std::string version_text() {
  return fmt::format("heliograph {} (plugin ABI {}.{})", kVersion, HG_ABI_MAJOR, HG_ABI_MINOR);
}

}  // namespace heliograph::app
