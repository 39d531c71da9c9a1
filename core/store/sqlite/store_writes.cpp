// The writing half of the ports: each call becomes one operation for the writer.
#include "core/store/sqlite/store_impl.h"

namespace heliograph::store {
namespace {

// The writer drains a full queue within a second or two.
constexpr std::chrono::seconds kRetryBusy{1};

}  // namespace

void StoreImpl::accept(ports::AcceptCommand command, ports::Executor& where,
                       ports::Done<ports::AcceptResult> done) {
  auto work = [command = std::move(command)](Engine& engine) { return engine.accept(command); };
  write_accept<ports::AcceptResult>(where, std::move(done), std::move(work),
                                    ports::Overloaded{"writer busy", kRetryBusy});
}

void StoreImpl::accept_batch(ports::AcceptBatchCommand command, ports::Executor& where,
                             ports::Done<ports::AcceptBatchResult> done) {
  ports::BatchAnswer refused;
  refused.items.reserve(command.items.size());
  for (const auto& item : command.items) {
    if (const auto* other = std::get_if<ports::NotSubmitted>(&item)) {
      refused.items.emplace_back(*other);
    } else {
      refused.items.emplace_back(ports::Overloaded{"writer busy", kRetryBusy});
    }
  }
  auto work = [command = std::move(command)](Engine& engine) {
    return engine.accept_batch(command);
  };
  write_accept<ports::AcceptBatchResult>(where, std::move(done), std::move(work),
                                         std::move(refused));
}

void StoreImpl::begin_attempt(const ports::BeginAttempt& command, ports::Executor& where,
                              ports::Done<ports::BeginResult> done) {
  write<ports::BeginResult>(
      where, std::move(done),
      [command](Engine& engine) { return engine.attempts().begin(command); },
      OperationKind::kBegin);
}

void StoreImpl::finish_attempt(ports::FinishAttempt command, ports::Executor& where,
                               ports::Done<ports::FinishResult> done) {
  write<ports::FinishResult>(
      where, std::move(done),
      [command = std::move(command)](Engine& engine) { return engine.attempts().finish(command); });
}

void StoreImpl::apply_receipts(std::vector<model::Receipt> receipts, ports::Executor& where,
                               ports::Done<std::vector<ports::ReceiptOutcome>> done) {
  write<std::vector<ports::ReceiptOutcome>>(where, std::move(done),
                                            [receipts = std::move(receipts)](Engine& engine) {
                                              std::vector<ports::ReceiptOutcome> outcomes;
                                              for (const model::Receipt& receipt : receipts) {
                                                outcomes.push_back(engine.apply_receipt(receipt));
                                              }
                                              return outcomes;
                                            });
}

void StoreImpl::cancel(std::optional<model::ClientId> client, model::MessageId id,
                       ports::Executor& where, ports::Done<ports::CancelResult> done) {
  write<ports::CancelResult>(where, std::move(done), [client, id](Engine& engine) {
    return engine.lifecycle().cancel(client, id);
  });
}

void StoreImpl::requeue(std::optional<model::ClientId> client, model::MessageId id,
                        std::chrono::milliseconds validity, ports::Executor& where,
                        ports::Done<ports::RequeueResult> done) {
  write<ports::RequeueResult>(where, std::move(done), [client, id, validity](Engine& engine) {
    return engine.lifecycle().requeue(client, id, validity);
  });
}

void StoreImpl::expire(std::vector<model::MessageId> ids, model::TimePoint now,
                       ports::Executor& where, ports::Done<std::size_t> done) {
  write<std::size_t>(where, std::move(done), [ids = std::move(ids), now](Engine& engine) {
    return engine.lifecycle().expire(ids, now);
  });
}

void StoreImpl::expire_overdue(model::TimePoint now, std::int64_t from_row, std::size_t limit,
                               ports::Executor& where, ports::Done<ports::SweepResult> done) {
  write<ports::SweepResult>(where, std::move(done), [now, from_row, limit](Engine& engine) {
    return engine.lifecycle().expire_overdue(now, from_row, limit);
  });
}

void StoreImpl::settle_overdue_holds(model::TimePoint now, std::size_t limit,
                                     ports::Executor& where, ports::Done<ports::SweepResult> done) {
  write<ports::SweepResult>(where, std::move(done), [now, limit](Engine& engine) {
    return engine.hold_sweep().run(now, limit);
  });
}

void StoreImpl::erase_old(model::TimePoint now, std::size_t limit, ports::Executor& where,
                          ports::Done<ports::SweepResult> done) {
  write<ports::SweepResult>(where, std::move(done), [now, limit](Engine& engine) {
    return engine.retention().run(now, limit);
  });
}

void StoreImpl::save_provider_state(ports::ProviderState state, ports::Executor& where,
                                    ports::Done<bool> done) {
  write<bool>(where, std::move(done), [state = std::move(state)](Engine& engine) {
    return engine.names().save_state(state);
  });
}

void StoreImpl::add_client(ports::DeclaredClient client, ports::Executor& where,
                           ports::Done<std::optional<model::Client>> done) {
  write<std::optional<model::Client>>(
      where, std::move(done),
      [client = std::move(client)](Engine& engine) { return engine.clients().add(client); });
}

void StoreImpl::add_key(std::string client_name, ports::KeyHash key, std::uint8_t scopes,
                        ports::Executor& where, ports::Done<bool> done) {
  write<bool>(where, std::move(done),
              [client_name = std::move(client_name), key, scopes](Engine& engine) {
                return engine.clients().add_key(client_name, key, scopes);
              });
}

void StoreImpl::revoke_key(ports::KeyHash key, ports::Executor& where, ports::Done<bool> done) {
  write<bool>(where, std::move(done),
              [key](Engine& engine) { return engine.clients().revoke_key(key); });
}

void StoreImpl::grant_credit(std::string client_name, std::int64_t cents, std::string note,
                             ports::Executor& where,
                             ports::Done<std::optional<model::Balance>> done) {
  write<std::optional<model::Balance>>(
      where, std::move(done),
      [client_name = std::move(client_name), cents, note = std::move(note)](Engine& engine) {
        return engine.clients().grant(client_name, cents, note);
      });
}

}  // namespace heliograph::store
