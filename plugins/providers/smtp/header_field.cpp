#include "plugins/providers/smtp/header_field.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "plugins/providers/smtp/address.h"
#include "plugins/providers/smtp/encoding.h"

namespace heliograph::plugins::smtp {

namespace {

constexpr std::size_t kLineMax = 78;         // RFC 5322 section 2.1.1
constexpr std::size_t kEncodedLineMax = 76;  // RFC 2047 section 2, as the two below
constexpr std::size_t kEncodedWordMax = 75;
constexpr std::string_view kWordHead = "=?UTF-8?B?";
constexpr std::string_view kWordTail = "?=";
constexpr std::size_t kSectionMax = 60;  // of a parameter's text: the line stays below 78

// At most `max` bytes of the front, not ending inside a UTF-8 sequence.
std::string_view whole_characters(std::string_view text, std::size_t max) {
  std::size_t end = std::min(max, text.size());
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) {
    --end;
  }
  return text.substr(0, end);
}

// Encoded words, one a line, the first behind `column` characters of its line.
void append_encoded_words(std::string& out, std::string_view text, std::size_t column) {
  constexpr std::size_t kFrame = kWordHead.size() + kWordTail.size();
  bool first = true;
  while (!text.empty()) {
    if (!first) {
      out += "\r\n ";
      column = 1;
    }
    std::size_t room =
        std::min(kEncodedWordMax, kEncodedLineMax - std::min(column, kEncodedLineMax));
    if (room < kFrame + 8) {  // not a single character of four bytes
      out += "\r\n ";
      room = kEncodedWordMax;
    }
    const std::string_view part = whole_characters(text, (room - kFrame) / 4 * 3);
    out.append(kWordHead).append(base64_of(part)).append(kWordTail);
    text.remove_prefix(part.size());
    first = false;
  }
}

// Longer than a line with no blank to break at.
bool has_long_word(std::string_view text) {
  std::size_t length = 0;
  for (const char c : text) {
    length = c == ' ' ? 0 : length + 1;
    if (length > kLineMax - 2) return true;
  }
  return false;
}

// Plain text that a reader would take back unchanged: blanks at its ends or in rows may get lost
// where lines are folded, and "=?" would be decoded.
bool stands_as_it_is(std::string_view text) {
  return is_plain(text) && text.find("=?") == std::string_view::npos &&
         text.find("  ") == std::string_view::npos && !text.starts_with(' ') &&
         !text.ends_with(' ') && !has_long_word(text);
}

void append_folded(std::string& out, std::string_view text, std::size_t column) {
  bool first = true;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    if (column + 1 + word.size() > kLineMax) {
      out += "\r\n ";
      column = 1;
    } else if (!first) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    first = false;
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

void append_display(std::string& out, std::string_view display, std::size_t column) {
  const bool short_and_plain = is_plain(display) && display.size() <= kSectionMax &&
                               display.find("=?") == std::string_view::npos;
  if (!short_and_plain) {
    append_encoded_words(out, display, column);
  } else if (std::ranges::all_of(display, [](char c) { return c == ' ' || is_atext(c); })) {
    out += display;
  } else {
    append_quoted(out, display);
  }
}

// RFC 2231 section 7: attribute-char.
std::string percent_encoded(char c) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kNotItself = "*'%/?=";
  const bool itself = is_atext(c) && kNotItself.find(c) == std::string_view::npos;
  if (itself || c == '.') return std::string(1, c);
  const auto byte = static_cast<unsigned char>(c);
  return {'%', kHex[byte >> 4], kHex[byte & 15]};
}

std::vector<std::string> sections_of(std::string_view text) {
  std::vector<std::string> sections(1);
  for (const char c : text) {
    const std::string encoded = percent_encoded(c);
    if (sections.back().size() + encoded.size() > kSectionMax) sections.emplace_back();
    sections.back() += encoded;
  }
  return sections;
}

void append_extended_parameter(std::string& out, std::string_view parameter,
                               std::string_view text) {
  const std::vector<std::string> sections = sections_of(text);
  for (std::size_t i = 0; i < sections.size(); ++i) {
    out.append(";\r\n ").append(parameter).append("*");
    if (sections.size() > 1) out.append(std::to_string(i)).append("*");
    out.append("=").append(i == 0 ? "UTF-8''" : "").append(sections[i]);
  }
}

}  // namespace

void append_text_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ");
  const std::size_t column = name.size() + 2;
  if (stands_as_it_is(value)) {
    append_folded(out, value, column);
  } else {
    append_encoded_words(out, value, column);
  }
  out += "\r\n";
}

void append_raw_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

void append_address_field(std::string& out, std::string_view name, std::string_view display,
                          std::string_view address) {
  out.append(name).append(": ");
  if (!display.empty()) {
    append_display(out, display, name.size() + 2);
    // The address may be 254 characters long: on a line of its own it is within every limit.
    out.append("\r\n <").append(address).append(">\r\n");
  } else {
    out.append(address).append("\r\n");
  }
}

void append_field_with_parameter(std::string& out, std::string_view name, std::string_view value,
                                 std::string_view parameter, std::string_view text) {
  out.append(name).append(": ").append(value);
  if (!text.empty()) {
    if (is_plain(text) && text.size() <= kSectionMax) {
      out.append(";\r\n ").append(parameter).append("=");
      append_quoted(out, text);
    } else {
      append_extended_parameter(out, parameter, text);
    }
  }
  out += "\r\n";
}

}  // namespace heliograph::plugins::smtp
