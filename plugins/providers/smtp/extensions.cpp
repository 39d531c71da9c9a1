#include "plugins/providers/smtp/extensions.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string>

namespace heliograph::plugins::smtp {

namespace {

void take(Extensions& extensions, std::string_view line) {
  std::string keyword(line.substr(0, line.find(' ')));
  std::ranges::transform(keyword, keyword.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (keyword == "PIPELINING") extensions.pipelining = true;
  if (keyword == "SMTPUTF8") extensions.smtputf8 = true;
  if (keyword == "8BITMIME") extensions.eight_bit = true;
  if (keyword != "SIZE") return;
  extensions.size = true;
  const std::string_view number = line.substr(std::min(line.size(), keyword.size() + 1));
  std::from_chars(number.data(), number.data() + number.size(), extensions.size_max);
}

}  // namespace

Extensions extensions_of(std::string_view text) {
  Extensions extensions;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    take(extensions, line);
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return extensions;
}

}  // namespace heliograph::plugins::smtp
