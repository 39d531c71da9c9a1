#include "core/pipeline/intake.h"

#include <algorithm>
#include <atomic>
#include <mutex>

#include "core/pipeline/accept_limits.h"
#include "core/pipeline/accept_span.h"
#include "core/pipeline/in_flight_keys.h"
#include "core/pipeline/pipeline_metrics.h"
#include "core/pipeline/submission_judge.h"

namespace heliograph::pipeline {

class Intake::Impl {
 public:
  Impl(IntakeSettings given, ports::Clock& time, ports::Store& keeper, ports::Tracer* given_tracer)
      : clock(time),
        store(keeper),
        tracer(given_tracer),
        limits(given.limits),
        metrics(ports::metrics_or_none(given.metrics)),
        settings_(std::make_shared<const IntakeSettings>(std::move(given))) {}

  // Whoever judges works with one version to the end.
  std::shared_ptr<const IntakeSettings> settings() const {
    const std::lock_guard lock(mutex_);
    return settings_;
  }
  void apply(IntakeSettings given) {
    auto next = std::make_shared<const IntakeSettings>(std::move(given));
    const std::lock_guard lock(mutex_);
    settings_.swap(next);
  }

  ports::Clock& clock;
  ports::Store& store;
  ports::Tracer* const tracer;
  AcceptLimits limits;
  const IntakeMetrics metrics;
  InFlightKeys keys;
  // Of batches handed to the store and not answered yet.
  std::atomic<std::size_t> batch_messages{0};

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const IntakeSettings> settings_;
};

namespace {

template <class Result>
void answer(ports::Executor& where, ports::Done<Result> done, Result result) {
  where.post(
      [done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
}

// Only what was accepted now counts against a limit.
bool counts(const ports::AcceptResult& result) {
  const auto* accepted = std::get_if<ports::Accepted>(&result);
  return accepted != nullptr && !accepted->replayed;
}

std::optional<model::MessageId> id_of(const ports::AcceptResult& result) {
  const auto* accepted = std::get_if<ports::Accepted>(&result);
  return accepted == nullptr ? std::nullopt : std::optional(accepted->id);
}

// One client hands over a batch, so its messages came with one trace.
AcceptSpan span_of(ports::Tracer* tracer, const ports::Clock& clock,
                   std::vector<BatchItem>& items) {
  std::optional<AcceptSpan> span;
  for (BatchItem& item : items) {
    auto* message = std::get_if<model::NewMessage>(&item);
    if (message == nullptr) continue;
    if (!span) span.emplace(tracer, clock, message->trace);
    message->trace = span->context();
  }
  return span.value_or(AcceptSpan(nullptr, clock, {}));
}

// Beyond it batches are refused: what waits for the store's writer is in memory.
constexpr std::size_t kBatchMessagesMax = 50'000;
constexpr std::chrono::seconds kRetryBusy{1};

std::size_t count_messages(const std::vector<BatchItem>& items) {
  return static_cast<std::size_t>(std::ranges::count_if(items, [](const BatchItem& item) {
    return std::holds_alternative<model::NewMessage>(item);
  }));
}

// The messages behind the first `grant.messages` have met the limit.
void apply_limit(std::vector<BatchItem>& items, const AcceptLimits::Grant& grant) {
  std::size_t messages = 0;
  for (BatchItem& item : items) {
    if (!std::holds_alternative<model::NewMessage>(item)) continue;
    if (messages++ < grant.messages) continue;
    item = ports::NotSubmitted{.answer = {}, .retry_after = grant.limited->retry_after};
  }
}

// The answer where no message is left to be asked for.
ports::BatchAnswer unsubmitted(const std::vector<BatchItem>& items) {
  ports::BatchAnswer answer;
  for (const BatchItem& item : items) {
    answer.items.emplace_back(std::get<ports::NotSubmitted>(item));
  }
  return answer;
}

// What the metrics tell apart, of each item; the store keeps the messages.
struct Sort {
  model::Channel channel{};
  model::Lane lane{};
  bool limited = false;
};

std::vector<Sort> sorts_of(const std::vector<BatchItem>& items) {
  std::vector<Sort> sorts;
  for (const BatchItem& item : items) {
    Sort& sort = sorts.emplace_back();
    if (const auto* message = std::get_if<model::NewMessage>(&item)) {
      sort = {.channel = message->channel, .lane = message->lane};
    } else {
      sort.limited = std::get<ports::NotSubmitted>(item).retry_after.count() > 0;
    }
  }
  return sorts;
}

void count_batch(const IntakeMetrics& metrics, const std::vector<Sort>& sorts,
                 const ports::AcceptBatchResult& result) {
  if (std::holds_alternative<ports::IdempotencyMismatch>(result))
    return metrics.refused(Refusal::kIdempotencyMismatch, sorts.size());
  const auto* answer = std::get_if<ports::BatchAnswer>(&result);
  if (answer != nullptr && answer->replayed) return metrics.replayed_batch();
  for (std::size_t i = 0; i < sorts.size(); ++i) {
    if (sorts[i].limited) metrics.refused(Refusal::kRateLimited);
    if (answer != nullptr && i < answer->items.size() && !sorts[i].limited)
      metrics.answered(sorts[i].channel, sorts[i].lane, answer->items[i]);
  }
}

std::size_t count_accepted(const ports::AcceptBatchResult& result) {
  const auto* answer = std::get_if<ports::BatchAnswer>(&result);
  if (answer == nullptr || answer->replayed) return 0;
  return static_cast<std::size_t>(std::ranges::count_if(answer->items, [](const auto& item) {
    return std::holds_alternative<ports::Accepted>(item);
  }));
}

IntakeBatchResult batch_result(ports::AcceptBatchResult result, ports::BatchAnswer refused) {
  if (auto* answer = std::get_if<ports::BatchAnswer>(&result)) return std::move(*answer);
  if (std::holds_alternative<ports::NotReplayed>(result)) return refused;
  return ports::IdempotencyMismatch{};
}

}  // namespace

Intake::Intake(IntakeSettings settings, ports::Clock& clock, ports::Store& store,
               ports::Tracer* tracer)
    : impl_(std::make_shared<Impl>(std::move(settings), clock, store, tracer)) {}

Intake::~Intake() = default;

std::expected<model::NewMessage, FieldError> Intake::judge(const model::Client& client,
                                                           const Submission& submission) const {
  const auto settings = impl_->settings();
  auto judged = judge_submission(*settings, client, submission, impl_->clock.real_wall());
  if (!judged) impl_->metrics.refused(Refusal::kInvalid);
  return judged;
}

std::expected<RecipientPrice, FieldError> Intake::price(const model::Client& client,
                                                        model::Channel channel,
                                                        std::string to) const {
  const auto settings = impl_->settings();
  Submission asked;
  asked.channel = channel;
  asked.to = std::move(to);
  auto recipient = judge_recipient(*settings, client, asked);
  if (!recipient) return std::unexpected(std::move(recipient.error()));
  const auto quote = quote_price(settings->prices, settings->billing, client, channel, *recipient);
  return RecipientPrice{.to = *std::move(recipient), .quote = quote, .rules = settings};
}

void Intake::accept(const model::Client& client, model::NewMessage message,
                    std::optional<ports::IdempotencyKey> key, const Options& options,
                    LimitState* state, ports::Executor& where, ports::Done<IntakeResult> done) {
  Impl& impl = *impl_;
  const bool client_too = !options.skip_client_limit;
  const auto limited = impl.limits.admit(client, client_too, impl.clock.mono(), state);
  // A replay is no new message: even above the limit it gets its first answer again.
  if (limited && !key) {
    impl.metrics.refused(Refusal::kRateLimited);
    return answer<IntakeResult>(where, std::move(done), *limited);
  }

  std::optional<InFlightKeys::Claim> claim;
  if (key) {
    auto claimed = impl.keys.claim(key->key_hash);
    if (!claimed) {
      if (!limited) impl.limits.give_back(client.id, client_too);
      impl.metrics.refused(Refusal::kIdempotencyInFlight);
      return answer<IntakeResult>(where, std::move(done), IdempotencyInFlight{});
    }
    claim.emplace(*std::move(claimed));
  }
  const AcceptSpan span(impl.tracer, impl.clock, message.trace);
  message.trace = span.context();
  auto finished = [kept = impl_, client = client.id, client_too, limited, span,
                   claim = std::move(claim), channel = message.channel, lane = message.lane,
                   done = std::move(done)](ports::AcceptResult result) mutable {
    claim.reset();
    span.end(id_of(result));
    kept->metrics.answered(channel, lane, result);
    if (limited && std::holds_alternative<ports::NotReplayed>(result)) {
      kept->metrics.refused(Refusal::kRateLimited);
      return done(*limited);
    }
    if (!limited && !counts(result)) kept->limits.give_back(client, client_too);
    done(std::move(result));
  };
  ports::AcceptCommand command{.message = std::move(message), .idempotency = key};
  command.replay_only = limited.has_value();
  impl.store.accept(std::move(command), where, std::move(finished));
}

void Intake::apply(IntakeSettings settings) { impl_->apply(std::move(settings)); }

LimitState Intake::limit_state(const model::Client& client, const Options& options) const {
  LimitState state;
  impl_->limits.admit_some(client, !options.skip_client_limit, 0, impl_->clock.mono(), &state);
  return state;
}

void Intake::accept_batch(const model::Client& client, std::vector<BatchItem> items,
                          std::optional<ports::IdempotencyKey> key, const Options& options,
                          LimitState* state, ports::Executor& where,
                          ports::Done<IntakeBatchResult> done) {
  Impl& impl = *impl_;
  const bool client_too = !options.skip_client_limit;
  const auto refuse = [&](IntakeBatchResult result) {
    if (state != nullptr) *state = limit_state(client, options);
    answer(where, std::move(done), std::move(result));
  };
  std::optional<InFlightKeys::Claim> claim;
  if (key) {
    auto claimed = impl.keys.claim(key->key_hash);
    if (!claimed) {
      impl.metrics.refused(Refusal::kIdempotencyInFlight, count_messages(items));
      return refuse(IdempotencyInFlight{});
    }
    claim.emplace(*std::move(claimed));
  }
  const std::size_t size = items.size();
  if (impl.batch_messages.fetch_add(size) + size > kBatchMessagesMax) {
    impl.batch_messages -= size;
    impl.metrics.refused(Refusal::kBusy, count_messages(items));
    return refuse(ports::Overloaded{"too many batches at once", kRetryBusy});
  }
  const auto grant =
      impl.limits.admit_some(client, client_too, count_messages(items), impl.clock.mono(), state);
  apply_limit(items, grant);
  const AcceptSpan span = span_of(impl.tracer, impl.clock, items);
  std::vector<Sort> sorts = sorts_of(items);
  auto finished = [kept = impl_, client = client.id, client_too, size, span, taken = grant.messages,
                   refused = grant.messages == 0 ? unsubmitted(items) : ports::BatchAnswer{},
                   claim = std::move(claim), sorts = std::move(sorts),
                   done = std::move(done)](ports::AcceptBatchResult result) mutable {
    claim.reset();
    count_batch(kept->metrics, sorts, result);
    kept->batch_messages -= size;
    const std::size_t accepted = count_accepted(result);
    kept->limits.give_back(client, client_too, taken - accepted);
    span.end_batch(size, accepted);
    done(batch_result(std::move(result), std::move(refused)));
  };
  if (grant.messages == 0 && !key) {
    return answer<ports::AcceptBatchResult>(where, std::move(finished), ports::NotReplayed{});
  }
  ports::AcceptBatchCommand command{
      .client = client.id, .items = std::move(items), .idempotency = key};
  command.replay_only = grant.messages == 0;
  impl.store.accept_batch(std::move(command), where, std::move(finished));
}

std::optional<LimitUse> Intake::total_use() const {
  return impl_->limits.total_use(impl_->clock.mono());
}

}  // namespace heliograph::pipeline
