#include "core/model/addresses.h"

#include <algorithm>
#include <cstddef>

#include "core/base/text.h"

namespace heliograph::model {
namespace {

constexpr std::size_t kLocalMax = 64;
constexpr std::size_t kEmailMax = 254;  // a path of 256 with its angle brackets
constexpr std::size_t kLabelMax = 63;
constexpr std::size_t kUrlMax = 2'048;

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_atom_character(char c) {
  constexpr std::string_view kSymbols = "!#$%&'*+-/=?^_`{|}~";
  return is_alphanumeric(c) || kSymbols.find(c) != std::string_view::npos;
}

// Whether each of the pieces between dots passes.
template <class Check>
bool each_piece(std::string_view text, Check check) {
  while (true) {
    const std::size_t dot = text.find('.');
    if (!check(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_atom(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_atom_character);
}

bool is_label(std::string_view text) {
  if (text.empty() || text.size() > kLabelMax || text.front() == '-' || text.back() == '-') {
    return false;
  }
  return std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '-'; });
}

}  // namespace

bool is_email_address(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos || at > kLocalMax || text.size() > kEmailMax) return false;
  return each_piece(text.substr(0, at), is_atom) && each_piece(text.substr(at + 1), is_label);
}

bool is_web_address(std::string_view text) {
  const auto allowed = [](char c) {
    return c > ' ' && c < 0x7f && c != '#' && c != '"' && c != '<' && c != '>' && c != '\\';
  };
  if (text.size() > kUrlMax || !std::ranges::all_of(text, allowed)) return false;
  const std::size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return false;
  const std::string_view scheme = text.substr(0, scheme_end);
  if (!base::equals_ignore_case(scheme, "http") && !base::equals_ignore_case(scheme, "https")) {
    return false;
  }
  const std::string_view rest = text.substr(scheme_end + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  return !authority.empty() && authority.front() != ':' &&
         authority.find('@') == std::string_view::npos;
}

}  // namespace heliograph::model
