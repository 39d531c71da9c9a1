#include "plugins/providers/http/classification.h"

#include <algorithm>
#include <charconv>

#include <heliograph/abi/abi.h>
#include <heliograph/text.hpp>

namespace heliograph::plugins::http {

namespace {

std::uint32_t default_outcome(int status) {
  if (status >= 200 && status < 300) return HG_SENT;
  switch (status) {
    case 429:
    case 503:
      return HG_THROTTLED;
    case 401:
      return HG_REFUSED;
    case 301:
    case 307:
    case 308:
    case 403:
    case 408:
      return HG_RETRY;
    default:
      break;
  }
  if (status >= 500) return HG_RETRY;
  return status >= 400 ? HG_REJECTED : HG_UNKNOWN;
}

}  // namespace

std::optional<std::uint32_t> outcome_named(std::string_view name) {
  constexpr std::array<std::string_view, 6> kNames{"sent",    "rejected",  "retry",
                                                   "unknown", "throttled", "refused"};
  static_assert(HG_SENT == 0 && HG_REFUSED == 5);
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<std::uint32_t>(found - kNames.begin());
}

Classification::Classification() {
  for (int status = 0; status < kStatuses; ++status) {
    defaults_[static_cast<std::size_t>(status)] =
        static_cast<std::uint8_t>(default_outcome(status));
  }
  classes_.fill(kNone);
  exact_.fill(kNone);
}

void Classification::set_status(std::string_view key, std::uint32_t outcome,
                                std::string_view path) {
  const auto value = static_cast<std::uint8_t>(outcome);
  const bool shape = key.size() == 3 && key[0] >= '1' && key[0] <= '5';
  if (shape && key.substr(1) == "xx") {
    classes_[static_cast<std::size_t>(key[0] - '0')] = value;
    return;
  }
  int status = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), status);
  if (!shape || error != std::errc{} || end != key.data() + key.size()) {
    throw sdk::ConfigError(path, "is no status code: write one of 100 to 599, or 1xx to 5xx");
  }
  exact_[static_cast<std::size_t>(status)] = value;
}

void Classification::set_code(std::string_view code, std::uint32_t outcome) {
  codes_.insert_or_assign(std::string(code), outcome);
}

std::uint32_t Classification::of_status(int status) const noexcept {
  if (status < 100 || status >= kStatuses) return HG_UNKNOWN;
  const auto index = static_cast<std::size_t>(status);
  if (exact_[index] != kNone) return exact_[index];
  const std::uint8_t of_class = classes_[index / 100];
  return of_class != kNone ? of_class : defaults_[index];
}

std::optional<std::uint32_t> Classification::of_code(std::string_view code) const {
  auto found = codes_.find(code);
  if (found == codes_.end()) found = codes_.find("*");
  if (found == codes_.end()) return std::nullopt;
  return found->second;
}

}  // namespace heliograph::plugins::http
