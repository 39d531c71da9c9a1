// Credit: overdue holds, the check that finds a drift, and a long random walk against a model.
#include <gmock/gmock.h>

#include <map>

#include "core/store/sqlite/integrity.h"
#include "tests/unit/store/world.h"

namespace heliograph::store {
namespace {

using model::HoldAction;
using model::HoldState;
using model::Outcome;
using model::Status;
using testing::HasSubstr;

class HoldsTest : public StoreTest {
 protected:
  model::MessageId unknown(std::int64_t cost) {
    const model::MessageId id = world.accept_ok(world.message(cost));
    EXPECT_TRUE(world.begin(id));
    EXPECT_TRUE(world.finish(world.outcome(id, Outcome::kUnknown, Status::kUnknown)).applied);
    return id;
  }
  std::size_t settle_all() {
    std::size_t changed = 0;
    for (int i = 0; i < 100; ++i) {
      const ports::SweepResult result = world.settle_holds(4);
      changed += result.changed;
      if (result.next_row == 0) break;
    }
    return changed;
  }
};
HG_IN_BOTH_MODES(HoldsTest);

TEST_P(HoldsTest, OverdueOnesAreSettledByWhatIsKnown) {
  const model::MessageId sent = world.sent("p-1", 10);
  const model::MessageId doubt = unknown(20);
  world.clock.advance(std::chrono::hours{72} - std::chrono::milliseconds{1});
  EXPECT_EQ(settle_all(), 0u);
  world.clock.advance(std::chrono::milliseconds{1});
  EXPECT_EQ(settle_all(), 2u);
  EXPECT_EQ(world.view(sent).hold, HoldState::kCaptured);
  EXPECT_EQ(world.view(sent).status, Status::kSent);
  EXPECT_EQ(world.view(doubt).hold, HoldState::kReleased);
  EXPECT_EQ(world.balance().captured_cents, 10);
  EXPECT_EQ(world.balance().available_cents, 990);
  EXPECT_EQ(settle_all(), 0u);
}

TEST_P(HoldsTest, ALaterReceiptChangesTheStatusNotTheMoney) {
  const model::MessageId id = world.sent("p-1", 10);
  world.clock.advance(std::chrono::hours{73});
  settle_all();
  world.receipt(world.receipt_of("p-1", model::ReceiptState::kUndelivered));
  EXPECT_EQ(world.view(id).status, Status::kFailedPerm);
  EXPECT_EQ(world.balance().captured_cents, 10);
}

TEST_P(HoldsTest, ARequeueAfterASettledDoubtIsPaidAnew) {
  const model::MessageId id = unknown(10);
  world.clock.advance(std::chrono::hours{73});
  settle_all();
  ASSERT_EQ(world.view(id).hold, HoldState::kReleased);
  world.requeue(id);
  EXPECT_EQ(world.view(id).hold, HoldState::kHeld);
  EXPECT_EQ(world.balance().held_cents, 10);
}

TEST_P(HoldsTest, AWaitingMessageKeepsItsHoldUntilItsOwnEnd) {
  ports::AcceptCommand command = world.message(10);
  command.message.validity = std::chrono::hours{200};
  const model::MessageId waiting = world.accept_ok(command);
  for (int i = 0; i < 20; ++i) world.sent("p-" + std::to_string(i), 1);
  world.clock.advance(std::chrono::hours{100});
  EXPECT_EQ(settle_all(), 20u);
  EXPECT_EQ(world.view(waiting).hold, HoldState::kHeld);
  // Passed by the sweep, but not forgotten.
  ASSERT_TRUE(world.begin(waiting));
  ASSERT_TRUE(world.finish(world.outcome(waiting, Outcome::kSent, Status::kSent)).applied);
  EXPECT_EQ(settle_all(), 1u);
  EXPECT_EQ(world.view(waiting).hold, HoldState::kCaptured);
}

TEST_P(HoldsTest, ARequeuedMessageHasItsTimeAnew) {
  const model::MessageId id = world.failed(10);
  world.clock.advance(std::chrono::hours{80});
  EXPECT_EQ(settle_all(), 0u);
  world.requeue(id);
  ASSERT_TRUE(world.begin(id, 1, 1));
  ASSERT_TRUE(world.finish(world.outcome(id, Outcome::kSent, Status::kSent, 2, 1)).applied);
  EXPECT_EQ(settle_all(), 0u);
  world.clock.advance(std::chrono::hours{72});
  EXPECT_EQ(settle_all(), 1u);
  EXPECT_EQ(world.balance().captured_cents, 10);
}

class CaptureUnknownTest : public HoldsTest {
 protected:
  CaptureUnknownTest() {
    world.close(true);
    world.options.billing.on_unknown = "capture";
    world.open();
    world.start();
  }
};
HG_IN_BOTH_MODES(CaptureUnknownTest);

TEST_P(CaptureUnknownTest, OverdueDoubtsAreCapturedWhereConfigured) {
  const model::MessageId id = unknown(20);
  world.clock.advance(std::chrono::hours{73});
  EXPECT_EQ(settle_all(), 1u);
  EXPECT_EQ(world.view(id).hold, HoldState::kCaptured);
  // What was paid for while in doubt is not paid for again.
  world.requeue(id);
  EXPECT_EQ(world.balance().captured_cents, 20);
  EXPECT_EQ(world.balance().held_cents, 0);
}

// Changes the file behind the store's back, then asks it.
class DriftTest : public testing::Test {
 protected:
  std::string first_problem(const char* sql) {
    World world(Threading::kInline);
    world.accept_ok(world.message(5));
    world.sent("p-1", 7);
    world.receipt(world.receipt_of("p-1", model::ReceiptState::kDelivered));
    world.failed(9);
    EXPECT_TRUE(world.store->check_ledger().ok);
    EXPECT_TRUE(world.store->check().empty());
    world.close(true);
    {
      Connection connection(world.path(), ConnectionMode::kWriter);
      connection.exec(sql);
    }
    world.open();
    const ports::LedgerCheck check = world.store->check_ledger();
    EXPECT_FALSE(check.ok);
    EXPECT_EQ(world.store->check(), check.problems);
    return check.problems.empty() ? "" : check.problems.front();
  }
};

TEST_F(DriftTest, ABalanceThatDoesNotAddUpIsNamed) {
  EXPECT_EQ(first_problem("UPDATE balances SET granted = granted + 1, available = available + 1"),
            "client \"acme\": granted is 1001 cents, but adds up to 1000");
}

TEST_F(DriftTest, ALostHoldIsNamed) {
  EXPECT_EQ(first_problem("UPDATE messages SET hold_state = 0 WHERE hold_state = 1"),
            "client \"acme\": held is 5 cents, but adds up to 0");
}

TEST_F(DriftTest, ACaptureWithoutARecordIsNamed) {
  EXPECT_THAT(first_problem("UPDATE messages SET hold_state = 2 WHERE hold_state = 3"),
              HasSubstr("its hold is captured, but the ledger does not say so"));
}

TEST_F(DriftTest, ADeletedLedgerRowIsNamed) {
  EXPECT_THAT(first_problem("DELETE FROM resolutions WHERE hold_state = 2"),
              HasSubstr("captured is 7 cents, but adds up to 0"));
}

TEST_F(DriftTest, AHoldThatCameBackIsNamed) {
  EXPECT_THAT(first_problem("UPDATE messages SET hold_state = 1 WHERE hold_state = 3;"
                            "UPDATE balances SET available = available - 9, held = held + 9"),
              HasSubstr("it still holds what the ledger says is resolved"));
}

TEST(LedgerTest, ASecondResolutionOfOneHoldIsRefused) {
  World world(Threading::kInline);
  world.close(true);
  Connection connection(world.path(), ConnectionMode::kWriter);
  Ledger ledger(connection);
  ASSERT_TRUE(ledger.hold(world.client.id, 10));
  const Hold hold{.row = 1, .cycle = 0, .client = world.client.id, .cents = 10};
  ledger.release(hold, world.clock.wall());
  EXPECT_THROW(ledger.release(hold, world.clock.wall()), DatabaseError);
  EXPECT_THROW(ledger.capture(hold, world.clock.wall()), DatabaseError);
}

TEST(LedgerTest, TheDatabaseRefusesABalanceThatDoesNotAddUp) {
  World world(Threading::kInline);
  world.close(true);
  Connection connection(world.path(), ConnectionMode::kWriter);
  EXPECT_THROW(connection.exec("UPDATE balances SET held = held + 1"), DatabaseError);
  EXPECT_THROW(connection.exec("UPDATE balances SET granted = -1, available = -1"), DatabaseError);
}

// Does at random whatever may be done, several calls to a transaction, and keeps the books by hand.
class RandomWalk {
 public:
  explicit RandomWalk(std::uint64_t seed) : world_(Threading::kInline), random_(seed) {}

