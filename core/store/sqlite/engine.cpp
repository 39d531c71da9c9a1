#include "core/store/sqlite/engine.h"

#include <stdexcept>
#include <utility>

#include "core/base/assert.h"

namespace heliograph::store {
namespace {

// The rows of messages, whichever way they went, and of conversations are all different.
constexpr const char* kHighestRow =
    "SELECT max((SELECT ifnull(max(id), 0) FROM messages),"
    " (SELECT ifnull(max(id), 0) FROM inbound_messages),"
    " (SELECT ifnull(max(id), 0) FROM conversations))";

model::CaptureOn capture_on(const SqliteOptions& options) {
  const auto moment = model::parse_capture_on(options.billing.capture_on);
  if (!moment) throw std::invalid_argument("billing.capture_on is unknown");
  return *moment;
}

}  // namespace

Engine::Engine(std::unique_ptr<Connection> connection, const SqliteOptions& options,
               ports::Clock& clock, ports::Random& random, DiskGuard::Probe probe)
    : clock_(clock),
      connection_(std::move(connection)),
      disk_(std::move(probe), options.min_free_bytes, clock),
      ledger_(*connection_),
      names_(*connection_),
      revisits_(*connection_),
      callback_endpoints_(*connection_, clock, random),
      callback_outbox_(*connection_, callback_endpoints_, effects_, clock, random),
      callback_deliveries_(*connection_, callback_endpoints_, effects_, clock),
      ids_(connection_->query_integer(kHighestRow)),
      opt_outs_(*connection_),
      conversations_(*connection_, ids_, clock, random),
      inbound_(*connection_, conversations_, opt_outs_, callback_outbox_, ids_, clock, random,
               options.opt_out_words),
      messages_(*connection_, ledger_, effects_, callback_outbox_),
      receipts_(*connection_, messages_, names_, clock, capture_on(options)),
      attempts_(*connection_, messages_, receipts_, effects_, callback_outbox_),
      accepts_(*connection_, ledger_, names_, effects_, opt_outs_, conversations_, ids_, clock,
               random,
               {.max_depth = options.max_depth,
                .idempotency_retention = options.idempotency_retention,
                .capture_on = capture_on(options)}),
      lifecycle_(*connection_, messages_, ledger_, names_, effects_, opt_outs_, revisits_, clock,
                 capture_on(options)),
      hold_sweep_(*connection_, messages_, revisits_,
                  {.hold_timeout = options.billing.hold_timeout,
                   .capture_unknown = options.billing.on_unknown == "capture"}),
      retention_(*connection_, revisits_,
                 {.parked = receipts_.parked(),
                  .callbacks = callback_deliveries_,
                  .inbound = inbound_,
                  .conversations = conversations_},
                 {.keys = options.idempotency_retention,
                  .parked = options.billing.hold_timeout,
                  .bodies = options.retention.body,
                  .messages = options.retention.metadata}),
      clients_(*connection_, ledger_, effects_, clock, random),
      begin_(*connection_, "BEGIN IMMEDIATE"),
      commit_(*connection_, "COMMIT") {}

void Engine::set_live(std::int64_t waiting, std::int64_t sending) {
  waiting_ = waiting;
  sending_ = sending;
}

model::TimePoint Engine::newest() {
  return model::MessageId::from_parts(connection_->query_integer(kHighestRow), 0).created_at();
}

void Engine::begin() {
  if (is_stale_) restore();
  HG_ASSERT(!connection_->in_transaction());
  effects_ = Effects{};
  disk_.check();
  begin_.run();
}

void Engine::commit() {
  ledger_.flush();
  commit_.run();
  waiting_ += effects_.waiting;
  sending_ += effects_.sending;
  HG_ASSERT(waiting_ >= 0 && sending_ >= 0);
}

void Engine::rollback() noexcept {
  effects_ = Effects{};
  ledger_.discard();
  is_stale_ = true;
  try {
    restore();
  } catch (const DatabaseError&) {
    // begin() tries again, and reports what it meets.
  }
}

void Engine::restore() {
  // After some errors SQLite has rolled back already.
  if (connection_->in_transaction()) connection_->exec("ROLLBACK");
  names_.reload();
  receipts_.reload();
  callback_endpoints_.reload();
  opt_outs_.reload();
  is_stale_ = false;
}

ports::AcceptResult Engine::accept(const ports::AcceptCommand& command) {
  return accepts_.accept(command, accept_context());
}

ports::AcceptBatchResult Engine::accept_batch(const ports::AcceptBatchCommand& command) {
  return accepts_.accept_batch(command, accept_context());
}

ports::ReceiptOutcome Engine::apply_receipt(const model::Receipt& receipt) {
  const ports::ReceiptOutcome outcome = receipts_.apply(receipt);
  ++effects_.receipts.at(static_cast<std::size_t>(outcome));
  return outcome;
}

ports::ReportResult Engine::take_report(const ports::ProviderReport& report) {
  ports::ReportResult result;
  // New messages need room like those of clients do; the receipts beside them wait too, because the
  // provider repeats all of it.
  result.taken = report.inbound.empty() || !disk_.is_full();
  if (!result.taken) return result;
  for (const model::Receipt& receipt : report.receipts) {
    result.receipts.push_back(apply_receipt(receipt));
  }
  for (const model::InboundMessage& message : report.inbound) {
    result.inbound.push_back(inbound_.take(message));
  }
  return result;
}

}  // namespace heliograph::store
