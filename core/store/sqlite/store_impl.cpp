#include "core/store/sqlite/store_impl.h"

#include <fmt/format.h>

#include <stdexcept>

#include "core/base/assert.h"
#include "core/store/sqlite/backup.h"
#include "core/store/sqlite/integrity.h"
#include "core/store/sqlite/read_deadline.h"

namespace heliograph::store {
namespace {

constexpr const char* kStopping = "the gateway is stopping";

OpenedDatabase open_locked(const SqliteOptions& options, std::unique_ptr<LockFile>& lock) {
  if (options.path == ":memory:") {
    if (options.threading != SqliteOptions::Threading::kInline) {
      throw StoreUnusable("a database in memory has no readers of its own: inline mode only");
    }
    return open_memory_database();
  }
  create_folder(options.path);
  lock = std::make_unique<LockFile>(options.path + ".lock");
  return open_database(options.path);
}

DiskGuard::Probe file_system_probe(const SqliteOptions& options) {
  if (options.path == ":memory:") return {};
  return [path = options.path] { return free_bytes(path); };
}

}  // namespace

std::unique_ptr<SqliteStore> SqliteStore::open(const SqliteOptions& options, ports::Clock& clock,
                                               ports::Random& random) {
  return open_store(options, clock, random, {});
}

std::unique_ptr<SqliteStore> open_store(const SqliteOptions& options, ports::Clock& clock,
                                        ports::Random& random, const StoreHooks& hooks) {
  std::unique_ptr<LockFile> lock;
  OpenedDatabase opened = open_locked(options, lock);
  DiskGuard::Probe probe = hooks.free_bytes ? hooks.free_bytes : file_system_probe(options);
  try {
    return std::make_unique<StoreImpl>(options, clock, random, std::move(lock), std::move(opened),
                                       std::move(probe));
  } catch (const DatabaseError& error) {
    throw_unusable(options.path, error);
  }
}

StoreImpl::StoreImpl(const SqliteOptions& options, ports::Clock& clock, ports::Random& random,
                     std::unique_ptr<LockFile> lock, OpenedDatabase opened, DiskGuard::Probe probe)
    : options_(options),
      clock_(clock),
      lock_(std::move(lock)),
      engine_(std::move(opened.connection), options, clock, random, std::move(probe)),
      queries_(engine_.connection()),
      committer_(engine_, gauges_, clock, options_.log, ports::metrics_or_none(options_.metrics)),
      writer_(
          engine_, engine_mutex_, committer_, gauges_, clock,
          {.accept_queue_max = options.accept_queue_max,
           .batch_max = options.batch_max,
           // Inline runs are deterministic: no clock cuts them.
           .batch_time_max = is_inline() ? std::chrono::milliseconds{0} : options.batch_time_max},
          options.log) {
  QueueQueries::LiveCount live = queries_.queues.count_live(opened.may_be_sending);
  engine_.set_live(static_cast<std::int64_t>(live.waiting),
                   static_cast<std::int64_t>(live.sending_rows.size()));
  interrupted_rows_ = std::move(live.sending_rows);
  committer_.publish_counts();
  if (!is_inline()) {
    readers_.emplace(options.path, options.readers, options.log,
                     [this](const std::string& damage) { writer_.fail(damage); });
  }
  log_opened(opened);
}

StoreImpl::~StoreImpl() {
  // Inline mode without stop() is how a simulation crashes: what was queued is lost.
  if (!stopped_ && !is_inline()) stop();
}

void StoreImpl::log_opened(const OpenedDatabase& opened) {
  if (options_.log == nullptr) return;
  const std::string waiting = std::to_string(gauges_.waiting.load());
  const std::string sending = std::to_string(gauges_.sending.load());
  options_.log->info("store opened", {{"path", options_.path},
                                      {"engine", engine_version()},
                                      {"waiting", waiting},
                                      {"interrupted", sending},
                                      {"last_stop", opened.was_clean ? "clean" : "unclean"}});
  if (opened.check_was_cut) {
    options_.log->warn("the database is too large to be looked over at start; `db check` does it",
                       {{"path", options_.path}});
  }
  if (has_wal_reset_bug()) {
    options_.log->info("this SQLite has the WAL-reset bug; one writing connection avoids it",
                       {{"version", sqlite_version()}, {"fixed_in", "3.51.3"}});
  }
}

template <class Work>
auto StoreImpl::transact(Work work) {
  const std::scoped_lock lock(engine_mutex_);
  try {
    engine_.begin();
    auto result = work(engine_);
    engine_.commit();
    committer_.publish_counts();
    if (engine_.effects().clients_changed) gauges_.clients_version.fetch_add(1);
    return result;
  } catch (const DatabaseError& error) {
    engine_.rollback();
    if (!error.is_io() && !error.is_damage()) throw;
    writer_.fail(error.what());  // neither the writer nor closing may write any more
    throw_unusable(options_.path, error);
  } catch (...) {
    engine_.rollback();
    throw;
  }
}

template <class Work>
auto StoreImpl::inspect(Work work) {
  if (inspections_ended_) throw std::runtime_error(kStopping);
  if (is_inline()) {
    const std::scoped_lock lock(engine_mutex_);
    return work(engine_.connection());
  }
  Connection reader(options_.path, ConnectionMode::kReader);
  const ReadStop stop(reader, inspections_ended_);
  return work(reader);
}

// What is found wrong then may be that it was cut off.
template <class Work>
auto StoreImpl::examine(Work work) {
  auto found = inspect(std::move(work));
  if (inspections_ended_) throw std::runtime_error(kStopping);
  return found;
}

void StoreImpl::keep_appointments() {
  const auto ahead = clock_.wall() - clock_.real_wall();
  const std::string due = fmt::format("send_at + {}", ahead.count());
  transact([&](Engine& engine) {
    engine.connection().exec(
        fmt::format("UPDATE messages INDEXED BY messages_by_send_at"
                    " SET expires_at = expires_at + {0} - due, due = {0} WHERE live = 1"
                    " AND send_at IS NOT NULL AND status = 0 AND abs({0} - due) > 1000",
                    due)
            .c_str());
    return true;
  });
}

model::ProviderKey StoreImpl::intern_provider(const std::string& name) {
  return transact([&](Engine& engine) { return engine.names().intern_provider(name); });
}

model::ClassId StoreImpl::intern_class(model::Channel channel,
                                       std::optional<model::ProviderKey> pinned,
                                       const std::string& route) {
  return transact(
      [&](Engine& engine) { return engine.names().intern_class(channel, pinned, route); });
}

std::map<model::ClientId, std::string> StoreImpl::client_names() {
  return transact([](Engine& engine) { return engine.clients().names(); });
}

model::Client StoreImpl::declare_client(const ports::DeclaredClient& declared) {
  return transact([&](Engine& engine) { return engine.clients().declare(declared); });
}

std::vector<ports::DispatchClass> StoreImpl::classes() {
  const std::scoped_lock lock(engine_mutex_);
  return engine_.names().classes();
}

std::vector<ports::ProviderState> StoreImpl::provider_states() {
  const std::scoped_lock lock(engine_mutex_);
  return engine_.names().states();
}

std::string StoreImpl::provider_name(model::ProviderKey key) {
  const std::scoped_lock lock(engine_mutex_);
  return engine_.names().provider_name(key);
}

std::vector<ports::QueueHead> StoreImpl::queue_heads() {
  const std::scoped_lock lock(engine_mutex_);
  return queries_.queues.heads();
}

std::vector<model::WorkItem> StoreImpl::interrupted() {
  const std::scoped_lock lock(engine_mutex_);
  return queries_.queues.sending_items(interrupted_rows_);
}

void StoreImpl::start(ports::StoreEvents& events) {
  HG_ASSERT(!started_ && !stopped_);
  started_ = true;
  writer_.set_events(events);
  if (is_inline()) return;
  writer_.start();
  readers_->start();
}

void StoreImpl::stop() {
  if (stopped_) return;
  stopped_ = true;
  if (is_inline()) pump();
  const bool complete = writer_.stop();
  if (readers_) readers_->stop();
  const std::scoped_lock lock(engine_mutex_);
  if (!gauges_.failed && (complete || !started_)) close_cleanly();
}

void StoreImpl::close_cleanly() {
  try {
    mark_clean(engine_.connection(), engine_.sending());
    engine_.connection().checkpoint(true);
  } catch (const DatabaseError& error) {
    // The next start looks the database over, which is all that is lost. But a disk that does not
    // sync is the supervisor's business.
    if (error.is_io() || error.is_damage()) return writer_.fail(error.what());
    if (options_.log != nullptr) {
      options_.log->warn("the store could not be closed cleanly", {{"error", error.what()}});
    }
  }
}

std::size_t StoreImpl::pump() {
  HG_ASSERT(is_inline());
  std::size_t count = writer_.pump();
  std::vector<Read> reads = std::exchange(inline_reads_, {});
  for (Read& operation : reads) {
    ++count;
    if (const auto damage = run_read(*operation, queries_, options_.log)) {
      writer_.fail(*damage);
      continue;
    }
    post_result(std::move(operation));
  }
  return count;
}

void StoreImpl::backup(const std::string& target) {
  inspect([&](Connection& source) {
    copy_database(source, target, [this] { return !inspections_ended_; });
    return true;
  });
}

std::vector<std::string> StoreImpl::check() {
  return examine([](Connection& connection) { return check_everything(connection); });
}

ports::LedgerCheck StoreImpl::check_ledger() {
  return examine([](Connection& connection) { return store::check_ledger(connection); });
}

SqliteStore::WriterStats StoreImpl::writer_stats() const {
  return {.transactions = gauges_.transactions,
          .operations = gauges_.operations,
          .queued = writer_.queued(),
          .last_commit = std::chrono::microseconds(gauges_.last_commit_us)};
}

}  // namespace heliograph::store
