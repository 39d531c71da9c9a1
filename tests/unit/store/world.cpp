#include "tests/unit/store/world.h"

#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <thread>

namespace heliograph::store {

std::uint64_t SeededRandom::next() {
  std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ull);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

void TestExecutor::post(base::Task task) {
  const std::scoped_lock lock(mutex_);
  tasks_.push_back(std::move(task));
  ++posts_;
  changed_.notify_all();
}

std::size_t TestExecutor::run(bool wait) {
  std::unique_lock lock(mutex_);
  if (wait) changed_.wait_for(lock, kPatience, [this] { return !tasks_.empty(); });
  std::deque<base::Task> tasks = std::exchange(tasks_, {});
  lock.unlock();
  for (base::Task& task : tasks) task();
  return tasks.size();
}

std::size_t TestExecutor::posts() const {
  const std::scoped_lock lock(mutex_);
  return posts_;
}

void RecordingEvents::on_waiting(std::vector<model::WorkItem> items) {
  const std::scoped_lock lock(mutex_);
  waiting_.push_back(std::move(items));
}

void RecordingEvents::on_settled(std::span<const model::MessageId> ids) {
  const std::scoped_lock lock(mutex_);
  settled_.insert(settled_.end(), ids.begin(), ids.end());
}

std::vector<model::MessageId> RecordingEvents::take_settled() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(settled_, {});
}

void RecordingEvents::on_fatal(const std::string& what) {
  const std::scoped_lock lock(mutex_);
  fatal_ = what;
  changed_.notify_all();
}

std::vector<std::vector<model::WorkItem>> RecordingEvents::take_waiting() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(waiting_, {});
}

std::string RecordingEvents::wait_for_fatal() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kPatience, [this] { return fatal_.has_value(); });
  return fatal_.value_or("");
}

bool RecordingEvents::has_failed() const {
  const std::scoped_lock lock(mutex_);
  return fatal_.has_value();
}

TestFolder::TestFolder() {
  // In memory where that is possible: what a sync of a real disk takes proves nothing here.
  const bool has_memory = access("/dev/shm", W_OK) == 0;
  const std::filesystem::path base =
      has_memory ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path();
  std::string pattern = (base / "hg-store-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no folder for the test");
  folder_ = pattern;
}

TestFolder::~TestFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

World::World(Threading threading, const Adjust& adjust, const StoreHooks& given_hooks)
    : hooks(given_hooks) {
  options.path = folder.path("test.db");
  options.threading = threading;
  options.min_free_bytes = 0;
  if (adjust) adjust(options);
  open();
  start();
}

World::~World() {
  if (store) store->stop();
}

void World::open() {
  store = open_store(options, clock, random, hooks);
  store->keep_appointments();
  ports::DeclaredClient declared;
  declared.client.name = "acme";
  declared.credit_cents = 1'000;
  client = store->declare_client(declared);
  alpha = store->intern_provider("alpha");
  beta = store->intern_provider("beta");
  any_sms = store->intern_class(model::Channel::kSms, std::nullopt);
}

void World::start() { store->start(events); }

void World::close(bool cleanly) {
  if (cleanly) store->stop();
  store.reset();
}

void World::reopen(bool cleanly) {
  close(cleanly);
  open();
  start();
}

void World::settle() {
  if (is_inline()) {
    store->pump();
    executor.run(false);
    return;
  }
  // Reads see what was committed before; a write is answered after all earlier ones.
  bool answered = false;
  store->cancel(std::nullopt, model::MessageId{}, executor,
                [&answered](ports::CancelResult) { answered = true; });
  run_until([&] { return answered; });
}

std::vector<std::vector<model::WorkItem>> World::take_waiting() {
  settle();  // hints come after the results of their transaction
  return events.take_waiting();
}

void World::run_until(const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!done()) {
    if (is_inline()) {
      const std::size_t pumped = store->pump();
      if (executor.run(false) == 0 && pumped == 0) break;
    } else {
      executor.run(true);
    }
    if (std::chrono::steady_clock::now() > deadline) break;
  }
  if (!done()) throw std::runtime_error("the store did not answer");
}

ports::AcceptResult World::accept(ports::AcceptCommand command) {
  return call<ports::AcceptResult>([&](ports::Done<ports::AcceptResult> done) {
    store->accept(std::move(command), executor, std::move(done));
  });
}

