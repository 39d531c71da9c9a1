#include "plugins/providers/http/request_plan.h"

#include <algorithm>
#include <array>
#include <utility>

#include "plugins/providers/http/base64.h"
#include "plugins/providers/http/json_table.h"

namespace heliograph::plugins::http {

namespace {

bool equal_names(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

// RFC 9110, section 5.6.2.
bool is_token(std::string_view text) {
  constexpr std::string_view kSymbols = "!#$%&'*+-.^_`|~";
  const auto allowed = [&](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || kSymbols.find(c) != std::string_view::npos;
  };
  return !text.empty() && std::ranges::all_of(text, allowed);
}

// The gateway frames the request, so these are its own.
bool reserved(std::string_view name) {
  constexpr std::array<std::string_view, 4> kReserved{"host", "content-length", "connection",
                                                      "transfer-encoding"};
  return std::ranges::any_of(kReserved, [&](std::string_view r) { return equal_names(r, name); });
}

std::string basic_credentials(std::string_view userpass) {
  std::string value = "Basic ";
  append_base64(value, userpass);
  return value;
}

// A secret read from a file often ends in a newline, which no header can carry.
std::string secret_text(const sdk::Config& config, std::string_view path) {
  const std::string_view text = config.find_text(path).value_or("");
  if (std::ranges::any_of(text, control)) {
    throw sdk::ConfigError(path, "holds a control character (a line end in the secret's file?)");
  }
  return std::string(text);
}

// Empties a buffer; one that an attachment has blown up is not kept.
void release_large(std::string& buffer) {
  constexpr std::size_t kKept = 64 * 1024;
  if (buffer.capacity() > kKept) std::string().swap(buffer);
  buffer.clear();
}

}  // namespace

RequestPlan::RequestPlan(const sdk::Config& config) : method_(config.text("method")) {
  secrets_ = {secret_text(config, "auth.key"), secret_text(config, "auth.secret")};
  read_url(config);
  read_headers(config);
  read_auth(config);
  read_body(config);
  headers_.resize(header_templates_.size());
}

void RequestPlan::read_url(const sdk::Config& config) {
  const std::string_view url = config.text("url");
  const auto unfit = [](char c) { return c <= ' ' || static_cast<unsigned char>(c) >= 0x7F; };
  if (std::ranges::any_of(url, unfit)) {
    throw sdk::ConfigError("url", "holds spaces or characters beyond ASCII: percent-encode them");
  }
  if (url.find('#') != std::string_view::npos) {
    throw sdk::ConfigError("url", "holds a fragment (#), which is never sent");
  }
  url_template_.add_text(url, Template::Around::kAsIs, secrets_, "url");
  const std::string_view fixed = url_template_.prefix();
  const std::size_t scheme = fixed.starts_with("https://")  ? 8
                             : fixed.starts_with("http://") ? 7
                                                            : 0;
  if (scheme == 0) throw sdk::ConfigError("url", "must begin with http:// or https://");
  const std::size_t authority_end = std::min(fixed.find_first_of("/?", scheme), fixed.size());
  const std::string_view authority = fixed.substr(scheme, authority_end - scheme);
  // A message must not choose whom the gateway talks to.
  if (authority_end == fixed.size() && !url_template_.constant()) {
    throw sdk::ConfigError("url", "may have placeholders behind the host only");
  }
  if (authority.empty()) throw sdk::ConfigError("url", "names no host");
  if (authority.find('@') != std::string_view::npos) {
    throw sdk::ConfigError("url", "holds credentials: they belong into auth.username and password");
  }
}

void RequestPlan::read_headers(const sdk::Config& config) {
  for (const auto& [name, value] : texts_at(config, "/headers")) {
    add_header(name, value, "headers." + name);
  }
  const std::string_view idempotency = config.text("idempotency_header");
  if (!idempotency.empty()) {
    add_header(idempotency, "{idempotency_key}", "idempotency_header");
  }
}

void RequestPlan::read_auth(const sdk::Config& config) {
  const std::string bearer = secret_text(config, "auth.bearer");
  const std::string username = secret_text(config, "auth.username");
  const std::string password = secret_text(config, "auth.password");
  if (!bearer.empty() && !username.empty()) {
    throw sdk::ConfigError("auth", "takes bearer or username, not both");
  }
  if (username.empty() && !password.empty()) {
    throw sdk::ConfigError("auth.username", "is missing beside auth.password");
  }
  if (username.find(':') != std::string::npos) {
    throw sdk::ConfigError("auth.username", "holds a colon (RFC 7617, section 2, forbids it)");
  }
  if (bearer.empty() && username.empty()) return;
  if (has_header("authorization")) {
    throw sdk::ConfigError("headers.authorization", "is set by auth already");
  }
  const std::string value =
      bearer.empty() ? basic_credentials(username + ":" + password) : "Bearer " + bearer;
  add_default_header("authorization", value);
}

void RequestPlan::read_body(const sdk::Config& config) {
  bodies_.emplace(config, secrets_, url_template_);
  if (method_ == "GET") return;
  const bool form = config.text("format") == "form";
  add_default_header("content-type",
                     form ? "application/x-www-form-urlencoded" : "application/json");
  add_default_header("accept", "application/json");
}

void RequestPlan::add_header(std::string_view name, std::string_view value, std::string_view path) {
  if (!is_token(name)) throw sdk::ConfigError(path, "is no header name");
  if (reserved(name)) throw sdk::ConfigError(path, "is set by the gateway itself");
  if (has_header(name)) throw sdk::ConfigError(path, "is there twice");
  if (std::ranges::any_of(value, control)) {
    throw sdk::ConfigError(path, "holds a control character");
  }
  Header header{std::string(name), Template(Escape::kHeader), {}};
  header.value.add_text(value, Template::Around::kAsIs, secrets_, path);
  header_templates_.push_back(std::move(header));
}

void RequestPlan::add_default_header(std::string_view name, std::string_view value) {
  if (has_header(name)) return;
  Header header{std::string(name), Template(Escape::kHeader), {}};
  header.value.add_literal(value);
  header_templates_.push_back(std::move(header));
}

bool RequestPlan::has_header(std::string_view name) const {
  return std::ranges::any_of(header_templates_,
                             [&](const Header& h) { return equal_names(h.name, name); });
}

std::string_view RequestPlan::fill(const sdk::Message& message) {
  if (const std::string_view lost = bodies_->cannot_carry(message); !lost.empty()) return lost;
  url_.clear();
  url_template_.render(message, url_);
  release_large(body_);
  bodies_->render(message, body_);
  for (std::size_t i = 0; i < header_templates_.size(); ++i) {
    Header& header = header_templates_[i];
    header.filled.clear();
    header.value.render(message, header.filled);
    headers_[i] = sdk::kv(header.name, header.filled);
  }
  return {};
}

}  // namespace heliograph::plugins::http
