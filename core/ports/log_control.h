// LogControl: what an operator may change about the log while the gateway runs. Threads: any; never
// blocks.
#pragma once

#include <cstdint>

#include "core/ports/log.h"

namespace heliograph::ports {

class LogControl {
 public:
  virtual ~LogControl() = default;
  virtual LogLevel level() const = 0;
  // From the next line on, until it is changed again or the process ends.
  virtual void set_level(LogLevel level) = 0;
  // Lines that found the queue full since the start; each took the place of the oldest.
  virtual std::uint64_t dropped() const = 0;
};

}  // namespace heliograph::ports
