#include "core/pipeline/accept_limits.h"

#include <algorithm>
#include <iterator>

namespace heliograph::pipeline {

namespace {

using std::chrono::ceil;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

// Meters kept at most before those that are whole again are forgotten.
constexpr std::size_t kClientsMax = 10'000;

std::uint64_t to_seconds_up(nanoseconds time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, ceil<seconds>(time).count()));
}

RateMeter::Rule client_rule(double rate, double burst) {
  const nanoseconds per_message{static_cast<std::int64_t>(1e9 / rate)};
  return {.algorithm = ports::LimitAlgorithm::kTokenBucket,
          .limit = 1,
          .window = std::max(nanoseconds{1}, per_message),
          .burst = burst};
}

LimitState state_of(RateMeter& meter, std::string policy, std::uint64_t window_s,
                    ports::MonoTime now) {
  return {.policy = std::move(policy),
          .limit = meter.quota(),
          .window_seconds = window_s,
          .remaining = meter.room(now),
          // Close grants are merged onto the later one, which must not show as more than a window.
          .reset_seconds = std::min(to_seconds_up(meter.when_whole(now) - now), window_s)};
}

// Less left of its quota is tighter.
bool tighter(const LimitState& a, const LimitState& b) {
  const auto share = [](const LimitState& state) {
    return static_cast<double>(state.remaining) /
           static_cast<double>(std::max<std::uint64_t>(1, state.limit));
  };
  return share(a) < share(b);
}

}  // namespace

AcceptLimits::AcceptLimits(const config::Limits& limits)
    : default_rate_(limits.client), total_rule_(limits.total) {
  if (!limits.total) return;
  total_.emplace(meter_rule(*limits.total));
  total_window_s_ = std::max<std::uint64_t>(1, to_seconds_up(limits.total->window));
}

AcceptLimits::Grant AcceptLimits::admit_some(const model::Client& client, bool client_too,
                                             std::uint64_t wanted, ports::MonoTime now,
                                             LimitState* state) {
  const std::lock_guard lock(mutex_);
  ClientMeter* own = client_too ? client_meter(client, now) : nullptr;
  Grant grant{.messages = wanted, .limited = std::nullopt};
  if (total_) grant.messages = std::min(grant.messages, total_->room(now));
  if (own != nullptr) grant.messages = std::min(grant.messages, own->meter.room(now));
  if (grant.messages > 0) {
    if (total_) total_->take(now, grant.messages);
    if (own != nullptr) own->meter.take(now, grant.messages);
  }
  if (state != nullptr) {
    *state = {};
    if (total_) *state = state_of(*total_, "total", total_window_s_, now);
    if (own != nullptr) {
      const double window = std::max(1.0, own->burst / own->rate);
      LimitState of_client =
          state_of(own->meter, "client", static_cast<std::uint64_t>(window + 0.999), now);
      if (!total_ || tighter(of_client, *state)) *state = std::move(of_client);
    }
  }
  if (grant.messages == wanted) return grant;
  ports::MonoTime when = now;
  if (total_) when = std::max(when, total_->when(now, 1));
  if (own != nullptr) when = std::max(when, own->meter.when(now, 1));
  grant.limited = RateLimited{std::max(milliseconds{1}, ceil<milliseconds>(when - now))};
  return grant;
}

void AcceptLimits::give_back(model::ClientId client, bool client_too, std::uint64_t messages) {
  if (messages == 0) return;
  const std::lock_guard lock(mutex_);
  if (total_) total_->give_back(messages);
  if (!client_too) return;
  const auto found = clients_.find(static_cast<std::int64_t>(client));
  if (found != clients_.end()) found->second.meter.give_back(messages);
}

std::optional<LimitUse> AcceptLimits::total_use(ports::MonoTime now) {
  const std::lock_guard lock(mutex_);
  if (!total_) return std::nullopt;
  return limit_use(*total_rule_, *total_, now, total_->when(now, 1));
}

AcceptLimits::ClientMeter* AcceptLimits::client_meter(const model::Client& client,
                                                      ports::MonoTime now) {
  const double rate = client.rate.value_or(default_rate_ ? default_rate_->rate : 0);
  if (rate <= 0) return nullptr;
  const double given_burst = client.burst.value_or(default_rate_ ? default_rate_->burst : 0);
  const double burst = given_burst > 0 ? std::max(1.0, given_burst) : std::max(1.0, rate);
  const auto id = static_cast<std::int64_t>(client.id);
  if (clients_.size() >= kClientsMax && !clients_.contains(id)) forget_idle(now);
  auto [found, made] =
      clients_.try_emplace(id, ClientMeter{rate, burst, RateMeter{client_rule(rate, burst)}});
  ClientMeter& meter = found->second;
  if (!made && (meter.rate != rate || meter.burst != burst))
    meter = ClientMeter{rate, burst, RateMeter{client_rule(rate, burst)}};
  return &meter;
}

void AcceptLimits::forget_idle(ports::MonoTime now) {
  for (auto it = clients_.begin(); it != clients_.end();)
    it = it->second.meter.when_whole(now) <= now ? clients_.erase(it) : std::next(it);
}

}  // namespace heliograph::pipeline
