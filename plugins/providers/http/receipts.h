// What a provider posts to us: who may, what its delivery reports say, and which of it is a message
// that came in (inbound.h).
//
// Pure: a request in, an answer with events out. Thread-safe (immutable).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <heliograph/config.hpp>
#include <heliograph/ingress.hpp>

#include "plugins/providers/http/inbound.h"

namespace heliograph::plugins::http {

class ReceiptReader {
 public:
  // Reads the `receipts` table. Throws sdk::ConfigError naming the key.
  explicit ReceiptReader(const sdk::Config& config);

  // Receipts are wanted at all.
  [[nodiscard]] bool enabled() const noexcept { return enabled_; }
  // Messages may come in.
  [[nodiscard]] bool inbound() const noexcept { return inbound_.enabled(); }

  // 200 with the receipts and messages found; else nothing is believed and the text says why: 400
  // for what cannot be read, 401 for a signature that is missing or wrong, 403 for a stranger where
  // there is no secret, 404 when receipts are switched off, 405 for a method but POST, 413 for too
  // many at once.
  [[nodiscard]] sdk::IngressAnswer read(const sdk::IngressRequest& request) const;

 private:
  struct Pointers {
    std::string list;  // of the array of receipts in the body; "": the body itself
    std::string provider_message_id;
    std::string message_id;
    std::string status;
    std::string code;
    std::string reason;
    std::string timestamp;
  };

  [[nodiscard]] static sdk::IngressAnswer switched_off();
  [[nodiscard]] sdk::IngressAnswer read_document(std::string_view document) const;
  [[nodiscard]] std::string add(std::string_view element, sdk::Events& events) const;
  [[nodiscard]] std::uint32_t state_of(std::string_view status) const;

  bool enabled_ = true;
  std::string secret_;
  std::string header_;  // in lower case
  InboundReader inbound_;
  Pointers pointers_;
  std::map<std::string, std::uint32_t, std::less<>> states_;  // by status in upper case
};

}  // namespace heliograph::plugins::http
