// The attempts that a crash interrupted: judged once, at start.
#include <utility>

#include "core/pipeline/attempt_runner.h"

namespace heliograph::pipeline {

using model::Outcome;

ports::FinishAttempt AttemptRunner::decide_interrupted(const model::WorkItem& item) {
  model::AttemptResult result;
  result.outcome = Outcome::kUnknown;
  result.detail = "interrupted by a restart";
  const model::ProviderKey key = item.last_provider.value_or(model::ProviderKey{});
  AttemptEnd end = end_of(item, board_.find(key), result, true);
  end.provider = key;
  ports::FinishAttempt command = decide_outcome(rules_, end).command;
  command.id = item.id;
  command.attempt_number = item.attempt_number;
  command.cycle = item.cycle;
  command.provider = key;
  command.started_at = item.started_at;
  command.finished_at = end.now;
  command.result = std::move(result);
  return command;
}

}  // namespace heliograph::pipeline