  void run(int steps) {
    for (int step = 0; step < steps; ++step) {
      one_step();
      if (random_.below(4) == 0) flush();
      if (step % 500 == 499) compare();
    }
    flush();
    compare();
  }

 private:
  struct Message {
    Status status = Status::kQueued;
    HoldState hold = HoldState::kNone;
    std::int64_t cost = 0;
    int number = 0;
    int cycle = 0;
    bool doubtful = false;
    std::string provider_id;
  };

  Message* pick(model::MessageId& id) {
    if (messages_.empty()) return nullptr;
    auto it = messages_.begin();
    std::advance(it, static_cast<std::ptrdiff_t>(random_.below(messages_.size())));
    id = it->first;
    return &it->second;
  }

  void one_step() {
    switch (random_.below(8)) {
      case 0:
      case 1:
        return accept();
      case 2:
        return begin();
      case 3:
      case 4:
        return finish();
      case 5:
        return receipt();
      case 6:
        return cancel_or_requeue();
      default:
        return sometimes();
    }
  }

  void accept() {
    const auto cost = static_cast<std::int64_t>(random_.below(4) * 10);
    const bool repeat = random_.below(3) == 0;
    ports::AcceptCommand command = world_.message(cost);
    command.message.validity = std::chrono::minutes{30};
    if (repeat) command.idempotency = key(static_cast<std::uint8_t>(random_.below(256)));
    world_.store->accept(command, world_.executor, [this, cost](ports::AcceptResult result) {
      const auto* accepted = std::get_if<ports::Accepted>(&result);
      if (accepted == nullptr || accepted->replayed) return;
      Message message;
      message.cost = cost;
      message.hold = cost > 0 ? HoldState::kHeld : HoldState::kNone;
      messages_[accepted->id] = message;
    });
  }

