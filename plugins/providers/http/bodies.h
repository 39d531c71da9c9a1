// The body of a request for each channel: the operator's for the channel, else the operator's for
// all, else the gateway's own shape.
//
// A message whose content the body has no place for must not be sent without it: cannot_carry()
// tells. Immutable once built.
#pragma once

#include <array>
#include <string_view>

#include <heliograph/config.hpp>
#include <heliograph/message.hpp>

#include "plugins/providers/http/template.h"

namespace heliograph::plugins::http {

class Bodies {
 public:
  // Reads format, body and bodies. `rest`: what of a message stands elsewhere in the request (its
  // URL). Throws sdk::ConfigError naming the key.
  Bodies(const sdk::Config& config, const Secrets& secrets, const Template& rest);

  // Appends the body of this message to `out`.
  void render(const sdk::Message& message, std::string& out) const;

  // What would be lost, as a sentence for people; empty when nothing is.
  [[nodiscard]] std::string_view cannot_carry(const sdk::Message& message) const;

 private:
  struct Body {
    Template text{Escape::kJson};
    bool has_html = false;
    bool has_media = false;
    bool has_attachments = false;
  };
  static constexpr std::size_t kChannels = 3;

  [[nodiscard]] const Body& of(const sdk::Message& message) const;

  std::array<Body, kChannels> bodies_;
};

}  // namespace heliograph::plugins::http