model::MessageId World::accept_ok(ports::AcceptCommand command) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    const ports::AcceptResult result = accept(command);
    if (const auto* accepted = std::get_if<ports::Accepted>(&result)) return accepted->id;
    // A clock that a test moves while the writer ends a commit makes that one seem stalled.
    const auto* overloaded = std::get_if<ports::Overloaded>(&result);
    const bool busy = overloaded != nullptr && overloaded->reason == "writer busy";
    if (!busy || std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error("the message was not accepted");
    }
    std::this_thread::yield();
  }
}

ports::BeginResult World::begin_with_content(model::MessageId id, int attempt_number, int cycle) {
  const ports::BeginAttempt command{.id = id,
                                    .attempt_number = static_cast<std::uint16_t>(attempt_number),
                                    .cycle = static_cast<std::uint16_t>(cycle),
                                    .provider = alpha,
                                    .started_at = clock.wall(),
                                    .with_content = true};
  return begin(command);
}

ports::BeginResult World::begin(const ports::BeginAttempt& command) {
  return call<ports::BeginResult>([&](ports::Done<ports::BeginResult> done) {
    store->begin_attempt(command, executor, std::move(done));
  });
}

bool World::begin(model::MessageId id, int attempt_number, int cycle,
                  std::optional<model::ProviderKey> provider) {
  const ports::BeginAttempt command{.id = id,
                                    .attempt_number = static_cast<std::uint16_t>(attempt_number),
                                    .cycle = static_cast<std::uint16_t>(cycle),
                                    .provider = provider.value_or(alpha),
                                    .started_at = clock.wall()};
  return begin(command).begun;
}

ports::FinishResult World::finish(ports::FinishAttempt command) {
  return call<ports::FinishResult>([&](ports::Done<ports::FinishResult> done) {
    store->finish_attempt(std::move(command), executor, std::move(done));
  });
}

std::vector<ports::ReceiptOutcome> World::receipts(std::vector<model::Receipt> given) {
  return call<std::vector<ports::ReceiptOutcome>>(
      [&](ports::Done<std::vector<ports::ReceiptOutcome>> done) {
        store->apply_receipts(std::move(given), executor, std::move(done));
      });
}

ports::ReceiptOutcome World::receipt(const model::Receipt& given) {
  return receipts({given}).front();
}

ports::CancelResult World::cancel(model::MessageId id, std::optional<model::ClientId> owner) {
  return call<ports::CancelResult>([&](ports::Done<ports::CancelResult> done) {
    store->cancel(owner, id, executor, std::move(done));
  });
}

ports::RequeueResult World::requeue(model::MessageId id, std::optional<model::ClientId> owner) {
  return call<ports::RequeueResult>([&](ports::Done<ports::RequeueResult> done) {
    store->requeue(owner, id, std::chrono::hours{1}, executor, std::move(done));
  });
}

std::size_t World::expire(std::vector<model::MessageId> ids) {
  return call<std::size_t>([&](ports::Done<std::size_t> done) {
    store->expire(std::move(ids), clock.wall(), executor, std::move(done));
  });
}

ports::SweepResult World::expire_overdue(std::int64_t from_row, std::size_t limit) {
  return call<ports::SweepResult>([&](ports::Done<ports::SweepResult> done) {
    store->expire_overdue(clock.wall(), from_row, limit, executor, std::move(done));
  });
}

ports::SweepResult World::settle_holds(std::size_t limit) {
  return call<ports::SweepResult>([&](ports::Done<ports::SweepResult> done) {
    store->settle_overdue_holds(clock.wall(), limit, executor, std::move(done));
  });
}

ports::SweepResult World::erase(std::size_t limit) {
  return call<ports::SweepResult>([&](ports::Done<ports::SweepResult> done) {
    store->erase_old(clock.wall(), limit, executor, std::move(done));
  });
}

ports::Page World::page(const ports::PageRequest& request) {
  return call<ports::Page>(
      [&](ports::Done<ports::Page> done) { store->page(request, executor, std::move(done)); });
}

std::optional<model::MessageView> World::find(model::MessageId id,
                                              std::optional<model::ClientId> owner) {
  return call<std::optional<model::MessageView>>(
      [&](ports::Done<std::optional<model::MessageView>> done) {
        store->find_message(owner, id, executor, std::move(done));
      });
}

