// What a server offers in its reply to EHLO, as far as this plugin makes use of it.
#pragma once

#include <cstdint>
#include <string_view>

namespace heliograph::plugins::smtp {

struct Extensions {
  bool pipelining = false;     // RFC 2920
  bool smtputf8 = false;       // RFC 6531
  bool eight_bit = false;      // RFC 6152; SMTPUTF8 needs it
  bool size = false;           // RFC 1870
  std::uint64_t size_max = 0;  // bytes; 0: no limit is told
};

// `text` is the reply's, one line an extension.
Extensions extensions_of(std::string_view text);

}  // namespace heliograph::plugins::smtp
