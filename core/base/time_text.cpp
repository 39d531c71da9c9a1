#include "core/base/time_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace heliograph::base {
namespace {

// RFC 3339 has four digits for the year: 0000 to 9999.
constexpr WallTime kFirst{std::chrono::milliseconds{-62'167'219'200'000}};
constexpr WallTime kLast{std::chrono::milliseconds{253'402'300'799'999}};

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// Reads a text from left to right; the first thing that does not fit makes it bad for good.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool good() const { return good_; }
  bool at_end() const { return rest_.empty(); }

  // Exactly `count` digits.
  int number(std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) value = value * 10 + digit();
    return value;
  }

  // The next character, which must be one of `choices`.
  char one_of(std::string_view choices) {
    if (rest_.empty() || !choices.contains(rest_.front())) return fail();
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  // ".123456" cut to milliseconds; 0 when there is no fraction.
  milliseconds fraction() {
    if (!rest_.starts_with('.')) return milliseconds{0};
    rest_.remove_prefix(1);
    int value = digit();
    int scale = 100;
    value *= scale;
    while (good_ && !rest_.empty() && is_digit(rest_.front())) {
      scale /= 10;
      value += digit() * scale;
    }
    return milliseconds{value};
  }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  int digit() {
    if (rest_.empty() || !is_digit(rest_.front())) {
      fail();
      return 0;
    }
    const int value = rest_.front() - '0';
    rest_.remove_prefix(1);
    return value;
  }

  char fail() {
    good_ = false;
    rest_ = {};
    return '\0';
  }

  std::string_view rest_;
  bool good_ = true;
};

struct TimeOfDay {
  int hour = 0;
  int minute = 0;
  int second = 0;
  milliseconds fraction{0};
};

std::chrono::year_month_day read_date(Reader& in) {
  const int year = in.number(4);
  in.one_of("-");
  const int month = in.number(2);
  in.one_of("-");
  const int day = in.number(2);
  return {std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
          std::chrono::day{static_cast<unsigned>(day)}};
}

TimeOfDay read_time(Reader& in) {
  TimeOfDay time;
  time.hour = in.number(2);
  in.one_of(":");
  time.minute = in.number(2);
  in.one_of(":");
  time.second = in.number(2);
  time.fraction = in.fraction();
  return time;
}

// What the local time is ahead of UTC; nullopt when out of range.
std::optional<minutes> read_offset(Reader& in) {
  const char sign = in.one_of("Zz+-");
  if (sign != '+' && sign != '-') return minutes{0};
  const int hour = in.number(2);
  in.one_of(":");
  const int minute = in.number(2);
  if (hour > 23 || minute > 59) return std::nullopt;
  const minutes offset = hours{hour} + minutes{minute};
  return sign == '-' ? -offset : offset;
}

}  // namespace

std::string format_rfc3339(WallTime time) {
  // Times outside are shown as the first or last that fits.
  time = std::clamp(time, kFirst, kLast);
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  Reader in(text);
  const auto date = read_date(in);
  in.one_of("Tt");
  const TimeOfDay time = read_time(in);
  const auto offset = read_offset(in);
  if (!in.good() || !in.at_end() || !offset || !date.ok()) return std::nullopt;
  if (time.hour > 23 || time.minute > 59 || time.second > 60) return std::nullopt;
  const auto minute =
      std::chrono::sys_days{date} + hours{time.hour} + minutes{time.minute} - *offset;
  // A leap second exists at the end of a UTC day only (RFC 3339, 5.7). The system's clock has none:
  // it is the next day's first second.
  const auto next_day = std::chrono::ceil<days>(minute + minutes{1});
  if (time.second == 60 && minute + minutes{1} != next_day) return std::nullopt;
  const WallTime when = minute + seconds{time.second} + time.fraction;
  // An offset may carry it into a year that has no such form.
  if (when < kFirst || when > kLast) return std::nullopt;
  return when;
}

}  // namespace heliograph::base
