// Request targets, percent-encoding, queries and forms.
#include <fmt/format.h>

#include <string>

#include "core/http/target.h"
#include "tests/fuzz/target.h"

namespace heliograph::http {
namespace {

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return out;
}

}  // namespace

FUZZ_TARGET(http_target) {
  if (const auto decoded = percent_decode(input)) {
    MUST(decoded->size() <= input.size());
    MUST(percent_decode(percent_encode(*decoded)) == decoded || decoded->contains('\0'));
  }
  if (const auto pairs = parse_query(input)) {
    std::string again;
    for (const auto& [name, value] : *pairs) {
      MUST(name.find('\0') == std::string::npos || input.contains('\0'));
      if (!again.empty()) again += '&';
      again += percent_encode(name) + '=' + percent_encode(value);
    }
    if (!input.contains('\0')) MUST(parse_query(again) == pairs || pairs->empty());
  }
  if (const auto parts = split_target(input)) {
    MUST(fuzz::is_slice(parts->path, input) || parts->path == "/");
    MUST(fuzz::is_slice(parts->query, input));
    MUST(fuzz::is_slice(parts->authority, input));
    MUST(parts->path == "*" || parts->path.starts_with('/'));
    MUST(!parts->path.contains('?') && !parts->path.contains('#'));
  }
}

}  // namespace heliograph::http
