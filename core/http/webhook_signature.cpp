#include "core/http/webhook_signature.h"

#include <fmt/format.h>

#include "core/base/base64.h"
#include "core/http/digest.h"

namespace heliograph::http {

std::string WebhookSigner::sign(const std::vector<std::string_view>& secrets, std::string_view id,
                                std::int64_t unix_seconds, std::string_view body) const {
  const std::string content = fmt::format("{}.{}.{}", id, unix_seconds, body);
  std::string signatures;
  for (const std::string_view secret : secrets) {
    const auto digest = hmac_sha256(secret, content);
    if (!signatures.empty()) signatures += ' ';
    signatures += "v1,";
    signatures += base::to_base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
  }
  return signatures;
}

std::string webhook_secret_text(std::string_view secret) {
  return "whsec_" + base::to_base64(secret);
}

}  // namespace heliograph::http
