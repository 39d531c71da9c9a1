#include "plugins/providers/smtp/encoding.h"

#include <algorithm>
#include <array>

namespace heliograph::plugins::smtp {

namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kHex = "0123456789ABCDEF";
constexpr std::size_t kLineBytes = 57;   // 76 characters of base64
constexpr std::size_t kColumnsMax = 75;  // and one for the "=" of a soft line break

char digit(std::uint32_t bits, int shift) { return kAlphabet[(bits >> shift) & 63u]; }

std::uint32_t byte_at(std::string_view bytes, std::size_t at) {
  return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0u;
}

void append_base64(std::string& out, std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::uint32_t bits =
        byte_at(bytes, i) << 16 | byte_at(bytes, i + 1) << 8 | byte_at(bytes, i + 2);
    const std::size_t given = bytes.size() - i;
    out.push_back(digit(bits, 18));
    out.push_back(digit(bits, 12));
    out.push_back(given > 1 ? digit(bits, 6) : '=');
    out.push_back(given > 2 ? digit(bits, 0) : '=');
  }
}

}  // namespace

std::string base64_of(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  append_base64(out, bytes);
  return out;
}

bool Base64Lines::append(std::string& out, std::size_t input_max) {
  std::size_t taken = 0;
  while (!left_.empty() && taken < input_max) {
    const std::string_view line = left_.substr(0, kLineBytes);
    append_base64(out, line);
    out += "\r\n";
    left_.remove_prefix(line.size());
    taken += line.size();
  }
  return !left_.empty();
}

std::size_t Base64Lines::size_of(std::size_t input) {
  return (input + 2) / 3 * 4 + (input + kLineBytes - 1) / kLineBytes * 2;
}

void QuotedPrintable::put(std::string& out, std::string_view token) {
  if (column_ + token.size() > kColumnsMax) {
    out += "=\r\n";
    column_ = 0;
  }
  out += token;
  column_ += token.size();
}

bool QuotedPrintable::ends_line(std::size_t at) const {
  return at >= left_.size() || left_[at] == '\r' || left_[at] == '\n';
}

bool QuotedPrintable::append(std::string& out, std::size_t input_max) {
  std::size_t i = 0;
  for (; i < left_.size() && i < input_max; ++i) {
    const char c = left_[i];
    if (c == '\r' || c == '\n') {
      if (c == '\r' && i + 1 < left_.size() && left_[i + 1] == '\n') ++i;
      out += "\r\n";
      column_ = 0;
      continue;
    }
    const bool blank = c == ' ' || c == '\t';
    const bool itself = blank ? !ends_line(i + 1) : c > ' ' && c <= '~' && c != '=';
    if (itself) {
      put(out, left_.substr(i, 1));
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    const std::array<char, 3> escaped{'=', kHex[byte >> 4], kHex[byte & 15]};
    put(out, std::string_view(escaped.data(), escaped.size()));
  }
  left_.remove_prefix(std::min(i, left_.size()));
  return !left_.empty();
}

}  // namespace heliograph::plugins::smtp
