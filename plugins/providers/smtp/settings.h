// The smtp provider's configuration, read and checked.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <heliograph/config.hpp>

#include "plugins/providers/smtp/mail.h"

namespace heliograph::plugins::smtp {

enum class Tls : std::uint8_t { kNone, kOpportunistic, kStartTls, kImplicit };

// Where the server is and how we get in. Views live as long as the configuration.
struct Endpoint {
  std::string url;  // smtp[s]://host:port/ehlo-name
  Tls tls = Tls::kStartTls;
  bool verify = true;
  std::string ca_file;
  std::string username;
  std::string password;
  std::string login_options;  // of libcurl; empty: its own choice
};

struct Settings {
  Endpoint endpoint;
  MailProfile profile;
  std::uint32_t connections_max = 4;
  std::uint32_t mails_per_connection = 100;
  std::chrono::nanoseconds connect_timeout{};
  std::chrono::nanoseconds reply_timeout{};
  std::chrono::nanoseconds idle_timeout{};
};

// Throws sdk::ConfigError naming the key.
Settings read_settings(const sdk::Config& config);

}  // namespace heliograph::plugins::smtp
