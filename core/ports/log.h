// Log: one line for each decision an operator may ask about. An event in a few words, then fields;
// never a text, a key or a whole telephone number (base::mask_address).
//
// Levels: error = someone must act, warn = degraded but handled, info = life cycle, debug = each
// message. Threads: any. Never blocks: lines are dropped, and counted, when the writer cannot
// follow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace heliograph::ports {

enum class LogLevel : std::uint8_t { kTrace, kDebug, kInfo, kWarn, kError };  // as HG_LOG_*

using LogField = std::pair<std::string_view, std::string_view>;

class Log {
 public:
  virtual ~Log() = default;
  virtual bool enabled(LogLevel level) const = 0;
  virtual void write(LogLevel level, std::string_view event, const LogField* fields,
                     std::size_t count) = 0;

  void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {}) {
    if (enabled(level)) write(level, event, fields.begin(), fields.size());
  }
  void debug(std::string_view event, std::initializer_list<LogField> fields = {}) {
    log(LogLevel::kDebug, event, fields);
  }
  void info(std::string_view event, std::initializer_list<LogField> fields = {}) {
    log(LogLevel::kInfo, event, fields);
  }
  void warn(std::string_view event, std::initializer_list<LogField> fields = {}) {
    log(LogLevel::kWarn, event, fields);
  }
  void error(std::string_view event, std::initializer_list<LogField> fields = {}) {
    log(LogLevel::kError, event, fields);
  }
};

}  // namespace heliograph::ports
