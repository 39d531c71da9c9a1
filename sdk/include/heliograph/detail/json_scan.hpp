// The grammar under json.hpp: a scanner that checks and delimits values without storing them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace heliograph::sdk::json::detail {

inline constexpr int kDepthMax = 64;

inline bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Steps over values of RFC 8259. Each method says whether what it names stands at the position, and
// then moves behind it.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool document() {
    space();
    if (!value(0)) return false;
    space();
    return at_ == text_.size();
  }

  bool value(int depth) {
    if (depth > kDepthMax || done()) return false;
    switch (text_[at_]) {
      case '{':
        return container('}', depth, true);
      case '[':
        return container(']', depth, false);
      case '"':
        return string();
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number();
    }
  }

  bool string() {
    if (!take('"')) return false;
    while (!done()) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c == '\\' && !escape()) return false;
    }
    return false;
  }

  bool take(char c) {
    if (done() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void space() {
    while (!done() && is_space(text_[at_])) ++at_;
  }

  std::size_t position() const { return at_; }
  bool done() const { return at_ >= text_.size(); }

 private:
  bool container(char close, int depth, bool named) {
    ++at_;
    space();
    if (take(close)) return true;
    while (true) {
      space();
      if (named && !name()) return false;
      if (!value(depth + 1)) return false;
      space();
      if (take(close)) return true;
      if (!take(',')) return false;
    }
  }

  bool name() {
    if (!string()) return false;
    space();
    if (!take(':')) return false;
    space();
    return true;
  }

  bool escape() {
    if (done()) return false;
    const char c = text_[at_++];
    if (c != 'u') return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
    for (int i = 0; i < 4; ++i, ++at_) {
      constexpr std::string_view kHex = "0123456789abcdefABCDEF";
      if (done() || kHex.find(text_[at_]) == std::string_view::npos) return false;
    }
    return true;
  }

  bool number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      return digits();
    }
    return true;
  }

  bool digits() {
    const std::size_t start = at_;
    while (!done() && is_digit(text_[at_])) ++at_;
    return at_ > start;
  }

  bool word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return false;
    at_ += expected.size();
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

inline std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// Bytes of the well-formed UTF-8 sequence that `text` begins with; 0: it begins with none (RFC
// 3629).
inline std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (text.empty()) return 0;
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0u) != 0x80u) return 0;
  }
  const bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  const bool surrogate = first == 0xED && byte(1) >= 0xA0;
  const bool beyond = first == 0xF4 && byte(1) >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

inline void append_utf8(std::string& out, std::uint32_t point) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0u | (point >> 6));
    put(0x80u | (point & 0x3Fu));
  } else if (point < 0x10000) {
    put(0xE0u | (point >> 12));
    put(0x80u | ((point >> 6) & 0x3Fu));
    put(0x80u | (point & 0x3Fu));
  } else {
    put(0xF0u | (point >> 18));
    put(0x80u | ((point >> 12) & 0x3Fu));
    put(0x80u | ((point >> 6) & 0x3Fu));
    put(0x80u | (point & 0x3Fu));
  }
}

inline std::uint32_t hex4(std::string_view digits) {
  std::uint32_t value = 0;
  for (const char c : digits.substr(0, 4)) {
    const int digit = is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
    value = value * 16 + static_cast<std::uint32_t>(digit);
  }
  return value;
}

// Appends what the \u escape at `i` (behind the u) stands for and moves `i` behind it; a pair of
// surrogates is one character, a lone one U+FFFD.
inline void append_unicode_escape(std::string& out, std::string_view body, std::size_t& i) {
  std::uint32_t point = hex4(body.substr(i));
  i += 4;
  if (point >= 0xD800 && point < 0xDC00 && body.substr(i, 2) == "\\u") {
    const std::uint32_t low = hex4(body.substr(i + 2));
    if (low >= 0xDC00 && low < 0xE000) {
      point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
      i += 6;
    }
  }
  append_utf8(out, point >= 0xD800 && point < 0xE000 ? 0xFFFD : point);
}

// The text of a valid JSON string, quotes given, escapes resolved.
inline std::string decode_string(std::string_view quoted) {
  constexpr std::string_view kEscapes = "bfnrt";
  constexpr std::string_view kMeanings = "\b\f\n\r\t";
  const std::string_view body = quoted.substr(1, quoted.size() - 2);
  std::string out;
  for (std::size_t i = 0; i < body.size();) {
    const char c = body[i++];
    if (c != '\\') {
      out += c;
      continue;
    }
    const char escaped = body[i++];
    const std::size_t which = kEscapes.find(escaped);
    if (escaped == 'u') {
      append_unicode_escape(out, body, i);
    } else {
      out += which == std::string_view::npos ? escaped : kMeanings[which];
    }
  }
  return out;
}

// Calls visit(name in quotes or "", value) for each child of a valid object or array until it
// answers false. Other values have no children.
template <typename Visit>
void each_child(std::string_view value, Visit visit) {
  if (value.empty() || (value[0] != '{' && value[0] != '[')) return;
  Scanner scan(value.substr(1, value.size() - 2));
  const std::string_view inner = value.substr(1);
  scan.space();
  while (!scan.done()) {
    std::string_view name;
    if (value[0] == '{') {
      const std::size_t start = scan.position();
      scan.string();
      name = inner.substr(start, scan.position() - start);
      scan.space();
      scan.take(':');
      scan.space();
    }
    const std::size_t start = scan.position();
    scan.value(0);
    if (!visit(name, inner.substr(start, scan.position() - start))) return;
    scan.space();
    scan.take(',');
    scan.space();
  }
}

// The member named `step` of a valid object, or the element of that index of a valid array.
inline std::optional<std::string_view> child(std::string_view value, const std::string& step) {
  std::optional<std::string_view> found;
  std::size_t index = 0;
  each_child(value, [&](std::string_view name, std::string_view element) {
    const bool hit = name.empty() ? step == std::to_string(index) : decode_string(name) == step;
    if (hit) found = element;
    ++index;
    return !hit;
  });
  return found;
}

// One step of a pointer with "~1" and "~0" resolved (RFC 6901, section 4).
inline std::string unescape_step(std::string_view step) {
  std::string out;
  for (std::size_t i = 0; i < step.size(); ++i) {
    const bool escape = step[i] == '~' && i + 1 < step.size();
    if (escape && (step[i + 1] == '0' || step[i + 1] == '1')) {
      out += step[++i] == '1' ? '/' : '~';
    } else {
      out += step[i];
    }
  }
  return out;
}

}  // namespace heliograph::sdk::json::detail
