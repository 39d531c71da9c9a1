// Signatures of callbacks by Standard Webhooks 1.0: HMAC-SHA256 over "id.timestamp.body". Pure;
// thread-safe.
#pragma once

#include "core/ports/callback_signer.h"

namespace heliograph::http {

class WebhookSigner final : public ports::CallbackSigner {
 public:
  std::string sign(const std::vector<std::string_view>& secrets, std::string_view id,
                   std::int64_t unix_seconds, std::string_view body) const override;
};

// A secret as clients are given it: "whsec_" and its bytes in base64.
std::string webhook_secret_text(std::string_view secret);

}  // namespace heliograph::http
