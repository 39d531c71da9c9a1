// One-time codes (`"otp": true`): six digits put into a message's text and told to the client.
//
// The code is kept nowhere but in the text, which the store has to have anyway, and is erased with
// it; nothing logs it. The answer to a replayed request reads it from there. Pure but for the
// randomness; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace heliograph::api {

inline constexpr std::string_view kOtpPlaceholder = "{otp}";
inline constexpr std::size_t kOtpDigits = 6;

// Six digits, each code equally likely, of the system's secure randomness. Throws
// std::runtime_error when there is none.
std::string generate_otp();
// Every placeholder of `text` replaced by the code. A text without one gets it at its end, after a
// blank unless it ends in one.
std::string put_otp(std::string_view text, std::string_view code);
// The code that put_otp() has put into `text`, as read from what became of it; nullopt when that is
// no longer there.
std::optional<std::string> find_otp(std::string_view text, std::string_view with_code);

}  // namespace heliograph::api
