// Enumerations and their words in the API, as one table each. For the .cpp files of this folder.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "core/base/assert.h"

namespace heliograph::model {

template <class Enum, std::size_t Size>
using Words = std::array<std::pair<Enum, std::string_view>, Size>;

// A value without a word cannot come from outside: whoever reads numbers from the store checks
// them.
template <class Enum, std::size_t Size>
std::string_view word_of(const Words<Enum, Size>& words, Enum value) {
  for (const auto& [known, word] : words) {
    if (known == value) return word;
  }
  constexpr bool kValueHasWord = false;
  HG_ASSERT(kValueHasWord);
  return {};
}

template <class Enum, std::size_t Size>
std::optional<Enum> value_of(const Words<Enum, Size>& words, std::string_view text) {
  for (const auto& [value, word] : words) {
    if (word == text) return value;
  }
  return std::nullopt;
}

}  // namespace heliograph::model
