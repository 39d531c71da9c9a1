// The writer's manners: order within a transaction, one post for each executor, limits, the end.
#include <SQLiteCpp/Database.h>
#include <gmock/gmock.h>
#include <sqlite3.h>

#include <thread>

#include "core/store/sqlite/write_queue.h"
#include "tests/unit/store/world.h"

namespace heliograph::store {
namespace {

using testing::ElementsAre;

class NoOperation final : public Operation<Engine> {
 public:
  NoOperation(ports::Executor& where, int number) : Operation(where), number_(number) {}
  void apply(Engine&) override {}
  void fail() override {}
  void complete() override {}
  int number() const { return number_; }

 private:
  int number_;
};

class WriteQueueTest : public testing::Test {
 protected:
  void push(OperationKind kind, int number) {
    queue.push(kind, std::make_unique<NoOperation>(executor, number));
  }
  static std::vector<int> numbers(const std::vector<Write>& batch) {
    std::vector<int> found;
    for (const Write& write : batch) {
      found.push_back(static_cast<const NoOperation&>(*write).number());
    }
    return found;
  }

  TestExecutor executor;
  WriteQueue queue{100};
};

TEST_F(WriteQueueTest, ResultsThenBeginsThenAccepts) {
  push(OperationKind::kAccept, 1);
  push(OperationKind::kBegin, 2);
  push(OperationKind::kResult, 3);
  push(OperationKind::kAccept, 4);
  push(OperationKind::kResult, 5);
  EXPECT_THAT(numbers(queue.take(10)), ElementsAre(3, 5, 2, 1, 4));
  EXPECT_TRUE(queue.empty());
}

TEST_F(WriteQueueTest, AcceptsGetHalfAtMost) {
  for (int i = 0; i < 20; ++i) push(OperationKind::kAccept, i);
  EXPECT_EQ(queue.take(8).size(), 4u);
  EXPECT_EQ(queue.size(), 16u);
}

TEST_F(WriteQueueTest, AcceptsAreNotStarved) {
  for (int i = 0; i < 50; ++i) push(OperationKind::kResult, i);
  for (int i = 100; i < 150; ++i) push(OperationKind::kAccept, i);
  const std::vector<int> batch = numbers(queue.take(16));
  EXPECT_EQ(batch.size(), 16u);
  EXPECT_EQ(batch[13], 13);
  EXPECT_EQ(batch[14], 100);
  EXPECT_EQ(batch[15], 101);
}

TEST_F(WriteQueueTest, ABatchOfOneIsPossible) {
  push(OperationKind::kAccept, 1);
  push(OperationKind::kResult, 2);
  EXPECT_THAT(numbers(queue.take(1)), ElementsAre(2));
  EXPECT_THAT(numbers(queue.take(1)), ElementsAre(1));
}

TEST_F(WriteQueueTest, WhatIsPutBackComesFirst) {
  for (int i = 0; i < 4; ++i) push(OperationKind::kResult, i);
  push(OperationKind::kAccept, 10);
  std::vector<Write> batch = queue.take(10);
  batch.erase(batch.begin());
  push(OperationKind::kResult, 4);
  push(OperationKind::kAccept, 11);
  queue.put_back(std::move(batch));
  EXPECT_THAT(numbers(queue.take(10)), ElementsAre(1, 2, 3, 4, 10, 11));
}

TEST_F(WriteQueueTest, OnlyAcceptsAreBounded) {
  WriteQueue small(2);
  small.push(OperationKind::kAccept, std::make_unique<NoOperation>(executor, 1));
  EXPECT_TRUE(small.has_room_for_accept());
  small.push(OperationKind::kAccept, std::make_unique<NoOperation>(executor, 2));
  EXPECT_FALSE(small.has_room_for_accept());
}

TEST(CompletionsTest, OnePostForEachExecutorInTheOrderOfTheCalls) {
  World world(Threading::kInline);
  const model::MessageId id = world.accept_ok();
  TestExecutor first;
  TestExecutor second;
  std::vector<std::string> order;
  world.store->accept(world.message(), first, [&](const auto&) { order.push_back("accept"); });
  world.store->begin_attempt({.id = id, .provider = world.alpha}, second,
                             [&](const ports::BeginResult&) { order.push_back("begin"); });
  world.store->cancel(std::nullopt, world.failed(), first,
                      [&](const auto&) { order.push_back("cancel"); });
  world.settle();
  EXPECT_EQ(first.posts() + second.posts(), 3u);  // failed() has pumped between
  world.store->accept(world.message(), first, [&](const auto&) {});
  world.store->accept(world.message(), second, [&](const auto&) {});
  world.store->accept(world.message(), first, [&](const auto&) {});
  const std::size_t before = first.posts();
  world.store->pump();
  EXPECT_EQ(first.posts(), before + 1);
  order.clear();
  first.run(false);
  second.run(false);
  world.store->accept(world.message(), first, [&](const auto&) { order.push_back("accept"); });
  world.store->cancel(std::nullopt, id, first, [&](const auto&) { order.push_back("cancel"); });
  world.store->accept(world.message(), first, [&](const auto&) { order.push_back("accept"); });
  world.store->pump();
  order.clear();
  first.run(false);
  EXPECT_THAT(order, ElementsAre("accept", "cancel", "accept"));
}

TEST(AcceptQueueTest, TooManyWaitingForTheWriterAreRefusedAtOnce) {
  World world(Threading::kInline, [](SqliteOptions& options) { options.accept_queue_max = 2; });
  std::vector<bool> accepted;
  for (int i = 0; i < 3; ++i) {
    world.store->accept(world.message(), world.executor, [&](const ports::AcceptResult& result) {
      accepted.push_back(std::holds_alternative<ports::Accepted>(result));
    });
  }
  world.executor.run(false);
  EXPECT_THAT(accepted, ElementsAre(false));
  world.settle();
  EXPECT_THAT(accepted, ElementsAre(false, true, true));
  EXPECT_EQ(world.store->writer_stats().queued, 0u);
}

TEST(SmallBatchTest, EverythingIsDoneInTheEnd) {
  World world(Threading::kOwnThreads, [](SqliteOptions& options) {
    options.batch_max = 4;
    options.batch_time_max = std::chrono::milliseconds{0};
  });
  std::size_t done = 0;
  for (int i = 0; i < 50; ++i) {
    world.store->accept(world.message(), world.executor, [&](const auto&) { ++done; });
  }
  world.run_until([&] { return done == 50; });
  EXPECT_GE(world.store->writer_stats().transactions, 25u);
  EXPECT_GE(world.store->writer_stats().operations, 50u);
}

// A clock that moves whenever it is looked at: each operation takes a millisecond.
class SlowClock final : public ports::Clock {
 public:
  ports::MonoTime mono() const override {
    return ports::MonoTime(std::chrono::milliseconds(++looks_));
  }
  model::TimePoint wall() const override { return ManualClock().wall(); }
  model::TimePoint real_wall() const override { return wall(); }

