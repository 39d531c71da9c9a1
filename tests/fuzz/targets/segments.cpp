// How many parts a text takes: no part holds more than fits on the air, and none is lost.
#include <string>

#include "core/base/text.h"
#include "core/model/segments.h"
#include "tests/fuzz/target.h"

namespace heliograph::model {

FUZZ_TARGET(segments) {
  if (!base::is_utf8(input) || input.size() > 20'000) return;
  const Segmentation found = segment(input);
  const auto parts = split(input);
  MUST(found.parts >= 1 && parts.size() == found.parts);
  const bool gsm = found.alphabet == Alphabet::kGsm7;
  const std::uint32_t alone = gsm ? 160 : 70;
  const std::uint32_t joined = gsm ? 153 : 67;
  MUST((found.parts == 1) == (found.units <= alone));
  MUST(found.parts == 1 || found.units <= found.parts * joined);
  std::string whole;
  std::uint32_t units = 0;
  for (const std::string_view part : parts) {
    MUST(fuzz::is_slice(part, input) && base::is_utf8(part));
    const Segmentation one = segment(part);
    // A part of a UCS-2 message may by itself be in the GSM alphabet.
    if (one.alphabet == found.alphabet) {
      MUST(one.units <= (found.parts == 1 ? alone : joined));
      units += one.units;
    } else {
      MUST(!gsm && count_characters(part) <= joined);
    }
    whole += part;
  }
  MUST(whole == input);
  MUST(units <= found.units);
  // None could be spared: what a part loses by not splitting a pair is one unit.
  MUST(found.parts == 1 || (found.parts - 1) * (joined - 1) < found.units);
  MUST(count_characters(input) <= input.size());
}

}  // namespace heliograph::model
