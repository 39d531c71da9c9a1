#include "core/base/json_text.h"

#include <fmt/format.h>

#include <iterator>

#include "core/base/text.h"

namespace heliograph::base {
namespace {

bool plain(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; }

// RFC 8259, 7: quotation mark, reverse solidus and the controls have to be escaped.
void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
  }
}

void append_replaced(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) {
      out += "\xEF\xBF\xBD";
    } else if (plain(c)) {
      out += c;
    } else {
      append_escaped(out, c);
    }
  }
}

void append_plain(std::string& out, std::string_view text) {
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (plain(text[i])) continue;
    out += text.substr(from, i - from);
    append_escaped(out, text[i]);
    from = i + 1;
  }
  out += text.substr(from);
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  if (is_utf8(text)) {
    append_plain(out, text);
  } else {
    append_replaced(out, text);
  }
  out += '"';
}

}  // namespace heliograph::base
