#include "core/model/opt_out.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/model/words.h"

namespace heliograph::model {
namespace {

constexpr Words<OptOutOrigin, 2> kOriginWords{
    {{OptOutOrigin::kKeyword, "keyword"}, {OptOutOrigin::kApi, "api"}}};

constexpr Words<OptOutWish, 3> kWishWords{
    {{OptOutWish::kNone, ""}, {OptOutWish::kStop, "stop"}, {OptOutWish::kStart, "start"}}};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

bool holds(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

}  // namespace

std::string_view to_string(OptOutOrigin origin) { return word_of(kOriginWords, origin); }

std::string_view to_string(OptOutWish wish) { return word_of(kWishWords, wish); }

OptOutWish opt_out_wish(const OptOutWords& words, std::string_view text) {
  const std::string_view written = trimmed(text);
  if (written.empty() || written.size() > kOptOutWordMax) return OptOutWish::kNone;
  const std::string word = base::to_lower_ascii(written);
  if (holds(words.stop, word)) return OptOutWish::kStop;
  return holds(words.start, word) ? OptOutWish::kStart : OptOutWish::kNone;
}

}  // namespace heliograph::model
