#include "core/pipeline/intake.h"

#include "core/pipeline/accept_limits.h"
#include "core/pipeline/in_flight_keys.h"
#include "core/pipeline/submission_judge.h"

namespace heliograph::pipeline {

class Intake::Impl {
 public:
  Impl(IntakeSettings given, ports::Clock& time, ports::Store& keeper)
      : settings(std::move(given)), clock(time), store(keeper), limits(settings.limits) {}

  const IntakeSettings settings;
  ports::Clock& clock;
  ports::Store& store;
  AcceptLimits limits;
  InFlightKeys keys;
};

namespace {

void answer(ports::Executor& where, ports::Done<IntakeResult> done, IntakeResult result) {
  where.post(
      [done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
}

// Only what was accepted now counts against a limit.
bool counts(const ports::AcceptResult& result) {
  const auto* accepted = std::get_if<ports::Accepted>(&result);
  return accepted != nullptr && !accepted->replayed;
}

}  // namespace

Intake::Intake(IntakeSettings settings, ports::Clock& clock, ports::Store& store)
    : impl_(std::make_shared<Impl>(std::move(settings), clock, store)) {}

Intake::~Intake() = default;

std::expected<model::NewMessage, FieldError> Intake::judge(const model::Client& client,
                                                           const Submission& submission) const {
  return judge_submission(impl_->settings, client, submission, impl_->clock.real_wall());
}

void Intake::accept(const model::Client& client, model::NewMessage message,
                    std::optional<ports::IdempotencyKey> key, const Options& options,
                    LimitState* state, ports::Executor& where, ports::Done<IntakeResult> done) {
  Impl& impl = *impl_;
  const bool client_too = !options.skip_client_limit;
  const auto limited = impl.limits.admit(client, client_too, impl.clock.mono(), state);
  // A replay is no new message: even above the limit it gets its first answer again.
  if (limited && !key) return answer(where, std::move(done), *limited);

  std::optional<InFlightKeys::Claim> claim;
  if (key) {
    auto claimed = impl.keys.claim(key->key_hash);
    if (!claimed) {
      if (!limited) impl.limits.give_back(client.id, client_too);
      return answer(where, std::move(done), IdempotencyInFlight{});
    }
    claim.emplace(*std::move(claimed));
  }
  auto finished = [kept = impl_, client = client.id, client_too, limited, claim = std::move(claim),
                   done = std::move(done)](ports::AcceptResult result) mutable {
    claim.reset();
    if (limited && std::holds_alternative<ports::NotReplayed>(result)) return done(*limited);
    if (!limited && !counts(result)) kept->limits.give_back(client, client_too);
    done(std::move(result));
  };
  ports::AcceptCommand command{.message = std::move(message), .idempotency = key};
  command.replay_only = limited.has_value();
  impl.store.accept(std::move(command), where, std::move(finished));
}

std::optional<LimitUse> Intake::total_use() const {
  return impl_->limits.total_use(impl_->clock.mono());
}

}  // namespace heliograph::pipeline
