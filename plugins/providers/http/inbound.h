// Messages that a provider posts to us: which elements of its requests are some, and what they say.
//
// Pure; thread-safe (immutable). Who may post is receipts.h's to say: one door for both.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <heliograph/config.hpp>
#include <heliograph/ingress.hpp>

namespace heliograph::plugins::http {

class InboundReader {
 public:
  // Reads the `inbound` table. Throws sdk::ConfigError naming the key.
  explicit InboundReader(const sdk::Config& config);

  // Messages are wanted at all.
  [[nodiscard]] bool enabled() const noexcept { return enabled_; }

  // This element (an object) is a message, not a receipt.
  [[nodiscard]] bool matches(std::string_view element) const;

  // Adds it; the answer is what is wrong with it, "" when nothing.
  [[nodiscard]] std::string add(std::string_view element, sdk::Events& events) const;

 private:
  struct Pointers {
    std::string kind;
    std::string id;
    std::string from;
    std::string to;
    std::string text;
    std::string subject;
    std::string html;
    std::string media;  // with "{n}": numbered fields
    std::string channel;
    std::string timestamp;
  };

  [[nodiscard]] std::vector<std::string> media_of(std::string_view element) const;

  bool enabled_ = true;
  std::string kind_value_;
  Pointers pointers_;
};

}  // namespace heliograph::plugins::http