model::MessageView World::view(model::MessageId id) {
  const std::optional<model::MessageView> found = find(id);
  if (!found) throw std::runtime_error("no such message");
  return *found;
}

std::vector<model::AttemptView> World::attempts(model::MessageId id) {
  using Answer = std::optional<std::vector<model::AttemptView>>;
  return call<Answer>([&](ports::Done<Answer> done) {
           store->attempts(std::nullopt, id, executor, std::move(done));
         })
      .value();
}

std::vector<std::string> World::history(model::MessageId id) {
  using Answer = std::optional<std::vector<model::EventView>>;
  const Answer answer = call<Answer>([&](ports::Done<Answer> done) {
    store->events(std::nullopt, id, executor, std::move(done));
  });
  std::vector<std::string> lines;
  for (const model::EventView& event : answer.value()) {
    lines.push_back(event.detail.empty() ? event.status : event.status + ": " + event.detail);
  }
  return lines;
}

ports::MessageList World::list(const ports::MessageFilter& filter) {
  return call<ports::MessageList>([&](ports::Done<ports::MessageList> done) {
    store->list_messages(filter, executor, std::move(done));
  });
}

model::Balance World::balance() {
  return call<model::Balance>([&](ports::Done<model::Balance> done) {
    store->balance(client.id, executor, std::move(done));
  });
}

ports::AcceptCommand World::message(std::int64_t cost_cents) const {
  ports::AcceptCommand command;
  command.message.client = client.id;
  command.message.to = "+14155552671";
  command.message.from = "TEST";
  command.message.text = "Hello";
  command.message.cost_cents = cost_cents;
  command.message.validity = std::chrono::hours{1};
  return command;
}

ports::FinishAttempt World::outcome(model::MessageId id, model::Outcome what, model::Status status,
                                    int attempt_number, int cycle) const {
  ports::FinishAttempt command;
  command.id = id;
  command.attempt_number = static_cast<std::uint16_t>(attempt_number);
  command.cycle = static_cast<std::uint16_t>(cycle);
  command.provider = alpha;
  command.started_at = clock.wall();
  command.finished_at = clock.wall();
  command.result.outcome = what;
  command.status = status;
  command.due = clock.wall();
  command.dispatch_class = any_sms;
  return command;
}

model::MessageId World::sent(const std::string& provider_id, std::int64_t cost_cents) {
  const model::MessageId id = accept_ok(message(cost_cents));
  EXPECT_TRUE(begin(id));
  ports::FinishAttempt command = outcome(id, model::Outcome::kSent, model::Status::kSent);
  command.result.provider_message_id = provider_id;
  EXPECT_TRUE(finish(command).applied);
  return id;
}

model::MessageId World::failed(std::int64_t cost_cents) {
  const model::MessageId id = accept_ok(message(cost_cents));
  EXPECT_TRUE(begin(id));
  ports::FinishAttempt command = outcome(id, model::Outcome::kRejected, model::Status::kFailedPerm);
  command.reason = model::FailReason::kRejected;
  command.hold = model::HoldAction::kRelease;
  EXPECT_TRUE(finish(command).applied);
  return id;
}

model::Receipt World::receipt_of(const std::string& provider_id, model::ReceiptState state) const {
  model::Receipt given;
  given.provider = alpha;
  given.state = state;
  given.provider_message_id = provider_id;
  return given;
}

ports::QueueKey World::queue() const {
  return {.lane = model::Lane::kNormal, .client = client.id, .dispatch_class = any_sms};
}

ports::IdempotencyKey key(std::uint8_t hash, std::uint8_t fingerprint) {
  ports::IdempotencyKey made;
  made.key_hash.fill(hash);
  made.fingerprint.fill(fingerprint);
  return made;
}

ports::KeyHash key_hash(std::uint8_t byte) {
  ports::KeyHash hash;
  hash.fill(byte);
  return hash;
}

void StoreTest::TearDown() {
  if (!world.store) return;
  const ports::LedgerCheck check = world.store->check_ledger();
  EXPECT_TRUE(check.ok) << (check.problems.empty() ? "" : check.problems.front());
  const model::Balance balance = world.balance();
  EXPECT_EQ(balance.granted_cents,
            balance.available_cents + balance.held_cents + balance.captured_cents);
}

std::string threading_name(const testing::TestParamInfo<Threading>& info) {
  return info.param == Threading::kInline ? "Inline" : "OwnThreads";
}

}  // namespace heliograph::store
