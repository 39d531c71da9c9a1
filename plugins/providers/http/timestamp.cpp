#include "plugins/providers/http/timestamp.h"

#include <charconv>
#include <cstdint>

namespace heliograph::plugins::http {

namespace {

// Reads from the front of a text; every method says whether what it wants was there.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool number(std::size_t digits, int& out) {
    if (text_.size() < digits) return false;
    out = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (text_[i] < '0' || text_[i] > '9') return false;
      out = out * 10 + (text_[i] - '0');
    }
    text_.remove_prefix(digits);
    return true;
  }

  bool one_of(std::string_view characters, char& out) {
    if (text_.empty() || characters.find(text_.front()) == std::string_view::npos) return false;
    out = text_.front();
    text_.remove_prefix(1);
    return true;
  }

  bool one_of(std::string_view characters) {
    char ignored = 0;
    return one_of(characters, ignored);
  }

  // Any number of digits, read as a fraction of a second.
  bool fraction(std::int64_t& nanoseconds) {
    std::int64_t unit = 100'000'000;
    int digit = 0;
    if (!number(1, digit)) return false;
    nanoseconds = digit * unit;
    while (number(1, digit)) nanoseconds += digit * (unit /= 10);
    return true;
  }

  [[nodiscard]] bool done() const { return text_.empty(); }

 private:
  std::string_view text_;
};

bool read_offset(Reader& in, int& minutes) {
  char sign = 0;
  if (in.one_of("Zz")) return true;
  int hours = 0;
  if (!in.one_of("+-", sign) || !in.number(2, hours) || !in.one_of(":")) return false;
  if (!in.number(2, minutes) || hours > 23 || minutes > 59) return false;
  minutes += hours * 60;
  if (sign == '-') minutes = -minutes;
  return true;
}

std::optional<std::chrono::nanoseconds> parse_rfc3339(std::string_view text) {
  Reader in(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, offset = 0;
  std::int64_t fraction = 0;
  const bool date = in.number(4, year) && in.one_of("-") && in.number(2, month) && in.one_of("-") &&
                    in.number(2, day) && in.one_of("Tt ");
  const bool time = date && in.number(2, hour) && in.one_of(":") && in.number(2, minute) &&
                    in.one_of(":") && in.number(2, second);
  if (!time || (in.one_of(".") && !in.fraction(fraction))) return std::nullopt;
  if (!read_offset(in, offset) || !in.done()) return std::nullopt;
  const std::chrono::year_month_day ymd{std::chrono::year{year},
                                        std::chrono::month{static_cast<unsigned>(month)},
                                        std::chrono::day{static_cast<unsigned>(day)}};
  // Nanoseconds since 1970 end in 2262; nothing before 1970 was a message of ours.
  if (!ymd.ok() || year < 1970 || year > 2261 || hour > 23 || minute > 59 || second > 60) {
    return std::nullopt;
  }
  const std::chrono::minutes of_day{hour * 60 + minute - offset};
  return std::chrono::sys_days{ymd}.time_since_epoch() + of_day + std::chrono::seconds{second} +
         std::chrono::nanoseconds{fraction};
}

}  // namespace

std::optional<std::chrono::nanoseconds> parse_timestamp(std::string_view text) {
  std::int64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc{} || stop != end) return parse_rfc3339(text);
  constexpr std::int64_t kMillisecondsFrom = 100'000'000'000;   // 1973 and the year 5138
  constexpr std::int64_t kMillisecondsMax = 9'000'000'000'000;  // the year 2255
  if (count < 0 || count > kMillisecondsMax) return std::nullopt;
  if (count >= kMillisecondsFrom) return std::chrono::milliseconds{count};
  if (count > kMillisecondsMax / 1'000) return std::nullopt;
  return std::chrono::seconds{count};
}

}  // namespace heliograph::plugins::http
