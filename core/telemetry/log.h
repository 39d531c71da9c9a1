// The gateway's log on spdlog: asynchronous, to standard error, readable or JSON.
//
// Lines wait in a bounded queue for a thread of their own; when it is full the oldest is
// overwritten, so that logging never holds up a message, and a warning tells how many were. One Log
// lives as long as the process's work; its destruction flushes.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/ports/log.h"
#include "core/ports/log_control.h"

namespace heliograph::telemetry {

struct LogOptions {
  std::string level = "info";      // trace, debug, info, warn, error
  std::string format = "console";  // or "json": one object a line
  std::size_t queue_lines = 8192;
};

// The log, and the handle to its level.
class OperatedLog : public ports::Log, public ports::LogControl {
 public:
  using ports::LogControl::set_level;
  // [any thread] By its name in the configuration. Throws std::invalid_argument for another one.
  virtual void set_level(const std::string& level) = 0;
};

// Throws std::invalid_argument for an unknown level or format.
std::unique_ptr<OperatedLog> make_log(const LogOptions& options);

// One log line's text, without time and level. Exposed for its tests.
std::string format_fields_console(std::string_view event, const ports::LogField* fields,
                                  std::size_t count);
std::string format_fields_json(std::string_view event, const ports::LogField* fields,
                               std::size_t count);

}  // namespace heliograph::telemetry
