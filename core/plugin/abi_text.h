// Crossing the plugin border with text and sized structs: what a plugin hands in is checked and
// copied here, so that no other file of this floor trusts a pointer, a length or a size of its
// making. Pure; thread-safe.
#pragma once

#include <heliograph/abi/abi.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/ports/clock.h"

namespace heliograph::plugin {

inline hg_str to_abi(std::string_view text) { return {text.data(), text.size()}; }

// A NULL pointer is the empty string, whatever its length says.
inline std::string_view view_of(hg_str text) {
  return text.ptr == nullptr ? std::string_view{} : std::string_view{text.ptr, text.len};
}

// A copy fit for logs, the store and JSON: at most `bytes_max`, cut between characters; bytes that
// are not UTF-8 become '?'.
std::string clean_text(std::string_view text, std::size_t bytes_max);
inline std::string clean_text(hg_str text, std::size_t bytes_max) {
  return clean_text(view_of(text), bytes_max);
}

// What hg_error says, or the name of the status when the plugin wrote nothing.
std::string error_text(const hg_error& error, hg_status status);
std::string_view status_name(hg_status status);  // "HG_E_IO"

inline hg_error empty_error() {
  hg_error error{};
  error.size = sizeof error;
  return error;
}

// The host's own copy of a struct the plugin filled: what the plugin's size does not cover is zero
// (rule R2 of the ABI).
template <class T>
T copy_sized(const T* filled) {
  static_assert(std::is_trivially_copyable_v<T>);
  T own{};
  const auto bytes = std::min<std::size_t>(filled->size, sizeof(T));
  std::memcpy(&own, filled, bytes);
  own.size = static_cast<std::uint32_t>(bytes);
  return own;
}

// True when `size` can be the stride of an array of T: at least up to the end of its last required
// field, and no larger than a struct of any foreseeable minor version.
inline bool plausible_size(std::uint32_t size, std::size_t required) {
  constexpr std::uint32_t kStructMax = 4096;
  return size >= required && size <= kStructMax;
}

inline std::uint64_t to_ns(ports::MonoTime time) {
  return static_cast<std::uint64_t>(time.time_since_epoch().count());
}
inline ports::MonoTime from_ns(std::uint64_t ns) {
  constexpr auto kMax =
      static_cast<std::uint64_t>(ports::MonoTime::max().time_since_epoch().count());
  return ports::MonoTime{std::chrono::nanoseconds{static_cast<std::int64_t>(std::min(ns, kMax))}};
}

}  // namespace heliograph::plugin
