#include "core/model/attempt.h"

#include "core/model/words.h"

namespace heliograph::model {
namespace {

constexpr Words<Outcome, 7> kOutcomeWords{{{Outcome::kSent, "SENT"},
                                           {Outcome::kRejected, "REJECTED"},
                                           {Outcome::kRetry, "RETRY"},
                                           {Outcome::kUnknown, "UNKNOWN"},
                                           {Outcome::kThrottled, "THROTTLED"},
                                           {Outcome::kRefused, "REFUSED"},
                                           {Outcome::kNotTried, "NOT_TRIED"}}};

}  // namespace

std::string_view to_string(Outcome outcome) { return word_of(kOutcomeWords, outcome); }

}  // namespace heliograph::model
