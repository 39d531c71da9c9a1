// Base64 (RFC 4648, 4): the standard alphabet, padded. Pure; thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace heliograph::base {

std::string to_base64(std::string_view bytes);

// Strict: the padding is there, no blanks or line ends, unused bits are zero; so a value has one
// spelling only. nullopt otherwise.
std::optional<std::string> from_base64(std::string_view text);

// The number of bytes that a well-formed text stands for, without decoding it.
std::size_t base64_decoded_size(std::string_view text);

}  // namespace heliograph::base
