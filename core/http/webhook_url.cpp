#include "core/http/webhook_url.h"

#include <fmt/format.h>

#include "core/http/address_policy.h"
#include "core/http/url.h"

namespace heliograph::http {
namespace {

constexpr std::size_t kUrlMax = 2'048;

}  // namespace

WebhookUrlRules::WebhookUrlRules(const std::vector<std::string>& allow_cidrs, bool allow_http)
    : addresses_(std::make_unique<AddressPolicy>(
          ports::HttpAddressRules{.public_only = true, .allow_cidrs = allow_cidrs})),
      allow_http_(allow_http) {}

WebhookUrlRules::~WebhookUrlRules() = default;

std::optional<std::string> WebhookUrlRules::fault(std::string_view url) const {
  if (url.size() > kUrlMax) return fmt::format("Must have at most {} bytes.", kUrlMax);
  const auto parsed = parse_url(url);
  if (!parsed) {
    return "Must be an absolute https:// URL in ASCII, without credentials and fragment.";
  }
  if (!parsed->tls && !allow_http_) {
    return "Must be https://; http:// is not allowed here (callbacks.allow_http).";
  }
  if (const auto reason = addresses_->refusal_of_host(parsed->host)) {
    return fmt::format("Its address is not allowed: {}.", *reason);
  }
  return std::nullopt;
}

}  // namespace heliograph::http
