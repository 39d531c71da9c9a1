#include "core/pipeline/health.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

namespace heliograph::pipeline {

using std::chrono::milliseconds;

namespace {

constexpr milliseconds kCooldownMax{3'600'000};
constexpr milliseconds kProbePauseMin{1'000};
constexpr int kRefusalsInARow = 3;
// What others saw is told each second; three are missing before it counts no more.
constexpr milliseconds kHeardFor{4'000};

bool is_failure(model::Outcome outcome) {
  return outcome == model::Outcome::kRetry || outcome == model::Outcome::kRefused ||
         outcome == model::Outcome::kUnknown;
}

std::int64_t to_ms(model::TimePoint time) { return time.time_since_epoch().count(); }
model::TimePoint from_ms(std::int64_t ms) { return model::TimePoint{milliseconds{ms}}; }

// The first `count` blank-separated fields as numbers and the rest as it is; false when there are
// too few.
bool read_numbers(std::string_view& text, std::vector<std::int64_t>& out, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{}) return false;
    out.push_back(value);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  }
  return true;
}

}  // namespace

std::string_view to_string(Circuit circuit) {
  switch (circuit) {
    case Circuit::kClosed:
      return "closed";
    case Circuit::kOpen:
      return "open";
    case Circuit::kHalfOpen:
      return "half_open";
  }
  return "";
}

Health::Health(const config::Health& limits)
    : limits_(limits), slice_(slice(limits)), cooldown_(limits.cooldown) {}

milliseconds Health::slice(const config::Health& limits) {
  return std::max(milliseconds{1}, limits.window / static_cast<int>(kBuckets));
}

Health::Bucket& Health::bucket(model::TimePoint now) {
  const std::int64_t number = now.time_since_epoch() / slice_;
  Bucket& slot = ring_[static_cast<std::size_t>(number) % kBuckets];
  if (slot.number != number) slot = Bucket{number, {}};
  return slot;
}

Health::Counts Health::counts(model::TimePoint now) {
  const std::int64_t newest = now.time_since_epoch() / slice_;
  Counts sum;
  for (const Bucket& slot : ring_) {
    if (slot.number <= newest - static_cast<std::int64_t>(kBuckets) || slot.number > newest)
      continue;
    sum.successes += slot.counts.successes;
    sum.failures += slot.counts.failures;
    sum.throttles += slot.counts.throttles;
    sum.timeouts += slot.counts.timeouts;
  }
  return sum;
}

void Health::count(const model::AttemptResult& result, model::TimePoint now) {
  Counts& counts = bucket(now).counts;
  if (result.outcome == model::Outcome::kSent) ++counts.successes;
  if (result.outcome == model::Outcome::kThrottled) ++counts.throttles;
  if (result.outcome == model::Outcome::kUnknown) ++counts.timeouts;
  if (is_failure(result.outcome)) ++counts.failures;
  if (result.outcome == model::Outcome::kSent) ++seen_.successes;
  if (is_failure(result.outcome)) ++seen_.failures;
}

bool Health::record(const model::AttemptResult& result, model::ClientId client, bool probe,
                    model::TimePoint now) {
  const Circuit before = circuit_;
  if (result.outcome != model::Outcome::kNotTried) count(result, now);
  if (probe) {
    probing_ = false;
    if (circuit_ == Circuit::kHalfOpen) probe_ended(result, now);
  } else if (circuit_ == Circuit::kClosed) {
    if (count_refusal(result, client)) {
      open(now, result.status_code == 401 ? "credentials refused (401)"
                                          : "refused three times in a row");
    } else if (is_failure(result.outcome)) {
      if (auto why = too_many_failures(now); !why.empty()) open(now, std::move(why));
    }
  }
  return circuit_ != before;
}

bool Health::count_refusal(const model::AttemptResult& result, model::ClientId client) {
  using enum model::Outcome;
  if (result.outcome == kSent || result.outcome == kRejected || result.outcome == kRetry) {
    refusals_ = 0;
    refused_client_.reset();
    several_refused_ = false;
  }
  if (result.outcome != kRefused) return false;
  ++refusals_;
  if (refused_client_ && *refused_client_ != client) several_refused_ = true;
  refused_client_ = client;
  return result.status_code == 401 || (refusals_ >= kRefusalsInARow && several_refused_);
}

bool Health::hear(Seen others, model::TimePoint now) {
  if (circuit_ != Circuit::kClosed) return false;
  others_ = others;
  others_until_ = now + kHeardFor;
  auto why = too_many_failures(now);
  if (why.empty()) return false;
  open(now, std::move(why));
  return true;
}

std::string Health::too_many_failures(model::TimePoint now) {
  const Counts sum = counts(now);
  Seen seen{sum.successes, sum.failures};
  const auto reason = [&seen](std::string_view where) {
    return fmt::format("{} of {} attempts failed{}", seen.failures, seen.failures + seen.successes,
                       where);
  };
  if (too_many(seen)) return reason("");
  if (now >= others_until_) return {};
  seen.successes += others_.successes;
  seen.failures += others_.failures;
  return too_many(seen) ? reason(" at all gateways together") : "";
}

bool Health::too_many(const Seen& seen) const {
  const std::uint64_t all = seen.successes + seen.failures;
  if (all < static_cast<std::uint64_t>(std::max(1, limits_.min_attempts))) return false;
  return static_cast<double>(seen.failures) > limits_.failure_threshold * static_cast<double>(all);
}

// Nothing counted, here or heard.
void Health::begin_anew() {
  ring_ = {};
  others_ = {};
  others_until_ = {};
  ++era_;
}

void Health::open(model::TimePoint now, std::string reason) {
  circuit_ = Circuit::kOpen;
  reason_ = std::move(reason);
  open_until_ = now + cooldown_;
  cooldown_ = std::min(std::max(kCooldownMax, limits_.cooldown), cooldown_ * 2);
  refusals_ = 0;
  refused_client_.reset();
  several_refused_ = false;
}

void Health::probe_ended(const model::AttemptResult& result, model::TimePoint now) {
  if (is_failure(result.outcome)) {
    open(now, "a probe failed");
  } else if (result.outcome == model::Outcome::kSent && ++probe_successes_ >= limits_.probes) {
    reset();
  }
}

bool Health::advance(model::TimePoint now) {
  if (circuit_ != Circuit::kOpen || now < open_until_) return false;
  circuit_ = Circuit::kHalfOpen;
  begin_anew();
  probe_successes_ = 0;
  probing_ = false;
  next_probe_ = now;
  return true;
}

void Health::reset_counts() {
  begin_anew();
  ++clean_starts_;
}

void Health::reset() {
  circuit_ = Circuit::kClosed;
  reason_.clear();
  cooldown_ = limits_.cooldown;
  reset_counts();
  probing_ = false;
  probe_successes_ = 0;
  refusals_ = 0;
  refused_client_.reset();
  several_refused_ = false;
}

std::optional<model::TimePoint> Health::retry_at() const {
  if (circuit_ != Circuit::kOpen) return std::nullopt;
  return open_until_;
}

milliseconds Health::probe_pause() const { return std::max(kProbePauseMin, limits_.cooldown / 20); }

bool Health::wants_probe(model::TimePoint now) const {
  return circuit_ == Circuit::kHalfOpen && !probing_ && now >= next_probe_;
}

bool Health::takes_any_probe(model::TimePoint now) const {
  return wants_probe(now) && now >= next_probe_ + probe_pause();
}

void Health::begin_probe(model::TimePoint now) {
  probing_ = true;
  next_probe_ = now + probe_pause();
}

model::TimePoint Health::next_change(model::TimePoint now) const {
  if (circuit_ == Circuit::kOpen) return open_until_;
  if (circuit_ != Circuit::kHalfOpen || probing_) return model::kNever;
  if (now < next_probe_) return next_probe_;
  const model::TimePoint any = next_probe_ + probe_pause();
  return now < any ? any : model::kNever;
}

std::string Health::to_text(model::TimePoint now) {
  const Counts sum = counts(now);
  return fmt::format("1 {} {} {} {} {} {} {} {} {}", static_cast<int>(circuit_), to_ms(open_until_),
                     cooldown_.count(), to_ms(now), sum.successes, sum.failures, sum.throttles,
                     sum.timeouts, reason_);
}

bool Health::restore(std::string_view text, model::TimePoint now) {
  std::vector<std::int64_t> fields;
  if (!read_numbers(text, fields, 9) || fields[0] != 1 || fields[1] < 0 || fields[1] > 2)
    return false;
  if (std::ranges::any_of(fields, [](std::int64_t field) { return field < 0; })) return false;
  circuit_ = static_cast<Circuit>(fields[1]);
  open_until_ = from_ms(fields[2]);
  cooldown_ = std::clamp(milliseconds{fields[3]}, limits_.cooldown,
                         std::max(kCooldownMax, limits_.cooldown));
  // An opening can last no longer than it would if it began now: the clock may have been stepped,
  // and the operator may have shortened the cooldown.
  open_until_ = std::min(open_until_, now + cooldown_);
  reason_ = text;
  probing_ = false;
  probe_successes_ = 0;
  next_probe_ = now;
  const model::TimePoint saved = std::min(from_ms(fields[4]), now);
  ring_ = {};
  const auto at = [&](std::size_t i) { return static_cast<std::uint64_t>(fields[i]); };
  bucket(saved).counts = Counts{at(5), at(6), at(7), at(8)};
  return true;
}

}  // namespace heliograph::pipeline
