// A long random walk through everything that moves messages and money, against books kept by hand.
#include <gmock/gmock.h>

#include <map>

#include "tests/unit/store/world.h"

namespace heliograph::store {
namespace {

using model::HoldAction;
using model::HoldState;
using model::Outcome;
using model::Status;

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
    world_.store->begin_attempt(command, world_.executor,
                                [this, id](const ports::BeginResult& result) {
                                  const bool begun = result.begun;
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
