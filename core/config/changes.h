// What differs between the configuration in force and a new one, and whether it may change while
// the gateway serves. Pure.
//
// Fail-safe: a key that nothing here knows of is one that needs a restart.
#pragma once

#include <string>
#include <vector>

#include "core/config/config.h"

namespace heliograph::config {

struct Changes {
  std::vector<std::string> reloadable;        // "log.level", "client.shop.quiet_hours"
  std::vector<std::string> restart_required;  // "store", "http"
  bool dispatch = false;  // of the reloadable ones some are about providers, strategies or limits
  bool none() const { return reloadable.empty() && restart_required.empty(); }
};

// Where a table stands in its file, where the file is, and notes for the log are no difference.
Changes changes(const Config& in_force, const Config& wanted);

}  // namespace heliograph::config
