// Text between C++ and the ABI: views, errors, and the exceptions that the glue turns into them.
//
// [any thread] Pure functions.
#pragma once

#include <heliograph/abi/abi.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

namespace heliograph::sdk {

// A view of the same bytes; lives as long as they do.
constexpr hg_str to_abi(std::string_view text) noexcept { return {text.data(), text.size()}; }

constexpr std::string_view to_view(hg_str text) noexcept {
  return text.len == 0 ? std::string_view{} : std::string_view{text.ptr, text.len};
}

// A failure that the caller is meant to understand: throw it from create, start or reconfigure, and
// the gateway reports `what()` with this status. Any other exception is reported as a defect of the
// plugin (HG_E_PANIC), which takes the instance out of service.
class Failure : public std::runtime_error {
 public:
  // A status that is no error counts as HG_E_INTERNAL.
  Failure(hg_status status, const std::string& text)
      : std::runtime_error(text), status_(status < 0 ? status : HG_E_INTERNAL) {}
  hg_status status() const noexcept { return status_; }

 private:
  hg_status status_;
};

// The configuration is wrong at `path`, for a reason the schema cannot express.
class ConfigError : public Failure {
 public:
  ConfigError(std::string_view path, std::string_view reason)
      : Failure(HG_E_CONFIG, std::string(path) + ": " + std::string(reason)) {}
};

// Fills what the caller of an ABI function provided; `error` may be null. Text beyond
// HG_ERROR_TEXT_MAX is cut, not in the middle of a UTF-8 sequence.
inline void set_error(hg_error* error, hg_status status, std::string_view text) noexcept {
  if (error == nullptr) return;
  std::size_t length = std::min<std::size_t>(text.size(), HG_ERROR_TEXT_MAX);
  if (length < text.size()) {
    while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0u) == 0x80u) --length;
  }
  error->code = status;
  error->flags = 0;
  error->msg_len = static_cast<uint32_t>(length);
  if (length > 0) std::memcpy(error->msg, text.data(), length);
}

}  // namespace heliograph::sdk
