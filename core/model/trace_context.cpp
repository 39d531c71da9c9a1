#include "core/model/trace_context.h"

#include <algorithm>

#include "core/base/text.h"

namespace heliograph::model {
namespace {

constexpr std::size_t kLength = 55;  // of version 00
constexpr std::uint8_t kSampled = 0x01;

std::optional<std::uint8_t> digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  return std::nullopt;  // 3.2.2.2: lower case alone
}

bool read_hex(std::string_view hex, std::span<std::uint8_t> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto high = digit(hex[2 * i]);
    const auto low = digit(hex[2 * i + 1]);
    if (!high || !low) return false;
    out[i] = static_cast<std::uint8_t>(*high << 4 | *low);
  }
  return true;
}

std::string hex(std::span<const std::uint8_t> bytes) { return base::to_hex(std::as_bytes(bytes)); }

}  // namespace

std::optional<TraceContext> parse_traceparent(std::string_view header) {
  if (header.size() < kLength) return std::nullopt;
  std::array<std::uint8_t, 1> version{};
  std::array<std::uint8_t, 1> flags{};
  TraceContext context;
  const bool read = read_hex(header.substr(0, 2), version) && header[2] == '-' &&
                    read_hex(header.substr(3, 32), context.trace_id) && header[35] == '-' &&
                    read_hex(header.substr(36, 16), context.span_id) && header[52] == '-' &&
                    read_hex(header.substr(53, 2), flags);
  if (!read || version[0] == 0xFF || !context.valid()) return std::nullopt;
  // 3.2.4: a later version may go on after a hyphen.
  const bool longer = header.size() > kLength;
  if (longer && (version[0] == 0 || header[kLength] != '-')) return std::nullopt;
  context.sampled = (flags[0] & kSampled) != 0;
  return context;
}

std::string format_traceparent(const TraceContext& context) {
  std::string text = "00-";
  text.append(hex(context.trace_id)).append(1, '-').append(hex(context.span_id));
  return text.append(context.sampled ? "-01" : "-00");
}

PackedTrace pack_trace(const TraceContext& context) {
  PackedTrace packed{};
  const auto rest = std::ranges::copy(context.trace_id, packed.begin()).out;
  *std::ranges::copy(context.span_id, rest).out = context.sampled ? kSampled : 0;
  return packed;
}

TraceContext unpack_trace(std::span<const std::uint8_t> packed) {
  TraceContext context;
  if (packed.size() != PackedTrace{}.size()) return context;
  std::ranges::copy(packed.first(16), context.trace_id.begin());
  std::ranges::copy(packed.subspan(16, 8), context.span_id.begin());
  context.sampled = (packed.back() & kSampled) != 0;
  return context;
}

}  // namespace heliograph::model