  void begin() {
    model::MessageId id;
    Message* message = pick(id);
    if (message == nullptr) return;
    ports::BeginAttempt command{.id = id,
                                .attempt_number = static_cast<std::uint16_t>(message->number),
                                .cycle = static_cast<std::uint16_t>(message->cycle),
                                .provider = world_.alpha,
                                .started_at = world_.clock.wall()};
    world_.store->begin_attempt(command, world_.executor, [this, id](bool begun) {
      Message& now = messages_[id];
      EXPECT_LE(begun, model::is_waiting(now.status));
      if (!begun) return;
      now.status = Status::kSending;
      ++now.number;
    });
  }

  void finish() {
    model::MessageId id;
    Message* message = pick(id);
    if (message == nullptr) return;
    ports::FinishAttempt command = random_outcome(id, *message);
    const bool not_tried = command.result.outcome == Outcome::kNotTried;
    const HoldAction action = command.hold;
    const bool doubtful = command.doubtful;
    const std::string provider_id = command.result.provider_message_id;
    world_.store->finish_attempt(
        command, world_.executor,
        [this, id, not_tried, action, doubtful, provider_id](ports::FinishResult result) {
          Message& now = messages_[id];
          if (!result.applied) return;
          now.status = result.status;
          now.doubtful = doubtful;
          if (!provider_id.empty()) now.provider_id = provider_id;
          if (not_tried) --now.number;
          resolve(now, action);
        });
  }

  ports::FinishAttempt random_outcome(model::MessageId id, const Message& message) {
    static constexpr struct {
      Outcome outcome;
      Status status;
      HoldAction hold;
    } kEnds[] = {
        {Outcome::kSent, Status::kSent, HoldAction::kKeep},
        {Outcome::kSent, Status::kSent, HoldAction::kCapture},
        {Outcome::kRejected, Status::kFailedPerm, HoldAction::kRelease},
        {Outcome::kRetry, Status::kFailedTemp, HoldAction::kKeep},
        {Outcome::kThrottled, Status::kQueued, HoldAction::kKeep},
        {Outcome::kNotTried, Status::kQueued, HoldAction::kKeep},
        {Outcome::kUnknown, Status::kUnknown, HoldAction::kKeep},
        {Outcome::kUnknown, Status::kFailedTemp, HoldAction::kKeep},
        {Outcome::kRetry, Status::kExpired, HoldAction::kRelease},
    };
    const auto& end = kEnds[random_.below(std::size(kEnds))];
    ports::FinishAttempt command =
        world_.outcome(id, end.outcome, end.status, message.number, message.cycle);
    command.hold = end.hold;
    command.doubtful = end.outcome == Outcome::kUnknown && end.status == Status::kFailedTemp;
    if (end.outcome == Outcome::kSent || command.doubtful) {
      command.result.provider_message_id = "p-" + std::to_string(++last_provider_id_);
    }
    return command;
  }

  void receipt() {
    model::MessageId id;
    Message* message = pick(id);
    if (message == nullptr || message->provider_id.empty()) return;
    static constexpr model::ReceiptState kStates[] = {
        model::ReceiptState::kAccepted, model::ReceiptState::kDelivered,
        model::ReceiptState::kUndelivered, model::ReceiptState::kExpired};
    model::Receipt receipt =
        world_.receipt_of(message->provider_id, kStates[random_.below(std::size(kStates))]);
    if (random_.below(2) == 0) receipt.message_id = id;
    // The books are brought up to date from the message itself: what a receipt decides is the
    // model's business, that the money follows is this test's.
    world_.store->apply_receipts({receipt}, world_.executor, [this, id](auto) { refresh(id); });
  }

