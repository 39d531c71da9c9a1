// The reading half of the ports: each call becomes one operation for a reader.
#include "core/store/sqlite/store_impl.h"

namespace heliograph::store {
namespace {

// When a page cannot be read, the dispatcher is told to look again this much later.
constexpr std::chrono::seconds kPageRetry{1};

}  // namespace

void StoreImpl::submit_read(ReadKind kind, Read operation) {
  if (readers_) {
    readers_->submit(kind, std::move(operation));
  } else if (!stopped_) {
    inline_reads_.push_back(std::move(operation));
  }
}

void StoreImpl::page(const ports::PageRequest& request, ports::Executor& where,
                     ports::Done<ports::Page> done) {
  ports::Page fallback;
  fallback.next_due = clock_.wall() + kPageRetry;
  read<ports::Page>(
      ReadKind::kUrgent, where, std::move(done),
      [request](Queries& queries) { return queries.queues.page(request); }, std::move(fallback));
}

void StoreImpl::find_message(std::optional<model::ClientId> client, model::MessageId id,
                             ports::Executor& where,
                             ports::Done<std::optional<model::MessageView>> done) {
  read<std::optional<model::MessageView>>(ReadKind::kBrowsing, where, std::move(done),
                                          [client, id, now = clock_.wall()](Queries& queries) {
                                            return queries.messages.find(client, id, now);
                                          });
}

void StoreImpl::list_messages(ports::MessageFilter filter, ports::Executor& where,
                              ports::Done<ports::MessageList> done) {
  read<ports::MessageList>(ReadKind::kBrowsing, where, std::move(done),
                           [filter = std::move(filter), now = clock_.wall()](Queries& queries) {
                             return queries.messages.list(filter, now);
                           });
}

void StoreImpl::attempts(std::optional<model::ClientId> client, model::MessageId id,
                         ports::Executor& where,
                         ports::Done<std::optional<std::vector<model::AttemptView>>> done) {
  read<std::optional<std::vector<model::AttemptView>>>(
      ReadKind::kBrowsing, where, std::move(done),
      [client, id](Queries& queries) { return queries.messages.attempts(client, id); });
}

void StoreImpl::events(std::optional<model::ClientId> client, model::MessageId id,
                       ports::Executor& where,
                       ports::Done<std::optional<std::vector<model::EventView>>> done) {
  read<std::optional<std::vector<model::EventView>>>(
      ReadKind::kBrowsing, where, std::move(done),
      [client, id, now = clock_.wall()](Queries& queries) {
        return queries.events.events(client, id, now);
      });
}

void StoreImpl::ledger(ports::LedgerRequest request, ports::Executor& where,
                       ports::Done<ports::LedgerPage> done) {
  read<ports::LedgerPage>(ReadKind::kBrowsing, where, std::move(done),
                          [request](Queries& queries) { return queries.ledger.page(request); });
}

void StoreImpl::lanes(ports::Executor& where, ports::Done<ports::LaneDepths> done) {
  read<ports::LaneDepths>(
      ReadKind::kBrowsing, where, std::move(done),
      [now = clock_.wall()](Queries& queries) { return queries.queues.lanes(now); });
}

void StoreImpl::callback_backlog(ports::Executor& where, ports::Done<ports::CallbackBacklog> done) {
  read<ports::CallbackBacklog>(ReadKind::kBrowsing, where, std::move(done),
                               [](Queries& queries) { return queries.callbacks.backlog(); });
}

void StoreImpl::providers_awaiting(std::string provider_message_id, ports::Executor& where,
                                   ports::Done<std::vector<std::string>> done) {
  read<std::vector<std::string>>(ReadKind::kBrowsing, where, std::move(done),
                                 [id = std::move(provider_message_id)](Queries& queries) {
                                   return queries.messages.providers_awaiting(id);
                                 });
}

void StoreImpl::count_messages(std::optional<model::ClientId> client,
                               std::optional<model::TimePoint> created_after,
                               ports::Executor& where, ports::Done<ports::MessageCounts> done) {
  ports::MessageCounts fallback;
  fallback.complete = false;
  read<ports::MessageCounts>(
      ReadKind::kBrowsing, where, std::move(done),
      [client, created_after, now = clock_.wall()](Queries& queries) {
        return queries.messages.count(client, created_after, now);
      },
      std::move(fallback));
}

ports::QueueDepth StoreImpl::depth() const {
  return {.waiting = gauges_.waiting.load(std::memory_order_relaxed),
          .sending = gauges_.sending.load(std::memory_order_relaxed)};
}

ports::RecentEnds StoreImpl::recent_ends() const { return committer_.recent(); }

bool StoreImpl::accepting() const {
  return !gauges_.failed && !engine_.disk().is_full() && !gauges_.is_stalled(clock_.mono());
}

model::TimePoint StoreImpl::newest() {
  const std::scoped_lock lock(engine_mutex_);
  return engine_.newest();
}

std::string StoreImpl::engine_version() const { return "SQLite " + sqlite_version(); }

void StoreImpl::find_key(const ports::KeyHash& key, ports::Executor& where,
                         ports::Done<std::optional<model::Principal>> done) {
  read<std::optional<model::Principal>>(
      ReadKind::kUrgent, where, std::move(done),
      [key, now = clock_.wall()](Queries& queries) { return queries.clients.find_key(key, now); });
}

std::uint64_t StoreImpl::keys_version() const {
  return gauges_.clients_version.load(std::memory_order_acquire);
}

void StoreImpl::balance(model::ClientId client, ports::Executor& where,
                        ports::Done<model::Balance> done) {
  read<model::Balance>(ReadKind::kUrgent, where, std::move(done),
                       [client](Queries& queries) { return queries.clients.balance(client); });
}

void StoreImpl::list_clients(ports::Executor& where,
                             ports::Done<std::vector<ports::ClientSummary>> done) {
  read<std::vector<ports::ClientSummary>>(
      ReadKind::kBrowsing, where, std::move(done),
      [now = clock_.wall()](Queries& queries) { return queries.clients.list(now); });
}

}  // namespace heliograph::store
