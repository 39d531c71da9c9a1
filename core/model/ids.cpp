#include "core/model/ids.h"

#include <array>

#include "core/base/assert.h"

namespace heliograph::model {
namespace {

// RFC 9562, 5.7: 48 bits of time, 4 of version, 12 of rand_a, 2 of variant, 62 of rand_b. The
// counter fills rand_a and the top 4 bits of rand_b.
constexpr std::uint64_t kVersion = 7;
constexpr std::uint64_t kVariant = 0b10;
constexpr int kRandomBits = 58;
constexpr std::size_t kTextLength = 36;

constexpr bool is_hyphen_place(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

// -1 when `c` is no hexadecimal digit.
constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The two halves of the 128 bits, or nullopt.
std::optional<std::array<std::uint64_t, 2>> read_halves(std::string_view text) {
  if (text.size() != kTextLength) return std::nullopt;
  std::array<std::uint64_t, 2> halves{};
  std::size_t digits = 0;
  for (std::size_t i = 0; i < kTextLength; ++i) {
    if (is_hyphen_place(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int value = hex_value(text[i]);
    if (value < 0) return std::nullopt;
    std::uint64_t& half = halves[digits / 16];
    half = half << 4 | static_cast<std::uint64_t>(value);
    ++digits;
  }
  return halves;
}

}  // namespace

MessageId MessageId::from_parts(std::int64_t row, std::uint64_t random) {
  HG_ASSERT(row >= 0);
  MessageId id;
  id.row_ = row;
  id.random_ = random & kMessageIdRandomMask;
  return id;
}

std::optional<MessageId> MessageId::parse(std::string_view text) {
  const auto halves = read_halves(text);
  if (!halves) return std::nullopt;
  const auto [high, low] = *halves;
  if ((high >> 12 & 0xF) != kVersion || low >> 62 != kVariant) return std::nullopt;
  const std::uint64_t time = high >> 16;
  if (time >> 47 != 0) return std::nullopt;  // its row would not fit into 63 bits
  const std::uint64_t counter = (high & 0xFFF) << 4 | (low >> kRandomBits & 0xF);
  return from_parts(static_cast<std::int64_t>(time << 16 | counter), low);
}

std::string MessageId::to_string() const {
  std::string text;
  write_to(text);
  return text;
}

void MessageId::write_to(std::string& text) const {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  const auto row = static_cast<std::uint64_t>(row_);
  const std::uint64_t counter = row & 0xFFFF;
  const std::array<std::uint64_t, 2> halves = {
      row >> 16 << 16 | kVersion << 12 | counter >> 4,
      kVariant << 62 | (counter & 0xF) << kRandomBits | random_};
  text.assign(kTextLength, '-');
  std::size_t digits = 0;
  for (std::size_t i = 0; i < kTextLength; ++i) {
    if (is_hyphen_place(i)) continue;
    text[i] = kDigits[halves[digits / 16] >> (60 - 4 * (digits % 16)) & 0xF];
    ++digits;
  }
}

}  // namespace heliograph::model
