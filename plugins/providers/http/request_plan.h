// The request of every message, worked out once: what is left to do per message is to fill in
// templates.
//
// The buffers of one request are reused by the next, so a send allocates nothing once they have
// grown. Not thread-safe: the instance's strand owns it.
#pragma once

#include <heliograph/abi/abi.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <heliograph/config.hpp>
#include <heliograph/message.hpp>

#include "plugins/providers/http/bodies.h"
#include "plugins/providers/http/template.h"

namespace heliograph::plugins::http {

class RequestPlan {
 public:
  // Reads url, method, format, body, bodies, headers, auth and idempotency_header. Throws
  // sdk::ConfigError naming the key.
  explicit RequestPlan(const sdk::Config& config);

  // Fills in the templates; the views below are of this message until the next call. Result: what
  // of the message the request has no place for, as a sentence; empty when it is filled in whole.
  [[nodiscard]] std::string_view fill(const sdk::Message& message);

  [[nodiscard]] std::string_view method() const noexcept { return method_; }
  [[nodiscard]] std::string_view url() const noexcept { return url_; }
  [[nodiscard]] std::string_view body() const noexcept { return body_; }
  [[nodiscard]] std::span<const hg_kv> headers() const noexcept { return headers_; }

 private:
  struct Header {
    std::string name;
    Template value;
    std::string filled;
  };

  void read_url(const sdk::Config& config);
  void read_body(const sdk::Config& config);
  void read_headers(const sdk::Config& config);
  void read_auth(const sdk::Config& config);
  void add_header(std::string_view name, std::string_view value, std::string_view path);
  void add_default_header(std::string_view name, std::string_view value);
  [[nodiscard]] bool has_header(std::string_view name) const;

  Secrets secrets_;
  std::string method_;
  Template url_template_{Escape::kPercent};
  std::optional<Bodies> bodies_;
  std::vector<Header> header_templates_;
  std::string url_;
  std::string body_;
  std::vector<hg_kv> headers_;
};

}  // namespace heliograph::plugins::http
