// What an answer's status code, or the provider's own code in its body, means for the message.
//
// Thread-safe once built (immutable).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace heliograph::plugins::http {

// "sent", "rejected", "retry", "unknown", "throttled", "refused" as HG_SENT .. HG_REFUSED.
std::optional<std::uint32_t> outcome_named(std::string_view name);

class Classification {
 public:
  // The defaults:
  //   2xx                      sent
  //   429, 503                 throttled
  //   401                      refused: our credentials
  //   408, other 5xx, 403      retry: certainly not sent
  //   301, 307, 308            retry: the request is wanted elsewhere (RFC 9110, 15.4), so not
  //   acted upon other 1xx, 3xx           unknown: a 303 after a POST often means "done, see there"
  //   other 4xx                rejected: the message's own fault
  Classification();

  // `key` is a code ("500") or a class ("4xx"); a code counts more than its class in whatever order
  // they are set. Throws sdk::ConfigError naming `path` for any other key.
  void set_status(std::string_view key, std::uint32_t outcome, std::string_view path);
  // For one of the provider's own codes; "*" is any code that is not named.
  void set_code(std::string_view code, std::uint32_t outcome);

  [[nodiscard]] std::uint32_t of_status(int status) const noexcept;
  // nullopt: the code says nothing, the status decides.
  [[nodiscard]] std::optional<std::uint32_t> of_code(std::string_view code) const;

 private:
  static constexpr int kStatuses = 600;
  static constexpr std::uint8_t kNone = UINT8_MAX;

  std::array<std::uint8_t, kStatuses> defaults_{};
  std::array<std::uint8_t, kStatuses / 100> classes_{};
  std::array<std::uint8_t, kStatuses> exact_{};
  std::map<std::string, std::uint32_t, std::less<>> codes_;
};

}  // namespace heliograph::plugins::http
