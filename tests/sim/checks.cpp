// What must hold at the end of a simulation, whatever happened in it.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/pipeline/in_doubt.h"
#include "tests/sim/simulation.h"

namespace heliograph::sim {

using model::HoldState;
using model::InDoubt;
using model::Outcome;
using model::Status;
using test::Arrival;

namespace {

bool maybe_sent(const Arrival& arrival) {
  return arrival.outcome == Outcome::kSent || arrival.outcome == Outcome::kUnknown;
}

}  // namespace

std::vector<Complaint> Simulation::check() {
  std::vector<Complaint> wrong;
  for (std::string& what : sqlite_->check()) wrong.push_back({{}, std::move(what)});
  for (const auto& [id, told] : told_) check_message(id, told, wrong);
  for (std::size_t i = 0; i < providers_.size(); ++i) {
    check_limits(i, wrong);
    if (providers_[i]->in_flight_max > provider_settings_[i].max_in_flight)
      wrong.push_back({{}, fmt::format("{}: window exceeded", provider_settings_[i].id)});
  }
  if (!distributor_->open.empty()) wrong.push_back({{}, "a pick was never answered"});
  if (pipeline_->stats().in_memory != 0) wrong.push_back({{}, "messages are stuck in memory"});
  if (pipeline_->stats().in_flight != 0) wrong.push_back({{}, "attempts are stuck"});
  return wrong;
}

void Simulation::check_message(model::MessageId id, const Told& told,
                               std::vector<Complaint>& wrong) {
  std::optional<std::optional<model::MessageView>> answer;
  sqlite_->find_message(std::nullopt, id, loop_, [&](auto found) { answer = std::move(found); });
  sqlite_->pump();
  while (!answer && loop_.run_one(clock_.mono())) {
  }
  if (!answer || !*answer) {
    wrong.push_back({id, fmt::format("{}: accepted and lost", id.to_string())});
    return;
  }
  const model::MessageView& view = **answer;
  journal_.add(id, fmt::format("ended {}, hold {}", model::to_string(view.status),
                               static_cast<int>(view.hold)));
  const auto complain = [&](const char* what) {
    wrong.push_back(
        {id, fmt::format("{} ({}): {}", id.to_string(), model::to_string(view.status), what)});
  };
  if (model::is_waiting(view.status) || view.status == Status::kSending) complain("never ended");
  if (told.cancelled_at && view.status != Status::kCancelled) complain("was cancelled");
  if (view.status == Status::kExpired && told.message.validity == kLongValidity)
    complain("expired although there was time enough");
  const bool failed = view.status == Status::kFailedPerm || view.status == Status::kExpired ||
                      view.status == Status::kCancelled;
  if (view.hold == HoldState::kHeld && (failed || view.status == Status::kDelivered))
    complain("ended with an open hold");
  if (view.status == Status::kDelivered && view.hold == HoldState::kReleased)
    complain("delivered and not paid");
  check_sends(id, told, view, wrong);
}

void Simulation::check_sends(model::MessageId id, const Told& told, const model::MessageView& view,
                             std::vector<Complaint>& wrong) {
  const auto complain = [&](const char* what) {
    wrong.push_back(
        {id, fmt::format("{} ({}): {}", id.to_string(), model::to_string(view.status), what)});
  };
  std::vector<std::pair<Arrival, std::size_t>> sends;
  int reached = 0;
  for (std::size_t i = 0; i < providers_.size(); ++i) {
    reached += providers_[i]->reached(id);
    for (const Arrival& arrival : providers_[i]->arrivals)
      if (arrival.item.id == id) sends.emplace_back(arrival, i);
  }
  std::ranges::sort(sends, {}, [](const auto& send) { return send.first.at; });
  if (reached > 1 && !view.possible_duplicate) complain("reached twice and not flagged");
  const auto counted = std::ranges::count_if(
      sends, [](const auto& send) { return send.first.outcome != Outcome::kThrottled; });
  if (counted > settings_.retry.max_attempts) complain("more sends than max_attempts");
  if (told.cancelled_at && !sends.empty() && sends.back().first.at > *told.cancelled_at)
    complain("sent after it was cancelled");

  for (std::size_t i = 0; i + 1 < sends.size(); ++i) {
    if (!maybe_sent(sends[i].first)) continue;
    // Sent, or perhaps: what follows is the policy's business.
    const std::size_t provider = sends[i].second;
    switch (pipeline::doubt_policy(told.message.in_doubt, settings_.in_doubt.policy,
                                   providers_[provider]->traits().dedupes)) {
      case InDoubt::kAtMostOnce:
        complain("sent again under at_most_once");
        break;
      case InDoubt::kResolveSame:
        if (sends[i + 1].second != provider) complain("failed over while in doubt");
        break;
      default:
        break;
    }
  }
  for (const auto& [send, provider] : sends) {
    if (!told.message.pinned_provider.empty() &&
        told.message.pinned_provider != provider_settings_[provider].id)
      complain("pinned and sent elsewhere");
    const model::TimePoint at =
        clock_.wall() - std::chrono::floor<std::chrono::milliseconds>(clock_.mono() - send.at);
    if (at > view.expires_at) complain("sent after its validity");
    if (told.message.send_at && at < *told.message.send_at - std::chrono::milliseconds{1})
      complain("sent before its time");
  }
}

// Within one life of the process: a limiter in memory begins anew with each.
void Simulation::check_limits(std::size_t provider, std::vector<Complaint>& wrong) {
  const auto& limit = provider_settings_[provider].limit;
  if (!limit) return;
  const auto life = [&](ports::MonoTime at) {
    return std::ranges::count_if(crashes_, [&](ports::MonoTime crash) { return crash <= at; });
  };
  std::vector<ports::MonoTime> times;  // not in the order of the sends: some connect first
  for (const Arrival& arrival : providers_[provider]->arrivals) times.push_back(arrival.at);
  std::ranges::sort(times);
  for (std::size_t i = limit->limit; i < times.size(); ++i) {
    const ports::MonoTime first = times[i - limit->limit];
    if (life(first) != life(times[i])) continue;
    if (times[i] - first < limit->window)
      wrong.push_back({{}, fmt::format("{}: limit exceeded", provider_settings_[provider].id)});
  }
}

}  // namespace heliograph::sim
