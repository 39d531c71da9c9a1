// What must hold at the end of a simulation, whatever happened in it.
#include <fmt/format.h>

#include <algorithm>
#include <map>
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

// In which every provider is well again.
constexpr std::chrono::minutes kTimeEnough{20};

// Between a commit and when its client hears of it.
constexpr std::chrono::seconds kAnswerMax{1};

}  // namespace

std::vector<Complaint> Simulation::check() {
  check_permits();
  std::vector<Complaint> wrong = wrong_;
  for (std::string& what : sqlite_->check()) wrong.push_back({{}, std::move(what)});
  for (const auto& [id, told] : told_) check_message(id, told, wrong);
  check_keys(wrong);
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
  check_validity(told, view, wrong);
  const bool failed = view.status == Status::kFailedPerm || view.status == Status::kExpired ||
                      view.status == Status::kCancelled;
  if (view.hold == HoldState::kHeld && (failed || view.status == Status::kDelivered))
    complain("ended with an open hold");
  if (view.status == Status::kDelivered && view.hold == HoldState::kReleased)
    complain("delivered and not paid");
  check_sends(id, told, view, wrong);
}

void Simulation::check_validity(const Told& told, const model::MessageView& view,
                                std::vector<Complaint>& wrong) {
  const auto complain = [&](const char* what) {
    wrong.push_back({view.id, fmt::format("{} ({}): {}", view.id.to_string(),
                                          model::to_string(view.status), what)});
  };
  // In doubt it ends as UNKNOWN, and only the time tells why.
  const bool ran_out = view.status == Status::kExpired ||
                       (view.status == Status::kUnknown && view.updated_at >= view.expires_at);
  if (ran_out && view.expires_at > trouble_end_ + kTimeEnough)
    complain("expired although there was time enough");
  if (view.status == Status::kExpired && view.updated_at < view.expires_at)
    complain("expired early");
  // An appointment is another moment of the logical clock after a restart.
  if (told.message.send_at || told.requeue_tried) return;
  const auto off = view.expires_at - (told.due + told.message.validity);
  if (std::chrono::abs(off) > kAnswerMax) complain("is not valid for as long as its client said");
}

// Its provider has said so of this send, and was told that this is kept.
bool Simulation::was_delivered(const Arrival& last, std::size_t provider) const {
  return std::ranges::any_of(providers_[provider]->heard, [&](const test::Heard& heard) {
    return heard.id == last.item.id && heard.attempt_number == last.attempt_number;
  });
}

void Simulation::check_sends(model::MessageId id, const Told& told, const model::MessageView& view,
                             std::vector<Complaint>& wrong) {
  const auto complain = [&](const char* what) {
    wrong.push_back(
        {id, fmt::format("{} ({}): {}", id.to_string(), model::to_string(view.status), what)});
  };
  std::vector<std::pair<Arrival, std::size_t>> sends;
  for (std::size_t i = 0; i < providers_.size(); ++i)
    for (const Arrival& arrival : providers_[i]->arrivals)
      if (arrival.item.id == id) sends.emplace_back(arrival, i);
  std::ranges::sort(sends, {}, [](const auto& send) { return send.first.at; });
  // In a cycle: an operator may have a message sent anew.
  std::map<int, std::ptrdiff_t> counted;
  std::map<std::pair<int, std::size_t>, int> reached_at;
  for (const auto& [send, provider] : sends) {
    if (std::ranges::count(send.item.excluded, providers_[provider]->key()) > 0)
      complain("sent to a provider that had failed it in this round");
    if (send.outcome != Outcome::kThrottled) ++counted[send.item.cycle];
    if (!send.reached) continue;
    int& times = reached_at[{send.item.cycle, provider}];
    times = providers_[provider]->traits().dedupes ? 1 : times + 1;
  }
  std::map<int, int> reached;
  for (const auto& [where, times] : reached_at) reached[where.first] += times;
  for (const auto& [cycle, times] : reached)
    if (times > 1 && !view.possible_duplicate) complain("reached twice and not flagged");
  for (const auto& [cycle, times] : counted)
    if (times > settings_.retry.max_attempts) complain("more sends than max_attempts");
  if (told.cancelled_at && !sends.empty() && sends.back().first.at > *told.cancelled_at)
    complain("sent after it was cancelled");

  const bool undecided = view.status == Status::kSent || view.status == Status::kUnknown;
  if (undecided && !sends.empty() && was_delivered(sends.back().first, sends.back().second))
    complain("its provider said that it was delivered");

  std::vector<Arrival> all;
  for (std::size_t i = 0; i < sends.size(); ++i) {
    const auto& [send, provider] = sends[i];
    all.push_back(send);
    if (!told.message.pinned_provider.empty() &&
        told.message.pinned_provider != provider_settings_[provider].id)
      complain("pinned and sent elsewhere");
    if (!maybe_sent(send) || i + 1 == sends.size()) continue;
    if (sends[i + 1].first.item.cycle != send.item.cycle) continue;
    // Sent, or perhaps: what follows is the policy's business.
    const auto policy = pipeline::doubt_policy(told.message.in_doubt, settings_.in_doubt.policy,
                                               providers_[provider]->traits().dedupes);
    if (policy == InDoubt::kAtMostOnce) complain("sent again under at_most_once");
    if (policy == InDoubt::kResolveSame && sends[i + 1].second != provider)
      complain("failed over while in doubt");
  }
  check_times(told, view, all, wrong);
}

