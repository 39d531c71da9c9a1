// StoredMessage: a message for send(), with the strings its views point to.
#pragma once

#include <heliograph/abi/abi.h>

#include <cstdint>
#include <string>
#include <vector>

#include <heliograph/testing/records.hpp>

namespace heliograph::sdk::testing {

// One part of a message.
struct PartSpec {
  std::uint32_t kind = HG_PART_MEDIA;
  std::string content_type{};
  std::string name{};
  std::string url{};
  std::string body{};
};

// What a test says of a message; the rest has sensible values.
struct MessageSpec {
  std::string id = "01890a5d-ac96-774b-bcce-b302099a8057";
  std::string idempotency_key = "key-1";
  std::string from = "TEST";
  std::string to = "+14155552671";
  std::string body = "Hello";
  std::string subject{};
  std::string content_type{};
  std::uint32_t channel = HG_CH_SMS;
  Pairs headers{};
  std::vector<PartSpec> parts{};
};

class StoredMessage {
 public:
  explicit StoredMessage(MessageSpec spec);
  StoredMessage(const StoredMessage&) = delete;
  StoredMessage& operator=(const StoredMessage&) = delete;
  const hg_message* raw() const { return &raw_; }

 private:
  MessageSpec spec_;
  std::vector<hg_kv> headers_;
  std::vector<hg_part> parts_;
  hg_message raw_{};
};

}  // namespace heliograph::sdk::testing
