// A disk that is full, and a disk that fails.
#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>

#include "core/store/sqlite/committer.h"
#include "tests/unit/store/failing_vfs.h"
#include "tests/unit/store/world.h"

namespace heliograph::store {
namespace {

using model::Outcome;
using model::Status;
using testing::HasSubstr;

bool is_disk_full(const ports::AcceptResult& result) {
  const auto* overloaded = std::get_if<ports::Overloaded>(&result);
  return overloaded != nullptr && overloaded->reason == "disk full" &&
         overloaded->retry_after.count() > 0;
}

class LowSpaceTest : public testing::TestWithParam<Threading> {
 protected:
  LowSpaceTest()
      : world(GetParam(), [](SqliteOptions& options) { options.min_free_bytes = 1'000; },
              {.free_bytes = [this] { return std::optional(free.load()); }}) {}

  std::atomic<std::uint64_t> free{1'000};
  World world;
};
HG_IN_BOTH_MODES(LowSpaceTest);

TEST_P(LowSpaceTest, AcceptsAreRefusedAndEverythingElseGoesOn) {
  ports::AcceptCommand keyed = world.message();
  keyed.idempotency = key(1);
  const model::MessageId first = world.accept_ok(keyed);
  const model::MessageId second = world.accept_ok(world.message(5));
  EXPECT_TRUE(world.store->accepting());
  free = 999;
  world.clock.advance(std::chrono::seconds{1});
  EXPECT_TRUE(is_disk_full(world.accept(world.message(5))));
  EXPECT_FALSE(world.store->accepting());
  EXPECT_EQ(world.accept_ok(keyed), first);
  ASSERT_TRUE(world.begin(second));
  EXPECT_TRUE(world.finish(world.outcome(second, Outcome::kSent, Status::kSent)).applied);
  EXPECT_EQ(world.balance().held_cents, 5);

  free = 1'000;
  world.clock.advance(std::chrono::seconds{1});
  world.accept_ok();
  EXPECT_TRUE(world.store->accepting());
}

TEST(LowSpaceIdleTest, TheWriterNoticesByItselfThatThereIsRoom) {
  std::atomic<std::uint64_t> free{0};
  World world(Threading::kOwnThreads,
              [](SqliteOptions& options) { options.min_free_bytes = 1'000; },
              {.free_bytes = [&] { return std::optional(free.load()); }});
  EXPECT_TRUE(is_disk_full(world.accept(world.message())));
  free = 1'000;
  world.clock.advance(std::chrono::seconds{10});
  // Nobody calls: whoever asks accepting() first would wait for ever otherwise.
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!world.store->accepting() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_TRUE(world.store->accepting());
}

TEST(LowSpaceIdleTest, TheLogGivesItsRoomBackWhenThatIsWhatIsMissing) {
  // A file system that only the store's own files fill.
  static constexpr std::uint64_t kRoom = 1'200'000;
  std::atomic<TestFolder*> known{nullptr};
  World world(Threading::kOwnThreads,
              [](SqliteOptions& options) { options.min_free_bytes = 100'000; },
              {.free_bytes = [&known]() -> std::optional<std::uint64_t> {
                TestFolder* const folder = known;
                if (folder == nullptr) return kRoom;
                std::uint64_t used = 0;
                for (const char* name : {"test.db", "test.db-wal"}) {
                  std::error_code missing;
                  const auto size = std::filesystem::file_size(folder->path(name), missing);
                  if (!missing) used += size;
                }
                return kRoom - std::min(used, kRoom);
              }});
  known = &world.folder;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!is_disk_full(world.accept(world.message()))) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    world.clock.advance(std::chrono::milliseconds{10});
  }
  EXPECT_FALSE(world.store->accepting());
  world.clock.advance(std::chrono::seconds{10});
  while (!world.store->accepting() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_TRUE(world.store->accepting());
  EXPECT_LT(std::filesystem::file_size(world.folder.path("test.db-wal")), 10'000);
  world.accept_ok();
}

class DiskTest : public testing::Test {
 protected:
  FailingVfs vfs;  // outlives every store
};

TEST_F(DiskTest, AFullDiskIsLivedWithInline) {
  World world(Threading::kInline);
  const model::MessageId sending = world.accept_ok(world.message(5));
  ASSERT_TRUE(world.begin(sending));
  FailingVfs::disk_full = true;
  EXPECT_TRUE(is_disk_full(world.accept(world.message(5))));
  std::optional<ports::FinishResult> result;
  std::optional<ports::AcceptResult> refused;
  world.store->finish_attempt(world.outcome(sending, Outcome::kSent, Status::kSent), world.executor,
                              [&](ports::FinishResult r) { result = r; });
  world.store->accept(world.message(5), world.executor,
                      [&](ports::AcceptResult r) { refused = std::move(r); });
  EXPECT_EQ(world.store->pump(), 0u);
  world.executor.run(false);
  EXPECT_FALSE(result);  // not done, not lost
  ASSERT_TRUE(refused);  // a client does not wait for people to make room
  EXPECT_TRUE(is_disk_full(*refused));
  EXPECT_EQ(world.store->depth().sending, 1u);
  EXPECT_EQ(world.balance().held_cents, 5);

  FailingVfs::disk_full = false;
  world.clock.advance(std::chrono::seconds{2});
  EXPECT_EQ(world.store->pump(), 1u);
  world.executor.run(false);
  EXPECT_TRUE(result->applied);
  EXPECT_EQ(world.balance().held_cents, 5);
  EXPECT_TRUE(world.store->check().empty());
  EXPECT_FALSE(world.events.has_failed());
}

TEST_F(DiskTest, AFullDiskIsLivedWithByTheWriter) {
  World world(Threading::kOwnThreads);
  const model::MessageId sending = world.accept_ok(world.message(5));
  ASSERT_TRUE(world.begin(sending));
  FailingVfs::disk_full = true;
  EXPECT_TRUE(is_disk_full(world.accept(world.message(5))));
  EXPECT_FALSE(world.store->accepting());
  std::optional<ports::FinishResult> result;
  const int before = FailingVfs::writes;
  world.store->finish_attempt(world.outcome(sending, Outcome::kSent, Status::kSent), world.executor,
                              [&](ports::FinishResult r) { result = r; });
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (FailingVfs::writes < before + 3 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_FALSE(result);
  FailingVfs::disk_full = false;
  world.clock.advance(std::chrono::seconds{2});
  world.run_until([&] { return result.has_value(); });
  EXPECT_TRUE(result->applied);
  // A try that was on its way when the clock moved may have begun another pause.
  world.clock.advance(std::chrono::seconds{2});
  world.accept_ok();
  EXPECT_TRUE(world.store->accepting());
  EXPECT_FALSE(world.events.has_failed());
  world.store->stop();
  EXPECT_TRUE(world.store->check().empty());
}

TEST_F(DiskTest, StoppingDoesNotWaitForRoomForEver) {
  World world(Threading::kOwnThreads);
  const model::MessageId id = world.accept_ok();
  FailingVfs::disk_full = true;
  bool called = false;
  world.store->cancel(std::nullopt, id, world.executor,
                      [&](const ports::CancelResult&) { called = true; });
  world.store->stop();
  world.executor.run(false);
  EXPECT_FALSE(called);
  FailingVfs::disk_full = false;
  world.reopen();
  EXPECT_EQ(world.view(id).status, Status::kQueued);
}

TEST_F(DiskTest, AFailedSyncIsTheEnd) {
  for (const Threading threading : {Threading::kInline, Threading::kOwnThreads}) {
    World world(threading);
    const model::MessageId kept = world.accept_ok(world.message(5));
    world.take_waiting();
    FailingVfs::fail_sync = true;
    bool answered = false;
    const auto on_answer = [&](const auto&) { answered = true; };
    int refused = 0;
    const auto on_accept = [&](const ports::AcceptResult& result) {
      refused += std::holds_alternative<ports::Overloaded>(result) ? 1 : 0;
      answered |= !std::holds_alternative<ports::Overloaded>(result);
    };
    world.store->accept(world.message(5), world.executor, on_accept);
    if (world.is_inline()) world.store->pump();
    EXPECT_THAT(world.events.wait_for_fatal(), HasSubstr("disk I/O error"));
    EXPECT_FALSE(world.store->accepting());

    // Nothing more but refusals: no promise, no hint, no second try on the same descriptor.
    const int syncs = FailingVfs::syncs;
    world.store->accept(world.message(5), world.executor, on_accept);
    world.store->cancel(std::nullopt, kept, world.executor, on_answer);
    if (world.is_inline()) world.store->pump();
    world.store->stop();
    world.store.reset();
    world.executor.run(false);
    EXPECT_FALSE(answered);
    EXPECT_EQ(refused, 2);
    EXPECT_TRUE(world.events.take_waiting().empty());
    EXPECT_EQ(FailingVfs::syncs, syncs);

    FailingVfs::fail_sync = false;
    world.open();
    world.start();
    EXPECT_EQ(world.view(kept).status, Status::kQueued);
    EXPECT_TRUE(world.store->check().empty());
  }
}

TEST_F(DiskTest, ASyncThatFailsWhileStoppingIsNotTriedAgain) {
  World world(Threading::kOwnThreads);
  world.accept_ok();
  FailingVfs::fail_sync = true;
  const int syncs = FailingVfs::syncs;
  world.store->stop();
  EXPECT_THAT(world.events.wait_for_fatal(), HasSubstr("disk I/O error"));
  world.store.reset();
  EXPECT_EQ(FailingVfs::syncs, syncs + 1);
}

TEST_F(DiskTest, ASyncThatFailsBeforeTheStartIsNotTriedAgain) {
  World world(Threading::kInline);
  world.reopen();
  FailingVfs::fail_sync = true;
  const int syncs = FailingVfs::syncs;
  EXPECT_THROW(world.store->intern_provider("another"), StoreFailed);
  world.store->stop();
  world.store.reset();
  EXPECT_EQ(FailingVfs::syncs, syncs + 1);
}

// Names are made by whoever needs them, beside the writer's thread, which must end as well.
TEST_F(DiskTest, ASyncThatFailsOutsideOfTheWriterIsTheEndToo) {
  World world(Threading::kOwnThreads);
  FailingVfs::fail_sync = true;
  EXPECT_THROW(world.store->intern_provider("another"), StoreFailed);
  EXPECT_THAT(world.events.wait_for_fatal(), HasSubstr("disk I/O error"));
  EXPECT_FALSE(world.store->accepting());
  const int syncs = FailingVfs::syncs;
  world.store->stop();
  world.store.reset();
  EXPECT_EQ(FailingVfs::syncs, syncs);
}

TEST_F(DiskTest, ASyncThatFailsWhileOpeningIsNotTriedAgain) {
  World world(Threading::kInline);
  world.store->stop();
  world.store.reset();
  FailingVfs::fail_sync = true;
  const int syncs = FailingVfs::syncs;
  EXPECT_THROW(world.open(), StoreFailed);
  EXPECT_EQ(FailingVfs::syncs, syncs + 1);
}

// Answered with its neutral value it would say that there is no such message.
TEST_F(DiskTest, AReadThatMeetsDamageIsNotAnswered) {
  World world(Threading::kOwnThreads);
  const model::MessageId id = world.accept_ok();
  FailingVfs::damage_reads = true;
  bool answered = false;
  world.store->find_message(std::nullopt, id, world.executor,
                            [&](const auto&) { answered = true; });
  EXPECT_THAT(world.events.wait_for_fatal(),
              testing::AnyOf(HasSubstr("malformed"), HasSubstr("not a database")));
  EXPECT_FALSE(world.store->accepting());
  world.store->stop();
  world.executor.run(false);
  EXPECT_FALSE(answered);
}

TEST(StallTest, ACommitThatTakesSecondsIsTold) {
  using std::chrono::seconds;
  Gauges gauges;
  const ports::MonoTime began{seconds{100}};
  EXPECT_FALSE(gauges.is_stalled(began));
  gauges.committing_since_ns = began.time_since_epoch().count();
  EXPECT_FALSE(gauges.is_stalled(began + seconds{4}));
  EXPECT_TRUE(gauges.is_stalled(began + seconds{6}));
  gauges.committing_since_ns = 0;
  EXPECT_FALSE(gauges.is_stalled(began + seconds{6}));
}

TEST(NewestTest, IsWhenTheNewestMessageWasTaken) {
  World world(Threading::kInline);
  EXPECT_EQ(world.store->newest(), model::TimePoint{});
  world.clock.advance(std::chrono::seconds{5});
  world.accept_ok();
  EXPECT_EQ(world.store->newest(), world.clock.wall());
}

TEST_F(DiskTest, EveryTransactionIsSynced) {
  World world(Threading::kInline);
  for (int i = 0; i < 5; ++i) {
    const int before = FailingVfs::syncs;
    world.accept_ok();
    EXPECT_EQ(FailingVfs::syncs, before + 1);
  }
}

}  // namespace
}  // namespace heliograph::store
