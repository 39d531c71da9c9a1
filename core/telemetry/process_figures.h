// What the system knows of this process, under the names that every Prometheus client library uses
// (process_...). Linux: read from /proc/self; what cannot be read is left out. Any thread.
#pragma once

#include <vector>

#include "core/telemetry/metrics.h"

namespace heliograph::telemetry {

std::vector<Family> process_figures();

}  // namespace heliograph::telemetry
