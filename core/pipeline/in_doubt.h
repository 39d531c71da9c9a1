// In doubt: which policy holds for a message whose attempt may or may not have reached the
// recipient. Pure; thread-safe.
#pragma once

#include "core/model/message.h"

namespace heliograph::pipeline {

// The message's own policy, else the gateway's; `auto` becomes resolve_same where the provider
// drops a second send with the same idempotency key, else at_least_once. Never returns kAuto.
model::InDoubt doubt_policy(model::InDoubt of_message, model::InDoubt of_gateway,
                            bool provider_dedupes);

}  // namespace heliograph::pipeline