  void cancel_or_requeue() {
    model::MessageId id;
    if (pick(id) == nullptr) return;
    if (random_.below(2) == 0) {
      world_.store->cancel(std::nullopt, id, world_.executor,
                           [this, id](ports::CancelResult) { refresh(id); });
    } else {
      world_.store->requeue(std::nullopt, id, std::chrono::minutes{30}, world_.executor,
                            [this, id](ports::RequeueResult result) {
                              if (!std::holds_alternative<ports::Requeued>(result)) return;
                              ++messages_[id].cycle;
                              refresh(id);
                            });
    }
  }

  void sometimes() {
    const model::TimePoint now = world_.clock.wall();
    switch (random_.below(30)) {
      case 0:
        flush();
        world_.clock.advance(std::chrono::minutes{random_.below(60)});
        return;
      case 1:
        world_.store->expire_overdue(now, 0, 1'000, world_.executor,
                                     [this](auto) { refresh_all(); });
        return;
      case 2:
        flush();
        world_.clock.advance(std::chrono::hours{80});
        world_.store->settle_overdue_holds(world_.clock.wall(), 10'000, world_.executor,
                                           [this](auto) { refresh_all(); });
        return flush();
      case 3: {
        const auto cents = static_cast<std::int64_t>(random_.below(400));
        granted_ += cents;
        world_.store->grant_credit(
            "acme", cents, "more", world_.executor,
            [](const std::optional<model::Balance>& balance) { EXPECT_TRUE(balance); });
        return;
      }
      case 4:  // a crash loses what was queued and nothing else
        flush();
        accept();
        begin();
        return crash();
      default:
        return;
    }
  }

  void crash() {
    world_.reopen(false);
    for (const model::WorkItem& item : world_.store->interrupted()) {
      EXPECT_EQ(messages_[item.id].status, Status::kSending);
    }
  }

  void resolve(Message& message, HoldAction action) {
    if (message.hold != HoldState::kHeld) return;
    if (action == HoldAction::kCapture) message.hold = HoldState::kCaptured;
    if (action == HoldAction::kRelease) message.hold = HoldState::kReleased;
  }

  // Statuses are told; holds are only ever taken from one place at a time and compared at the end.
  void refresh(model::MessageId id) { stale_.push_back(id); }
  void refresh_all() {
    for (const auto& [id, message] : messages_) stale_.push_back(id);
  }

  void flush() {
    world_.settle();
    world_.settle();
    std::ranges::sort(stale_);
    const auto repeated = std::ranges::unique(stale_);
    stale_.erase(repeated.begin(), repeated.end());
    for (const model::MessageId id : std::exchange(stale_, {})) {
      const model::MessageView view = world_.view(id);
      Message& message = messages_[id];
      check_step(message, view);
      message.status = view.status;
      message.hold = view.hold;
    }
  }

  // A hold that is resolved stays so within its cycle.
  void check_step(const Message& before, const model::MessageView& after) {
    if (before.status == Status::kDelivered) {
      EXPECT_EQ(after.status, Status::kDelivered);
    }
    if (before.hold == HoldState::kCaptured && before.cost > 0 && after.status != Status::kQueued) {
      EXPECT_NE(after.hold, HoldState::kReleased);
    }
  }

  void compare() {
    refresh_all();
    flush();
    std::int64_t held = 0;
    for (const auto& [id, message] : messages_) {
      if (message.hold == HoldState::kHeld) held += message.cost;
    }
    const model::Balance balance = world_.balance();
    EXPECT_EQ(balance.held_cents, held);
    EXPECT_EQ(balance.granted_cents, granted_);
    EXPECT_EQ(balance.granted_cents,
              balance.available_cents + balance.held_cents + balance.captured_cents);
    const ports::LedgerCheck check = world_.store->check_ledger();
    EXPECT_TRUE(check.ok) << check.problems.front();
    std::uint64_t waiting = 0;
    for (const auto& [id, message] : messages_) waiting += model::is_waiting(message.status);
    EXPECT_EQ(world_.store->depth().waiting, waiting);
  }

  World world_;
  SeededRandom random_;
  std::map<model::MessageId, Message> messages_;
  std::vector<model::MessageId> stale_;
  std::int64_t granted_ = 1'000;
  int last_provider_id_ = 0;
};

class LedgerWalkTest : public testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, LedgerWalkTest, testing::Values(1, 2, 3, 4));

TEST_P(LedgerWalkTest, TheBooksBalanceWhateverHappens) {
  RandomWalk walk(GetParam());
  walk.run(3'000);
}

}  // namespace
}  // namespace heliograph::store
