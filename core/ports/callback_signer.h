// CallbackSigner: how callbacks are signed. core/http implements it (OpenSSL), core/pipeline uses
// it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace heliograph::ports {

class CallbackSigner {
 public:
  virtual ~CallbackSigner() = default;
  // The value of the header webhook-signature (Standard Webhooks 1.0): one signature for each
  // secret, separated by blanks. Secrets are bytes, not their text form. Any thread.
  virtual std::string sign(const std::vector<std::string_view>& secrets, std::string_view id,
                           std::int64_t unix_seconds, std::string_view body) const = 0;
};

}  // namespace heliograph::ports
