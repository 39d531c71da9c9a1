#include "core/pipeline/pipeline_metrics.h"

#include <cctype>
#include <variant>

#include "core/model/channel.h"

namespace heliograph::pipeline {
namespace {

std::string lower(std::string_view word) {
  std::string out(word);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::size_t row_of(model::Channel channel) {
  return static_cast<std::size_t>(&model::channel_info(channel) - model::channels().data());
}

Refusal refusal_of(const ports::Overloaded& overloaded) {
  if (overloaded.reason == "queue full") return Refusal::kQueueFull;
  return overloaded.reason == "disk full" ? Refusal::kDiskFull : Refusal::kBusy;
}

}  // namespace

std::string_view to_string(Refusal refusal) {
  constexpr std::array<std::string_view, kRefusals> kNames{
      "invalid",   "rate_limited",         "no_credit",
      "opted_out", "queue_full",           "disk_full",
      "busy",      "idempotency_mismatch", "idempotency_in_flight"};
  return kNames.at(static_cast<std::size_t>(refusal));
}

// ---- at the door ----

IntakeMetrics::IntakeMetrics(ports::Metrics& metrics)
    : replayed_(&metrics.counter("heliograph_messages_replayed_total",
                                 "Requests answered as before, by their idempotency key.")) {
  for (const model::ChannelInfo& channel : model::channels()) {
    auto& lanes = accepted_.emplace_back();
    if (!channel.open) continue;
    for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
      const auto name = model::to_string(static_cast<model::Lane>(lane));
      lanes[lane] =
          &metrics.counter("heliograph_messages_accepted_total", "Messages accepted and on disk.",
                           {{"channel", std::string(channel.name)}, {"lane", std::string(name)}});
    }
  }
  for (std::size_t i = 0; i < kRefusals; ++i) {
    refused_[i] = &metrics.counter("heliograph_messages_refused_total",
                                   "Messages refused, and not kept, by reason.",
                                   {{"reason", std::string(to_string(static_cast<Refusal>(i)))}});
  }
}

void IntakeMetrics::refused(Refusal why, std::uint64_t messages) const {
  refused_.at(static_cast<std::size_t>(why))->add(messages);
}

template <class Result>
void IntakeMetrics::count(model::Channel channel, model::Lane lane, const Result& result) const {
  if (const auto* accepted = std::get_if<ports::Accepted>(&result)) {
    auto* counter = accepted_.at(row_of(channel)).at(static_cast<std::size_t>(lane));
    if (accepted->replayed) counter = replayed_;
    if (counter != nullptr) counter->add();
  } else if (std::holds_alternative<ports::InsufficientCredit>(result)) {
    refused(Refusal::kNoCredit);
  } else if (std::holds_alternative<ports::OptedOut>(result)) {
    refused(Refusal::kOptedOut);
  } else if (const auto* overloaded = std::get_if<ports::Overloaded>(&result)) {
    refused(refusal_of(*overloaded));
  }
}

void IntakeMetrics::answered(model::Channel channel, model::Lane lane,
                             const ports::AcceptResult& result) const {
  count(channel, lane, result);
  if (std::holds_alternative<ports::IdempotencyMismatch>(result))
    refused(Refusal::kIdempotencyMismatch);
}

void IntakeMetrics::answered(model::Channel channel, model::Lane lane,
                             const ports::BatchItemResult& result) const {
  count(channel, lane, result);
}

// ---- on the way out ----

AttemptMetrics::AttemptMetrics(ports::Metrics& metrics) : metrics_(metrics) {
  for (std::size_t lane = 0; lane < accept_to_send_.size(); ++lane) {
    const auto name = model::to_string(static_cast<model::Lane>(lane));
    accept_to_send_[lane] = &metrics.histogram(
        "heliograph_accept_to_send_seconds",
        "From when a message was due (accepted, or its send_at) to its first hand-over.",
        ports::kLongTimes, {{"lane", std::string(name)}});
  }
}

AttemptMetrics::Provider& AttemptMetrics::of(std::size_t i, const std::string& id) {
  if (i >= providers_.size()) providers_.resize(i + 1);
  Provider& provider = providers_[i];
  if (provider.id != id) {
    provider.id = id;
    find(provider);
  }
  return provider;
}

void AttemptMetrics::find(Provider& provider) {
  const ports::MetricLabels name{{"provider", provider.id}};
  for (std::size_t i = 0; i < provider.outcomes.size(); ++i) {
    const auto outcome = lower(model::to_string(static_cast<model::Outcome>(i)));
    provider.outcomes[i] = &metrics_.counter("heliograph_attempts_total",
                                             "Attempts that ended, by provider and outcome.",
                                             {{"provider", provider.id}, {"outcome", outcome}});
  }
  const auto permits = [&](const char* result) {
    return &metrics_.counter("heliograph_limiter_permits_total",
                             "Answers of the limiter, and permits that were given back.",
                             {{"provider", provider.id}, {"result", result}});
  };
  provider.granted = permits("granted");
  provider.denied = permits("denied");
  provider.refunded = permits("refunded");
  provider.retries = &metrics_.counter("heliograph_retries_total",
                                       "Attempts that were not the first of their message.", name);
  provider.not_tried =
      &metrics_.counter("heliograph_attempts_undone_total",
                        "Attempts begun and undone before anything was sent.", name);
  provider.permit_wait = &metrics_.histogram("heliograph_limiter_wait_seconds",
                                             "From asking the limiter for a permit to its answer.",
                                             ports::kShortTimes, name);
  provider.answer_time = &metrics_.histogram(
      "heliograph_attempt_seconds", "From the hand-over to the provider's answer, or to giving up.",
      ports::kLongTimes, name);
}

void AttemptMetrics::permit(Provider& provider, bool granted, std::chrono::nanoseconds waited) {
  (granted ? provider.granted : provider.denied)->add();
  provider.permit_wait->record(waited);
}

void AttemptMetrics::ended(Provider& provider, const model::WorkItem& item, const End& end) {
  const auto i = static_cast<std::size_t>(end.outcome);
  if (i >= provider.outcomes.size()) return;
  provider.outcomes[i]->add();
  provider.answer_time->record(end.took);
  if (item.attempt_number > 0) {
    provider.retries->add();
  } else {
    const auto lane = static_cast<std::size_t>(item.lane);
    accept_to_send_.at(lane)->record(end.at - item.due - end.took);
  }
}

}  // namespace heliograph::pipeline
