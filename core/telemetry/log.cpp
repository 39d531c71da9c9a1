#include "core/telemetry/log.h"

#include <fmt/format.h>
#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>

#include "core/base/json_text.h"

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

bool needs_quotes(std::string_view value) {
  if (value.empty()) return true;
  for (const char c : value) {
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) return true;
  }
  return false;
}

using Pool = spdlog::details::thread_pool;

// Standard error, and a line of its own that tells how many lines were lost before it: at most one
// a second, and what is left at the end.
class TellingSink final : public spdlog::sinks::sink {
 public:
  TellingSink(std::shared_ptr<spdlog::sinks::sink> out, Pool& pool, bool json)
      : out_(std::move(out)), pool_(pool), json_(json) {}

  // [the log's thread]
  void log(const spdlog::details::log_msg& line) override {
    out_->log(line);
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + kPace;
    tell();
  }
  void flush() override { out_->flush(); }
  void set_pattern(const std::string& pattern) override { out_->set_pattern(pattern); }
  void set_formatter(std::unique_ptr<spdlog::formatter> formatter) override {
    out_->set_formatter(std::move(formatter));
  }

  // [any thread, once the log's has ended]
  void tell_the_rest(std::uint64_t lost) { tell(lost); }

 private:
  static constexpr std::chrono::seconds kPace{1};

  void tell() { tell(pool_.overrun_counter()); }

  void tell(std::uint64_t lost) {
    if (lost == told_) return;
    const std::string count = fmt::to_string(lost - told_);
    const std::string all = fmt::to_string(lost);
    told_ = lost;
    const std::array<ports::LogField, 2> fields = {{{"lines", count}, {"since_start", all}}};
    const std::string text = json_ ? format_fields_json(kLost, fields.data(), fields.size())
                                   : format_fields_console(kLost, fields.data(), fields.size());
    out_->log(spdlog::details::log_msg("heliograph", spdlog::level::warn, text));
  }

  static constexpr std::string_view kLost = "log lines lost: standard error does not keep up";
  std::shared_ptr<spdlog::sinks::sink> out_;
  Pool& pool_;  // whose thread calls log(), so never after its end; not owned: it would own itself
  bool json_;
  std::uint64_t told_ = 0;
  std::chrono::steady_clock::time_point next_{};
};

class SpdLog final : public OperatedLog {
 public:
  explicit SpdLog(const LogOptions& options)
      : json_(options.format == "json"),
        pool_(std::make_shared<Pool>(options.queue_lines, 1)),
        sink_(std::make_shared<TellingSink>(std::make_shared<spdlog::sinks::stderr_color_sink_mt>(),
                                            *pool_, json_)) {
    logger_ = std::make_shared<spdlog::async_logger>("heliograph", sink_, pool_,
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
  // The pool's thread writes what is queued before it ends.
  ~SpdLog() override {
    const std::uint64_t lost = pool_->overrun_counter();
    logger_.reset();
    pool_.reset();
    sink_->tell_the_rest(lost);
    sink_->flush();
  }
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

  ports::LogLevel level() const override {
    const auto found = std::find(kLevels.begin(), kLevels.end(), logger_->level());
    return static_cast<ports::LogLevel>(found - kLevels.begin());
  }
  void set_level(ports::LogLevel level) override { logger_->set_level(to_spdlog(level)); }
  std::uint64_t dropped() const override { return pool_->overrun_counter(); }

 private:
  bool json_;
  std::shared_ptr<Pool> pool_;  // outlives the logger that posts to it
  std::shared_ptr<TellingSink> sink_;
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
      base::append_json_string(line, value);
    } else {
      line += value;
    }
  }
  return line;
}

std::string format_fields_json(std::string_view event, const ports::LogField* fields,
                               std::size_t count) {
  std::string line = "\"event\":";
  base::append_json_string(line, event);
  for (std::size_t i = 0; i < count; ++i) {
    line += ',';
    base::append_json_string(line, fields[i].first);
    line += ':';
    base::append_json_string(line, fields[i].second);
  }
  return line;
}

std::unique_ptr<OperatedLog> make_log(const LogOptions& options) {
  if (options.format != "console" && options.format != "json") {
    throw std::invalid_argument(
        fmt::format("log.format '{}' is neither console nor json", options.format));
  }
  return std::make_unique<SpdLog>(options);
}

}  // namespace heliograph::telemetry
