// The redis limiter's configuration, read and checked.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <heliograph/config.hpp>

namespace heliograph::plugins::redis {

// redis://[[user]:password@]host[:port][/db]
struct Url {
  std::string user{};
  std::string password{};
  std::string host{};
  std::uint16_t port = 6379;
  std::uint32_t database = 0;
};

// Throws sdk::ConfigError("url", why); the text never shows the password.
Url parse_url(std::string_view text);

struct Settings {
  Url url;
  std::string prefix;
  std::string health_prefix;
  std::chrono::nanoseconds connect_timeout;
  std::chrono::nanoseconds command_timeout;
  std::chrono::nanoseconds settle;

  // Throws sdk::ConfigError.
  explicit Settings(const sdk::Config& config);
};

// Of [limiter.config].
extern const std::string_view kSchema;

}  // namespace heliograph::plugins::redis
