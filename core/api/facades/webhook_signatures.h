// Who speaks at a webhook: the signatures of the two providers that the Messaging service took
// reports from. Immutable; thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/message.h"

namespace heliograph::api {

// X-Twilio-Signature for a request to `url` with these form parameters: base64 of the HMAC-SHA1,
// keyed with the account's token, over the URL and, sorted by name, each name and value; of a name
// that is there more than once its different values, sorted. Pure.
std::string twilio_signature(std::string_view token, std::string_view url,
                             const std::vector<http::Header>& parameters);

class WebhookSignatures {
 public:
  // Empty: that provider's webhooks are not signed. Throws std::runtime_error naming the key where
  // `sendgrid_public_key` is not the base64 of a P-256 key.
  WebhookSignatures(std::string twilio_token, const std::string& sendgrid_public_key);

  bool checks_twilio() const { return !twilio_token_.empty(); }
  bool checks_sendgrid() const { return !sendgrid_key_.empty(); }

  // `url` as Twilio called it; with and without the scheme's own port is the same. `form`: the
  // parameters of a form; a body that is none must have its SHA-256 as bodySHA256 in the query.
  bool is_twilio(const http::Request& request, std::string_view url,
                 const std::vector<http::Header>* form) const;
  // ECDSA over the time in X-Twilio-Email-Event-Webhook-Timestamp and the body as it came.
  bool is_sendgrid(const http::Request& request) const;

 private:
  std::string twilio_token_;
  std::string sendgrid_key_;  // DER
};

// What came in at the webhooks since start.
struct WebhookCounts {
  struct Events {
    std::atomic<std::uint64_t> applied{0};
    std::atomic<std::uint64_t> unchanged{0};  // repeated, intermediate, too late
    std::atomic<std::uint64_t> parked{0};     // of no message that is known (yet)
    std::atomic<std::uint64_t> inbound{0};    // messages that came in
    std::atomic<std::uint64_t> ignored{0};    // no report of a message: opened, clicked
    std::atomic<std::uint64_t> refused{0};    // requests with a wrong signature
  };
  Events twilio;
  Events sendgrid;
  Events generic;
};

}  // namespace heliograph::api
