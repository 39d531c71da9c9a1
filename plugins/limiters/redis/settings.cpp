#include "plugins/limiters/redis/settings.h"

#include <charconv>
#include <optional>

namespace heliograph::plugins::redis {

const std::string_view kSchema = R"json({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "url": {
      "type": "string", "minLength": 1, "default": "redis://127.0.0.1:6379/0", "x-secret": true,
      "description": "redis://[user:password@]host[:port][/db]; reserved characters of user and password as %XX."
    },
    "prefix": {
      "type": "string", "minLength": 1, "maxLength": 64, "default": "rate_limit:",
      "description": "Of the limits' keys: rate_limit:provider1."
    },
    "health_prefix": {
      "type": "string", "minLength": 1, "maxLength": 64, "default": "health:",
      "description": "Of the shared health counts' keys: health:provider1:counts."
    },
    "connect_timeout": {
      "type": "string", "x-unit": "duration", "default": "1s",
      "description": "From the name's look-up to the end of the greeting."
    },
    "command_timeout": {
      "type": "string", "x-unit": "duration", "default": "500ms",
      "description": "A connection that owes an answer for so long is given up and made anew."
    },
    "settle": {
      "type": "string", "x-unit": "duration", "default": "60s",
      "description": "After Redis lost its memory nothing is granted for a limit's window, at most for this long."
    }
  }
})json";

namespace {

[[noreturn]] void refuse(const std::string& why) { throw sdk::ConfigError("url", why); }

template <typename Number>
Number number(std::string_view text, std::uint32_t most, const std::string& what) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > most) {
    refuse(what + " must be a number from 0 to " + std::to_string(most));
  }
  return static_cast<Number>(value);
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned value = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 2 || error != std::errc{} || end != digits.data() + 2) {
      refuse("'%' in user or password must begin %XX");
    }
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

void read_credentials(std::string_view text, Url& url) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) refuse("user without a password: write user:password@host");
  url.user = decoded(text.substr(0, colon));
  url.password = decoded(text.substr(colon + 1));
  if (url.password.empty()) refuse("the password is empty");
}

void read_authority(std::string_view text, Url& url) {
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == std::string_view::npos) refuse("the address in [ ] does not end");
  const std::size_t colon = text.find(':', bracket);
  url.host = text.substr(0, colon);
  if (bracket != 0) url.host = text.substr(1, bracket - 1);
  if (url.host.empty()) refuse("the host is missing");
  if (colon != std::string_view::npos) {
    url.port = number<std::uint16_t>(text.substr(colon + 1), 65'535, "the port");
  }
  if (url.port == 0) refuse("the port must not be 0");
}

}  // namespace

Url parse_url(std::string_view text) {
  constexpr std::string_view kScheme = "redis://";
  if (text.starts_with("rediss://")) {
    refuse(
        "rediss:// (TLS) is not in this build: its hiredis has no TLS. Use redis:// through a "
        "tunnel that has it, such as stunnel");
  }
  if (!text.starts_with(kScheme)) refuse("must begin with redis://");
  text.remove_prefix(kScheme.size());
  Url url;
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
    read_credentials(text.substr(0, at), url);
    text.remove_prefix(at + 1);
  }
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos && slash + 1 < text.size()) {
    url.database = number<std::uint32_t>(text.substr(slash + 1), 65'535, "the database");
  }
  read_authority(text.substr(0, slash), url);
  return url;
}

Settings::Settings(const sdk::Config& config)
    : url(parse_url(config.text("url"))),
      prefix(config.text("prefix")),
      health_prefix(config.text("health_prefix")),
      connect_timeout(config.duration("connect_timeout")),
      command_timeout(config.duration("command_timeout")),
      settle(config.duration("settle")) {
  if (connect_timeout.count() <= 0) throw sdk::ConfigError("connect_timeout", "must be above 0");
  if (command_timeout.count() <= 0) throw sdk::ConfigError("command_timeout", "must be above 0");
}

}  // namespace heliograph::plugins::redis
