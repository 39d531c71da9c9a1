// A message's story in the log, at debug: picked, sent, outcome, retry due, receipt, callback; each
// line with the message's id, none with a text or an address. Threads: any. Next to nothing where
// debug is off.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/model/callback.h"
#include "core/model/message.h"
#include "core/model/receipt.h"
#include "core/pipeline/callbacks/verdict.h"
#include "core/pipeline/job.h"
#include "core/ports/log.h"
#include "core/ports/store_types.h"

namespace heliograph::pipeline {

void log_picked(ports::Log& log, const model::WorkItem& item, std::string_view provider,
                const Choice& choice);
void log_sent(ports::Log& log, const model::WorkItem& item, std::string_view provider);
// Also when it will be tried again, where it will.
void log_outcome(ports::Log& log, const model::WorkItem& item, std::string_view provider,
                 const ports::FinishAttempt& end);
void log_receipts(ports::Log& log, const std::vector<model::Receipt>& receipts,
                  std::string_view provider);

// The id of the message a callback tells of, for log_callback(); "" where debug is off. `log` may
// be nullptr.
std::string message_for_log(const ports::Log* log, std::string_view callback_body);
void log_callback(ports::Log* log, std::string_view message, model::CallbackId delivery,
                  model::CallbackId endpoint, const CallbackVerdict& verdict);

}  // namespace heliograph::pipeline
