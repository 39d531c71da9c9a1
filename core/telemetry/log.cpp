#include "core/telemetry/log.h"

#include <fmt/format.h>
#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <array>
#include <stdexcept>

namespace heliograph::telemetry {
namespace {

constexpr std::array kLevels = {spdlog::level::trace, spdlog::level::debug, spdlog::level::info,
                                spdlog::level::warn, spdlog::level::err};

spdlog::level::level_enum to_spdlog(ports::LogLevel level) {
  const auto index = static_cast<std::size_t>(level);
  return index < kLevels.size() ? kLevels.at(index) : spdlog::level::err;
}

spdlog::level::level_enum parse_level(const std::string& name) {
  static constexpr std::array kNames = {"trace", "debug", "info", "warn", "error"};
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames.at(i)) return kLevels.at(i);
  }
  throw std::invalid_argument(
      fmt::format("log.level '{}' is none of trace, debug, info, warn, error", name));
}

// RFC 8259, 7: what must be escaped in a string. Also keeps a line a line.
void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

bool needs_quotes(std::string_view value) {
  if (value.empty()) return true;
  for (const char c : value) {
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) return true;
  }
  return false;
}

class SpdLog final : public GatewayLog {
 public:
  explicit SpdLog(const LogOptions& options)
      : json_(options.format == "json"),
        pool_(std::make_shared<spdlog::details::thread_pool>(options.queue_lines, 1)) {
    auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
    logger_ = std::make_shared<spdlog::async_logger>("heliograph", std::move(sink), pool_,
                                                     spdlog::async_overflow_policy::overrun_oldest);
    logger_->set_level(parse_level(options.level));
    logger_->flush_on(spdlog::level::warn);
    if (json_) {
      logger_->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})",
                           spdlog::pattern_time_type::utc);
    } else {
      logger_->set_pattern("%H:%M:%S.%e %^%-5l%$ %v");
    }
  }
  ~SpdLog() override { logger_->flush(); }
  SpdLog(const SpdLog&) = delete;
  SpdLog& operator=(const SpdLog&) = delete;

  void set_level(const std::string& level) override { logger_->set_level(parse_level(level)); }

  bool enabled(ports::LogLevel level) const override {
    return logger_->should_log(to_spdlog(level));
  }

  void write(ports::LogLevel level, std::string_view event, const ports::LogField* fields,
             std::size_t count) override {
    const std::string line = json_ ? format_fields_json(event, fields, count)
                                   : format_fields_console(event, fields, count);
    logger_->log(to_spdlog(level), spdlog::string_view_t(line));
  }

 private:
  bool json_;
  std::shared_ptr<spdlog::details::thread_pool> pool_;  // outlives the logger that posts to it
  std::shared_ptr<spdlog::async_logger> logger_;
};

}  // namespace

std::string format_fields_console(std::string_view event, const ports::LogField* fields,
                                  std::size_t count) {
  std::string line(event);
  for (std::size_t i = 0; i < count; ++i) {
    const auto& [name, value] = fields[i];
    line += ' ';
    line += name;
    line += '=';
    if (needs_quotes(value)) {
      append_json_string(line, value);
    } else {
      line += value;
    }
  }
  return line;
}

std::string format_fields_json(std::string_view event, const ports::LogField* fields,
                               std::size_t count) {
  std::string line = "\"event\":";
  append_json_string(line, event);
  for (std::size_t i = 0; i < count; ++i) {
    line += ',';
    append_json_string(line, fields[i].first);
    line += ':';
    append_json_string(line, fields[i].second);
  }
  return line;
}

std::unique_ptr<GatewayLog> make_log(const LogOptions& options) {
  if (options.format != "console" && options.format != "json") {
    throw std::invalid_argument(
        fmt::format("log.format '{}' is neither console nor json", options.format));
  }
  return std::make_unique<SpdLog>(options);
}

}  // namespace heliograph::telemetry