std::size_t Simulation::life_at(ports::MonoTime at) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(crashes_, [&](ports::MonoTime crash) { return crash <= at; }));
}

void Simulation::check_times(const Told& told, const model::MessageView& view,
                             const std::vector<Arrival>& sends, std::vector<Complaint>& wrong) {
  const auto complain = [&](const char* what) {
    wrong.push_back({view.id, fmt::format("{} ({}): {}", view.id.to_string(),
                                          model::to_string(view.status), what)});
  };
  for (const Arrival& send : sends)
    if (send.wall > send.item.expires_at) complain("sent after its validity");
  if (!told.message.send_at || sends.empty()) return;
  // By the logical clock of the process that accepted it; a later one began with the system's.
  const std::size_t life = life_at(sends.front().at);
  model::TimePoint due = told.due;
  for (std::size_t i = told.life; i < life; ++i) {
    if (life_ends_[i] >= due) return;  // it was due before
    due = *told.message.send_at;
  }
  if (sends.front().wall < due - std::chrono::milliseconds{2}) complain("sent before its time");
}

// One key, one message, whichever answers were lost.
void Simulation::check_keys(std::vector<Complaint>& wrong) {
  std::map<std::string, model::MessageId> sent;
  for (const auto& provider : providers_) {
    for (const Arrival& arrival : provider->arrivals) {
      if (!arrival.item.text.starts_with("key ")) continue;
      const auto [found, added] = sent.emplace(arrival.item.text, arrival.item.id);
      if (!added && found->second != arrival.item.id)
        wrong.push_back({arrival.item.id, arrival.item.text + ": two messages under one key"});
    }
  }
}

std::size_t Simulation::limited_sends() const {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < providers_.size(); ++i)
    if (provider_settings_[i].limit || settings_.limits.dispatch)
      sum += providers_[i]->arrivals.size();
  return sum;
}

// Of this life of the process: each send has a permit of its own, even where the limit itself has
// not suffered.
void Simulation::check_permits() {
  if (limiter_ && limited_sends() - limited_before_ > limiter_->granted())
    wrong_.push_back({{}, "more sends than permits"});
}

// Within one life of the process: a limiter in memory begins anew with each.
void Simulation::check_limits(std::size_t provider, std::vector<Complaint>& wrong) {
  const auto& limit = provider_settings_[provider].limit;
  if (!limit) return;
  if (limiter_fails_open_ && limiter_trouble_ > 0) return;  // the operator's choice
  std::vector<ports::MonoTime> times;  // not in the order of the sends: some connect first
  for (const Arrival& arrival : providers_[provider]->arrivals) times.push_back(arrival.at);
  std::ranges::sort(times);
  for (std::size_t i = limit->limit; i < times.size(); ++i) {
    const ports::MonoTime first = times[i - limit->limit];
    if (life_at(first) != life_at(times[i])) continue;
    if (times[i] - first < limit->window)
      wrong.push_back({{}, fmt::format("{}: limit exceeded", provider_settings_[provider].id)});
  }
}

}  // namespace heliograph::sim
