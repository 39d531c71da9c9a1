#include "core/pipeline/in_doubt.h"

namespace heliograph::pipeline {

model::InDoubt doubt_policy(model::InDoubt of_message, model::InDoubt of_gateway,
                            bool provider_dedupes) {
  const model::InDoubt policy = of_message != model::InDoubt::kAuto ? of_message : of_gateway;
  if (policy != model::InDoubt::kAuto) return policy;
  return provider_dedupes ? model::InDoubt::kResolveSame : model::InDoubt::kAtLeastOnce;
}

}  // namespace heliograph::pipeline
