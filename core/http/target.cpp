#include "core/http/target.h"

#include <algorithm>

#include "core/base/text.h"

namespace heliograph::http {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decode(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_blank) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0 || high + low == 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

// The length of "http://" or "https://" at the start, 0 without.
std::size_t scheme_length(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (base::equals_ignore_case(target.substr(0, scheme.size()), scheme)) return scheme.size();
  }
  return 0;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) { return decode(text, false); }

std::optional<std::vector<Header>> parse_query(std::string_view query) {
  std::vector<Header> pairs;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    auto name = decode(pair.substr(0, equals), true);
    auto value = decode(equals == std::string_view::npos ? "" : pair.substr(equals + 1), true);
    if (!name || !value) return std::nullopt;
    pairs.emplace_back(std::move(*name), std::move(*value));
  }
  return pairs;
}

std::optional<TargetParts> split_target(std::string_view target) {
  const auto allowed = [](char c) { return c > ' ' && c < 0x7f && c != '#'; };
  if (!std::ranges::all_of(target, allowed)) return std::nullopt;
  TargetParts parts;
  if (target == "*") {
    parts.path = target;
    return parts;
  }
  if (const std::size_t scheme = scheme_length(target)) {
    target.remove_prefix(scheme);
    parts.authority = target.substr(0, target.find_first_of("/?"));
    if (parts.authority.empty()) return std::nullopt;
    target.remove_prefix(parts.authority.size());
    if (target.empty() || target.front() == '?') parts.path = "/";
  } else if (!target.starts_with('/')) {
    return std::nullopt;
  }
  const std::size_t question = target.find('?');
  if (parts.path.empty()) parts.path = target.substr(0, question);
  if (question != std::string_view::npos) parts.query = target.substr(question + 1);
  return parts;
}

}  // namespace heliograph::http
