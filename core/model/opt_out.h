// Opt-outs: who does not want to hear of a client any more, and the words that say so.
//
// Kept per client and sender (the client's number): a recipient who answers STOP to one number has
// said nothing of another. Values and pure functions; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/ids.h"

namespace heliograph::model {

enum class OptOutOrigin : std::uint8_t { kKeyword = 0, kApi = 1 };  // stored
std::string_view to_string(OptOutOrigin origin);                    // "keyword"

struct OptOut {
  std::string recipient;  // theirs: E.164 or an e-mail address, in lower case
  std::string sender{};   // ours; empty: whichever sender the client uses
  OptOutOrigin origin = OptOutOrigin::kApi;
  std::string keyword{};  // what was written; empty of the API's
  TimePoint at{};
};

// What a text asks for.
enum class OptOutWish : std::uint8_t { kNone, kStop, kStart };
std::string_view to_string(OptOutWish wish);  // "stop"; "" for none

inline constexpr std::size_t kOptOutWordMax = 32;  // bytes

struct OptOutWords {
  std::vector<std::string> stop;   // lower case
  std::vector<std::string> start;  // lower case

  bool operator==(const OptOutWords&) const = default;
};
// The whole text must be the word, in any case; blanks and line ends around it do not count.
OptOutWish opt_out_wish(const OptOutWords& words, std::string_view text);

}  // namespace heliograph::model
