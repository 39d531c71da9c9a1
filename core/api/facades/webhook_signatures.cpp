#include "core/api/facades/webhook_signatures.h"

#include <algorithm>
#include <array>
#include <span>
#include <stdexcept>
#include <utility>

#include "core/base/base64.h"
#include "core/base/text.h"
#include "core/http/digest.h"

namespace heliograph::api {
namespace {

template <std::size_t N>
std::string_view text_of(const std::array<std::uint8_t, N>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Where the authority of "https://host:443/path" ends.
std::size_t authority_end(std::string_view url) {
  const auto scheme = url.find("://");
  const auto from = scheme == std::string_view::npos ? 0 : scheme + 3;
  return std::min(url.find_first_of("/?", from), url.size());
}

// Providers differ in whether they sign the port that their scheme has anyway: all spellings.
std::vector<std::string> spellings(std::string_view url) {
  const std::string_view port = url.starts_with("https:") ? ":443" : ":80";
  const std::size_t end = authority_end(url);
  const std::string_view head = url.substr(0, end);
  const std::string_view tail = url.substr(end);
  std::vector<std::string> all{std::string(url)};
  const auto colon = head.rfind(':');
  const bool has_port = colon != std::string_view::npos && colon > head.find("://") &&
                        head.find(']', colon) == std::string_view::npos;
  if (has_port) {
    all.push_back(std::string(head.substr(0, colon)) + std::string(tail));
  } else {
    all.push_back(std::string(head) + std::string(port) + std::string(tail));
  }
  return all;
}

bool has_body_digest(const http::Request& request) {
  const auto given = request.query_value("bodySHA256");
  if (!given) return false;
  const auto digest = http::sha256(request.body);
  const std::string hex = base::to_hex(std::as_bytes(std::span(digest)));
  return http::equal_secrets(base::to_lower_ascii(*given), hex);
}

std::string key_bytes(const std::string& base64) {
  if (base64.empty()) return {};
  auto bytes = base::from_base64(base64);
  if (!bytes || !http::is_p256_key(*bytes)) {
    throw std::runtime_error(
        "facades.sendgrid_public_key is no public key of the curve P-256 in base64");
  }
  return *std::move(bytes);
}

}  // namespace

std::string twilio_signature(std::string_view token, std::string_view url,
                             const std::vector<http::Header>& parameters) {
  std::vector<http::Header> sorted = parameters;
  std::ranges::sort(sorted);
  const auto repeated = std::ranges::unique(sorted);
  sorted.erase(repeated.begin(), repeated.end());
  std::string signed_text(url);
  for (const auto& [name, value] : sorted) {
    signed_text += name;
    signed_text += value;
  }
  return base::to_base64(text_of(http::hmac_sha1(token, signed_text)));
}

WebhookSignatures::WebhookSignatures(std::string twilio_token,
                                     const std::string& sendgrid_public_key)
    : twilio_token_(std::move(twilio_token)), sendgrid_key_(key_bytes(sendgrid_public_key)) {}

bool WebhookSignatures::is_twilio(const http::Request& request, std::string_view url,
                                  const std::vector<http::Header>* form) const {
  const auto given = request.header("x-twilio-signature");
  if (!given) return false;
  if (form == nullptr && !request.body.empty() && !has_body_digest(request)) return false;
  const std::vector<http::Header> none;
  return std::ranges::any_of(spellings(url), [&](const std::string& spelling) {
    const auto expected = twilio_signature(twilio_token_, spelling, form ? *form : none);
    return http::equal_secrets(expected, *given);
  });
}

bool WebhookSignatures::is_sendgrid(const http::Request& request) const {
  const auto signature = request.header("x-twilio-email-event-webhook-signature");
  const auto timestamp = request.header("x-twilio-email-event-webhook-timestamp");
  if (!signature || !timestamp) return false;
  const auto der = base::from_base64(*signature);
  if (!der) return false;
  return http::verify_p256(sendgrid_key_, std::string(*timestamp) + request.body, *der);
}

}  // namespace heliograph::api
