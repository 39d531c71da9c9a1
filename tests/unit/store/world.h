// World: one store under test with everything around it - a clock that is set by hand, an executor,
// recorded events - and blocking forms of the ports' functions.
//
// The contract of the ports is the same in both modes of threading, so every contract test runs in
// both. Waiting is for an event, with a deadline; nothing sleeps.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/store/sqlite/store_impl.h"
#include "core/store/sqlite_store.h"

namespace heliograph::store {

using Threading = SqliteOptions::Threading;

inline constexpr std::chrono::seconds kPatience{20};

// Wall and monotonic time go together; the real wall may be set apart.
class ManualClock final : public ports::Clock {
 public:
  static constexpr std::int64_t kStart = 1'700'000'000'000;

  ports::MonoTime mono() const override {
    return ports::MonoTime(std::chrono::milliseconds(now_.load() - kStart));
  }
  model::TimePoint wall() const override {
    return model::TimePoint(std::chrono::milliseconds(now_.load()));
  }
  model::TimePoint real_wall() const override { return wall() + real_offset; }
  void advance(std::chrono::milliseconds by) { now_ += by.count(); }

  std::chrono::milliseconds real_offset{0};

 private:
  std::atomic<std::int64_t> now_{kStart};
};

// Sebastiano Vigna's SplitMix64.
class SeededRandom final : public ports::Random {
 public:
  explicit SeededRandom(std::uint64_t seed = 1) : state_(seed) {}
  std::uint64_t next() override;
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(next() % bound); }

 private:
  std::uint64_t state_;
};

// Keeps what is posted until run() is called.
class TestExecutor final : public ports::Executor {
 public:
  void post(base::Task task) override;
  // Runs what is there. `wait`: for the first task, with a deadline. Result: the number run.
  std::size_t run(bool wait);
  std::size_t posts() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<base::Task> tasks_;
  std::size_t posts_ = 0;
};

class RecordingEvents final : public ports::StoreEvents {
 public:
  void on_waiting(std::vector<model::WorkItem> items) override;
  void on_settled(std::span<const model::MessageId> ids) override;
  void on_fatal(const std::string& what) override;

  std::vector<std::vector<model::WorkItem>> take_waiting();
  std::vector<model::MessageId> take_settled();
  // Waits until something fatal was told, with a deadline; "" when nothing was.
  std::string wait_for_fatal();
  bool has_failed() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::vector<model::WorkItem>> waiting_;
  std::vector<model::MessageId> settled_;
  std::optional<std::string> fatal_;
};

// A folder of its own, removed at the end.
class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

 private:
  std::filesystem::path folder_;
};

class World {
 public:
  using Adjust = std::function<void(SqliteOptions&)>;
  explicit World(Threading threading, const Adjust& adjust = {}, const StoreHooks& hooks = {});
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Ends the store (cleanly, or as a crash would in inline mode) and opens the file again.
  void reopen(bool cleanly = true);
  void close(bool cleanly);
  void open();
  void start();

  bool is_inline() const { return options.threading == Threading::kInline; }
  std::string path() const { return options.path; }

  // Gives the store time to work off what was called, and runs the results.
  void settle();
  // What the scheduler has been told so far, transaction by transaction.
  std::vector<std::vector<model::WorkItem>> take_waiting();
  // Runs whatever was called until `done` holds, with a deadline.
  void run_until(const std::function<bool()>& done);

  // Calls a function of a port and waits for its answer. In inline mode one call, one transaction.
  template <class Result>
  Result call(const std::function<void(ports::Done<Result>)>& function) {
    auto answer = std::make_shared<std::optional<Result>>();
    function([answer](Result result) { *answer = std::move(result); });
    run_until([&] { return answer->has_value(); });
    return std::move(**answer);
  }

  // ---- blocking forms ----
  ports::AcceptResult accept(ports::AcceptCommand command);
  model::MessageId accept_ok(ports::AcceptCommand command);
  model::MessageId accept_ok() { return accept_ok(message()); }
  bool begin(model::MessageId id, int attempt_number = 0, int cycle = 0,
             std::optional<model::ProviderKey> provider = std::nullopt);
  ports::BeginResult begin(const ports::BeginAttempt& command);
  ports::BeginResult begin_with_content(model::MessageId id, int attempt_number = 0, int cycle = 0);
  ports::FinishResult finish(ports::FinishAttempt command);
  std::vector<ports::ReceiptOutcome> receipts(std::vector<model::Receipt> receipts);
  ports::ReceiptOutcome receipt(const model::Receipt& receipt);
  ports::CancelResult cancel(model::MessageId id,
                             std::optional<model::ClientId> client = std::nullopt);
  ports::RequeueResult requeue(model::MessageId id,
                               std::optional<model::ClientId> client = std::nullopt);
  std::size_t expire(std::vector<model::MessageId> ids);
  ports::SweepResult expire_overdue(std::int64_t from_row, std::size_t limit);
  ports::SweepResult settle_holds(std::size_t limit = 1'000);
  ports::SweepResult erase(std::size_t limit = 1'000);
  ports::Page page(const ports::PageRequest& request);
  std::optional<model::MessageView> find(model::MessageId id,
                                         std::optional<model::ClientId> client = std::nullopt);
  model::MessageView view(model::MessageId id);  // fails the test when there is none
  std::vector<model::AttemptView> attempts(model::MessageId id);
  // "QUEUED", "SENDING: attempt 1 at alpha" ...
  std::vector<std::string> history(model::MessageId id);
  ports::MessageList list(const ports::MessageFilter& filter);
  model::Balance balance();

  // ---- material ----
  ports::AcceptCommand message(std::int64_t cost_cents = 0) const;
  ports::FinishAttempt outcome(model::MessageId id, model::Outcome outcome, model::Status status,
                               int attempt_number = 1, int cycle = 0) const;
  // Accepts, begins and ends with SENT; `provider_id` is what the provider calls it.
  model::MessageId sent(const std::string& provider_id, std::int64_t cost_cents = 0);
  // Ends as a dead letter, released.
  model::MessageId failed(std::int64_t cost_cents = 0);
  model::Receipt receipt_of(const std::string& provider_id, model::ReceiptState state) const;
  ports::QueueKey queue() const;

  TestFolder folder;
  ManualClock clock;
  SeededRandom random;
  TestExecutor executor;
  RecordingEvents events;
  SqliteOptions options;
  StoreHooks hooks;
  std::unique_ptr<SqliteStore> store;

  model::Client client;  // has 1000 cents
  model::ProviderKey alpha{};
  model::ProviderKey beta{};
  model::ClassId any_sms{};
};

ports::IdempotencyKey key(std::uint8_t hash, std::uint8_t fingerprint = 1);
ports::KeyHash key_hash(std::uint8_t byte);

// A fixture for tests that hold in both modes.
class StoreTest : public testing::TestWithParam<Threading> {
 protected:
  explicit StoreTest(const World::Adjust& adjust = {}) : world(GetParam(), adjust) {}
  // Whatever a test did, the money must add up at its end.
  void TearDown() override;

  World world;
};

std::string threading_name(const testing::TestParamInfo<Threading>& info);

#define HG_IN_BOTH_MODES(Suite) \
  INSTANTIATE_TEST_SUITE_P(     \
      Modes, Suite, testing::Values(Threading::kInline, Threading::kOwnThreads), threading_name)

}  // namespace heliograph::store
