// Submission judge: reads what a client submits and either completes it into a message - numbers in
// E.164, defaults filled in, parts counted, price set - or names the field that is wrong.
//
// Pure but for the clock, which `send_at` is compared with. Immutable: any thread.
#pragma once

#include <expected>

#include "core/pipeline/intake.h"

namespace heliograph::pipeline {

std::expected<model::NewMessage, FieldError> judge_submission(const IntakeSettings& settings,
                                                              const model::Client& client,
                                                              const Submission& submission,
                                                              model::TimePoint real_wall);

// The recipient alone, as messages have it: a number in E.164, or an e-mail address. The error is
// about "/to".
std::expected<std::string, FieldError> judge_recipient(const IntakeSettings& settings,
                                                       const model::Client& client,
                                                       const Submission& submission);

}  // namespace heliograph::pipeline
