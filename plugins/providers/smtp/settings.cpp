#include "plugins/providers/smtp/settings.h"

#include <algorithm>
#include <cctype>

#include "plugins/providers/smtp/address.h"

namespace heliograph::plugins::smtp {

namespace {

Tls tls_named(std::string_view name) {
  if (name == "none") return Tls::kNone;
  if (name == "opportunistic") return Tls::kOpportunistic;
  return name == "implicit" ? Tls::kImplicit : Tls::kStartTls;
}

std::int64_t usual_port(Tls tls) {
  if (tls == Tls::kImplicit) return 465;
  return tls == Tls::kStartTls ? 587 : 25;
}

// An address of version 6 stands in brackets within a URL.
std::string host_of(std::string_view host) {
  const bool plain = std::ranges::all_of(host, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == ':' ||
           c == '_' || c == '[' || c == ']';
  });
  if (!plain) throw sdk::ConfigError("host", "must be a name or an address");
  const bool bare_v6 = host.find(':') != std::string_view::npos && host.front() != '[';
  return bare_v6 ? "[" + std::string(host) + "]" : std::string(host);
}

std::string percent_encoded(std::string_view name) {
  std::string encoded;
  for (const char c : name) {
    if (c == '[') {
      encoded += "%5B";
    } else if (c == ']') {
      encoded += "%5D";
    } else {
      encoded += c;
    }
  }
  return encoded;
}

std::string url_of(const sdk::Config& config, Tls tls) {
  const std::int64_t port = config.find_integer("port").value_or(usual_port(tls));
  return std::string(tls == Tls::kImplicit ? "smtps" : "smtp") + "://" +
         host_of(config.text("host")) + ":" + std::to_string(port) + "/" +
         percent_encoded(config.text("ehlo_name"));
}

std::string login_options_of(std::string_view auth) {
  if (auth == "auto") return {};
  std::string mechanism(auth);
  std::ranges::transform(mechanism, mechanism.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return "AUTH=" + mechanism;
}

Endpoint read_endpoint(const sdk::Config& config) {
  Endpoint endpoint;
  endpoint.tls = tls_named(config.text("tls"));
  endpoint.url = url_of(config, endpoint.tls);
  endpoint.verify = config.flag("verify");
  endpoint.ca_file = config.text("ca_file");
  endpoint.username = config.text("username");
  endpoint.password = config.find_text("password").value_or("");
  endpoint.login_options = login_options_of(config.text("auth"));
  if (endpoint.username.empty() != endpoint.password.empty()) {
    throw sdk::ConfigError(endpoint.username.empty() ? "username" : "password",
                           "is needed: username and password come together");
  }
  const bool certain = endpoint.tls == Tls::kStartTls || endpoint.tls == Tls::kImplicit;
  if (!endpoint.username.empty() && !certain && !config.flag("plaintext_auth")) {
    throw sdk::ConfigError("username",
                           "needs tls starttls or implicit (or plaintext_auth = true: the password "
                           "may then cross the network unencrypted)");
  }
  return endpoint;
}

MailProfile read_profile(const sdk::Config& config) {
  MailProfile profile{.from_name = config.text("from_name"),
                      .envelope_from = config.text("envelope_from"),
                      .message_id_domain = config.text("message_id_domain")};
  for (const sdk::Config& name : config.children("metadata_headers")) {
    if (!name.text().starts_with("x-") || !is_header_name(name.text())) {
      throw sdk::ConfigError("metadata_headers." + std::string(name.key()),
                             "must be x- and letters, digits, - or _");
    }
    profile.metadata_headers.push_back(name.text());
  }
  if (!is_text(profile.from_name)) {
    throw sdk::ConfigError("from_name", "must have no control characters");
  }
  if (!profile.envelope_from.empty() &&
      form_of_address(profile.envelope_from) == AddressForm::kInvalid) {
    throw sdk::ConfigError("envelope_from", "must be an e-mail address");
  }
  return profile;
}

std::chrono::nanoseconds positive(const sdk::Config& config, std::string_view key) {
  const std::chrono::nanoseconds value = config.duration(key);
  if (value <= std::chrono::nanoseconds::zero()) throw sdk::ConfigError(key, "must be positive");
  return value;
}

}  // namespace

Settings read_settings(const sdk::Config& config) {
  Settings settings;
  settings.endpoint = read_endpoint(config);
  settings.profile = read_profile(config);
  settings.connections_max = static_cast<std::uint32_t>(config.integer("max_connections"));
  settings.mails_per_connection =
      static_cast<std::uint32_t>(config.integer("mails_per_connection"));
  settings.connect_timeout = positive(config, "connect_timeout");
  settings.reply_timeout = positive(config, "reply_timeout");
  settings.idle_timeout = positive(config, "idle_timeout");
  return settings;
}

}  // namespace heliograph::plugins::smtp
