#include "core/pipeline/inbound_intake.h"

#include <utility>

#include "core/base/text.h"
#include "core/model/inbound_address.h"

namespace heliograph::pipeline {

InboundIntake::InboundIntake(InboundSettings settings, ports::StoreConversations& store,
                             ports::Log* log)
    : settings_(std::make_shared<const InboundSettings>(std::move(settings))),
      store_(store),
      log_(log) {}

void InboundIntake::take(ports::ProviderReport report, ports::Executor& where,
                         ports::Done<ports::ReportResult> done) {
  const auto now = settings();
  for (model::InboundMessage& message : report.inbound) complete(*now, message);
  std::vector<std::string> senders;
  if (log_ != nullptr) {
    for (const auto& message : report.inbound) senders.push_back(base::mask_address(message.to));
  }
  auto noted = [this, senders = std::move(senders),
                done = std::move(done)](ports::ReportResult result) mutable {
    for (std::size_t i = 0; i < result.inbound.size(); ++i) {
      note(result.inbound[i], i < senders.size() ? senders[i] : std::string());
    }
    done(std::move(result));
  };
  store_.take_report(std::move(report), where, std::move(noted));
}

std::shared_ptr<const InboundSettings> InboundIntake::settings() const {
  const std::lock_guard lock(mutex_);
  return settings_;
}

void InboundIntake::apply(InboundSettings settings) {
  auto next = std::make_shared<const InboundSettings>(std::move(settings));
  const std::lock_guard lock(mutex_);
  settings_.swap(next);
}

void InboundIntake::complete(const InboundSettings& settings, model::InboundMessage& message) {
  message.from = model::inbound_address(message.channel, message.from);
  message.to = model::inbound_address(message.channel, message.to);
  if (!message.owner) {
    const auto found = settings.numbers.find(message.to);
    if (found != settings.numbers.end()) message.owner = found->second;
  }
  if (!message.fallback) message.fallback = settings.default_client;
}

void InboundIntake::note(const ports::InboundOutcome& outcome, const std::string& to) {
  using Kind = ports::InboundOutcome::Kind;
  switch (outcome.kind) {
    case Kind::kStored:
      ++stored_;
      break;
    case Kind::kDuplicate:
      ++duplicates_;
      break;
    case Kind::kParked: {
      const std::string parked = std::to_string(++parked_);
      if (log_ != nullptr) {
        log_->warn("inbound message parked: no client has the number it was sent to",
                   {{"message", outcome.id.to_string()}, {"to", to}, {"parked", parked}});
      }
      break;
    }
  }
  if (log_ == nullptr || outcome.wish == model::OptOutWish::kNone) return;
  log_->info(outcome.wish == model::OptOutWish::kStop ? "a recipient has opted out"
                                                      : "a recipient has opted in again",
             {{"message", outcome.id.to_string()}, {"sender", to}});
}

InboundIntake::Counts InboundIntake::counts() const {
  return {.stored = stored_, .duplicates = duplicates_, .parked = parked_};
}

}  // namespace heliograph::pipeline