 private:
  mutable std::atomic<int> looks_{0};
};

TEST(BatchTimeTest, ALongTransactionIsCutAndTheRestComesNext) {
  World world(Threading::kInline);
  world.close(true);
  SlowClock clock;
  auto connection = std::make_unique<Connection>(world.path(), ConnectionMode::kWriter);
  Engine engine(std::move(connection), world.options, clock, world.random, {});
  Gauges gauges;
  Committer committer(engine, gauges, clock, nullptr);
  std::vector<Write> batch;
  for (int i = 0; i < 10; ++i) batch.push_back(std::make_unique<NoOperation>(world.executor, i));
  EXPECT_TRUE(committer.run(batch, std::chrono::milliseconds{4}));
  EXPECT_EQ(batch.size(), 6u);
  EXPECT_TRUE(committer.run(batch, std::chrono::milliseconds{0}));
  EXPECT_TRUE(batch.empty());
}

TEST(CheckpointTest, TheLogIsMovedIntoTheDatabaseAsItGrows) {
  World world(Threading::kOwnThreads);
  ports::AcceptCommand large = world.message();
  large.message.text = std::string(100'000, 'x');
  std::size_t done = 0;
  // 75 MB in all, three times what the log may hold before it is used again.
  for (int i = 0; i < 750; ++i) {
    world.store->accept(large, world.executor, [&](const auto&) { ++done; });
    if (i % 25 == 24) world.run_until([&, i] { return done == static_cast<std::size_t>(i) + 1; });
  }
  EXPECT_LT(std::filesystem::file_size(world.path() + "-wal"), 45u << 20);
  EXPECT_GT(std::filesystem::file_size(world.path()), 20u << 20);
}

class StopTest : public testing::TestWithParam<Threading> {
 protected:
  World world{GetParam()};
};
HG_IN_BOTH_MODES(StopTest);

TEST_P(StopTest, CompletesWhatIsQueued) {
  std::size_t done = 0;
  for (int i = 0; i < 200; ++i) {
    world.store->accept(world.message(), world.executor, [&](const auto&) { ++done; });
  }
  world.store->stop();
  world.executor.run(false);
  EXPECT_EQ(done, 200u);
  world.reopen();
  EXPECT_EQ(world.store->depth().waiting, 200u);
}

TEST_P(StopTest, DropsWhatComesAfter) {
  world.store->stop();
  const auto alive = std::make_shared<int>(1);
  bool called = false;
  world.store->accept(world.message(), world.executor, [&, alive](const auto&) { called = true; });
  world.store->page({.key = world.queue(), .after = {}, .limit = 1}, world.executor,
                    [&, alive](const auto&) { called = true; });
  if (world.is_inline()) world.store->pump();
  world.executor.run(false);
  EXPECT_FALSE(called);
  EXPECT_EQ(alive.use_count(), 1);
}

TEST(CrashTest, WhatWasQueuedIsLostAndNothingElse) {
  World world(Threading::kInline);
  const model::MessageId kept = world.accept_ok(world.message(5));
  bool called = false;
  world.store->accept(world.message(5), world.executor, [&](const auto&) { called = true; });
  world.store->cancel(std::nullopt, kept, world.executor, [&](const auto&) { called = true; });
  world.reopen(false);
  world.executor.run(false);
  EXPECT_FALSE(called);
  EXPECT_EQ(world.view(kept).status, model::Status::kQueued);
  EXPECT_EQ(world.store->depth().waiting, 1u);
  EXPECT_EQ(world.balance().held_cents, 5);
}

// The parts of a store without its threads, over the world's database.
class NeighbourTest : public testing::Test {
 protected:
  NeighbourTest() { world.close(true); }

  // Runs each statement as an operation of its own in one transaction: which of them say "done".
  std::vector<bool> run(const std::vector<std::string>& statements) {
    std::vector<bool> answers;
    std::vector<Write> batch;
    for (const std::string& sql : statements) {
      auto work = [sql](Engine& engine) {
        engine.connection().exec(sql.c_str());
        return true;
      };
      batch.push_back(std::make_unique<OperationOf<Engine, bool, decltype(work)>>(
          world.executor, [&](bool done) { answers.push_back(done); }, work, false));
    }
    EXPECT_TRUE(committer.run(batch, std::chrono::milliseconds{0}));
    EXPECT_TRUE(batch.empty());
    world.executor.run(false);
    return answers;
  }

  World world{Threading::kInline};
  ManualClock clock;
  Engine engine{std::make_unique<Connection>(world.path(), ConnectionMode::kWriter),
                world.options,
                clock,
                world.random,
                {}};
  Gauges gauges;
  Committer committer{engine, gauges, clock, nullptr};
};

TEST_F(NeighbourTest, OneOperationThatBreaksTheSchemaFailsAlone) {
  // In `meta` each name may stand once.
  EXPECT_THAT(run({"INSERT INTO meta VALUES ('a', 1)", "INSERT INTO meta VALUES ('b', 1)",
                   "INSERT INTO meta VALUES ('a', 1)", "INSERT INTO meta VALUES ('c', 1)"}),
              ElementsAre(true, true, false, true));
  EXPECT_EQ(
      engine.connection().query_integer("SELECT count(*) FROM meta WHERE name IN ('a', 'b', 'c')"),
      3);
}

// Its work went well, so an answer exists by the time that COMMIT refuses the whole.
TEST_F(NeighbourTest, WhatFailsAtTheCommitDoesNotAnswerSuccess) {
  engine.connection().exec("CREATE TABLE parent (id INTEGER PRIMARY KEY)");
  engine.connection().exec(
      "CREATE TABLE child (parent INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)");
  engine.connection().exec("PRAGMA foreign_keys = ON");
  EXPECT_THAT(run({"INSERT INTO parent VALUES (1)", "INSERT INTO child VALUES (2)",
                   "INSERT INTO child VALUES (1)"}),
              ElementsAre(true, false, true));
  EXPECT_EQ(engine.connection().query_integer("SELECT count(*) FROM child"), 1);
}

// What memory knew of the transaction is of no use; if the tables cannot be read again at once,
// they are before the next transaction.
TEST_F(NeighbourTest, ARollbackIsCompletedBeforeTheNextTransaction) {
  constexpr auto kDenyReads = [](void*, int action, const char*, const char*, const char*,
                                 const char*) {
    return action == SQLITE_READ ? SQLITE_DENY : SQLITE_OK;
  };
  sqlite3* const handle = engine.connection().handle();
  engine.begin();
  engine.names().intern_provider("ghost");
  sqlite3_set_authorizer(handle, kDenyReads, nullptr);
  engine.rollback();
  EXPECT_THROW(engine.begin(), DatabaseError);
  engine.rollback();
  sqlite3_set_authorizer(handle, nullptr, nullptr);
  engine.begin();
  EXPECT_FALSE(engine.names().find_provider("ghost"));
  engine.rollback();
}

// Tells the executor of what is logged.
class AuditoryLog final : public ports::Log {
 public:
  AuditoryLog(TestExecutor& executor, std::vector<std::string>& heard)
      : executor_(executor), heard_(heard) {}
  bool enabled(ports::LogLevel) const override { return true; }
  void write(ports::LogLevel, std::string_view event, const ports::LogField*,
             std::size_t) override {
    executor_.post([this, text = std::string(event)] { heard_.push_back(text); });
  }

 private:
  TestExecutor& executor_;
  std::vector<std::string>& heard_;
};

// Somebody looks into the file with another program and begins a transaction there.
TEST(ForeignProgramTest, ALockIsWaitedOut) {
  World world(Threading::kOwnThreads);
  std::vector<std::string> heard;
  AuditoryLog log(world.executor, heard);
  world.options.log = &log;
  world.reopen();
  const auto has_heard = [&](const char* line) {
    return std::ranges::find(heard, line) != heard.end();
  };
  constexpr auto kLocked = "another program holds a lock on the database; everything waits for it";
  std::optional<ports::AcceptResult> result;
  {
    SQLite::Database foreign(world.path(), SQLite::OPEN_READWRITE);
    foreign.exec("BEGIN IMMEDIATE");
    world.store->accept(world.message(5), world.executor,
                        [&](ports::AcceptResult r) { result = std::move(r); });
    world.run_until([&] { return has_heard(kLocked); });
    EXPECT_FALSE(result);
    foreign.exec("ROLLBACK");
  }
  world.run_until([&] { return result && has_heard("the database is free again"); });
  EXPECT_TRUE(std::holds_alternative<ports::Accepted>(*result));
  EXPECT_FALSE(world.events.has_failed());
  world.close(true);
}

TEST(ConcurrencyTest, ManyCallersOneWriterManyReaders) {
  World world(Threading::kOwnThreads);
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kEach = 200;
  std::vector<TestExecutor> executors(kThreads);
  std::vector<std::thread> threads;
  std::atomic<std::size_t> sent{0};
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::size_t done = 0;
      TestExecutor& mine = executors[t];
      for (std::size_t i = 0; i < kEach; ++i) {
        world.store->accept(world.message(1), mine, [&](const ports::AcceptResult& result) {
          const model::MessageId id = std::get<ports::Accepted>(result).id;
          world.store->find_message(world.client.id, id, mine, [&, id](const auto& view) {
            if (!view) return;  // the test then runs out of patience
            world.store->begin_attempt({.id = id, .provider = world.alpha}, mine,
                                       [&](const ports::BeginResult& result) {
                                         sent += result.begun ? 1 : 0;
                                         ++done;
                                       });
          });
        });
        world.store->depth();
        world.store->accepting();
        world.store->writer_stats();
        world.store->keys_version();
      }
      const auto deadline = std::chrono::steady_clock::now() + kPatience;
      while (done < kEach && std::chrono::steady_clock::now() < deadline) mine.run(true);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sent, kThreads * kEach);
  EXPECT_EQ(world.store->depth().sending, kThreads * kEach);
  EXPECT_TRUE(world.store->check_ledger().ok);
}

}  // namespace
}  // namespace heliograph::store
