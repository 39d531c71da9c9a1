// A hundred thousand random steps of everything that moves credit, each compared with a model that
// knows nothing but the rules: after every step the four sums are what the model says.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/unit/store/world.h"

namespace heliograph::store {
namespace {

using model::HoldAction;
using model::HoldState;
using model::Outcome;
using model::Status;

constexpr int kSteps = 100'000;
constexpr int kAuditEvery = 20'000;

class LedgerModel {
 public:
  explicit LedgerModel(std::uint64_t seed)
      : world_(Threading::kInline, [](SqliteOptions& options) { options.path = ":memory:"; }),
        random_(seed) {}

  void run(int steps) {
    for (int step = 1; step <= steps && !testing::Test::HasFailure(); ++step) {
      const char* const what = one_step();
      compare(step, what);
      if (step % kAuditEvery == 0) audit();
    }
    audit();
  }

 private:
  struct Message {
    model::MessageId id;
    std::int64_t cost = 0;
    Status status = Status::kQueued;
    HoldState hold = HoldState::kNone;
    int number = 0;
    int cycle = 0;
    bool doubtful = false;
    std::string provider_id;
  };

  const char* one_step() {
    switch (random_.below(16)) {
      case 0:
      case 1:
        return accept();
      case 2:
        return batch();
      case 3:
        return grant();
      case 4:
        return cancel();
      case 5:
        return expire();
      case 6:
        return requeue();
      case 7:
      case 8:
      case 9:
        return receipt();
      default:
        return attempt();
    }
  }

  // ---- what the rules say of money ----

  bool hold(std::int64_t cents) {
    if (money_.available_cents < cents) return false;
    money_.available_cents -= cents;
    money_.held_cents += cents;
    return true;
  }
  void resolve(Message& message, HoldAction action) {
    if (message.hold != HoldState::kHeld || action == HoldAction::kKeep) return;
    const bool capture = action == HoldAction::kCapture;
    money_.held_cents -= message.cost;
    (capture ? money_.captured_cents : money_.available_cents) += message.cost;
    message.hold = capture ? HoldState::kCaptured : HoldState::kReleased;
  }

  // ---- steps ----

  std::int64_t random_cost() { return static_cast<std::int64_t>(random_.below(5) * 7); }

  void enter(model::MessageId id, std::int64_t cost) {
    messages_.push_back({.id = id,
                         .cost = cost,
                         .hold = cost > 0 ? HoldState::kHeld : HoldState::kNone,
                         .provider_id = {}});
  }

  const char* accept() {
    const std::int64_t cost = random_cost();
    ports::AcceptCommand command = world_.message(cost);
    if (random_.below(3) == 0) command.idempotency = random_key(0);
    const ports::AcceptResult result = world_.accept(command);
    const auto* accepted = std::get_if<ports::Accepted>(&result);
    if (accepted != nullptr && accepted->replayed) return "replay";
    const bool fits = cost == 0 || hold(cost);
    EXPECT_EQ(accepted != nullptr, fits);
    if (accepted != nullptr && fits) enter(accepted->id, cost);
    return "accept";
  }

  // Keys repeat now and then; a batch's are none of a single message's.
  ports::IdempotencyKey random_key(std::uint8_t kind) {
    ports::IdempotencyKey made = key(static_cast<std::uint8_t>(random_.below(250)));
    made.key_hash[1] = kind;
    made.key_hash[2] = static_cast<std::uint8_t>(random_.below(40));
    return made;
  }

  const char* batch() {
    ports::AcceptBatchCommand command;
    command.client = world_.client.id;
    std::vector<std::int64_t> costs(1 + random_.below(8));
    for (std::int64_t& cost : costs) {
      cost = random_cost();
      command.items.emplace_back(world_.message(cost).message);
    }
    if (random_.below(3) == 0) command.idempotency = random_key(1);
    const auto result = world_.call<ports::AcceptBatchResult>(
        [&](auto done) { world_.store->accept_batch(command, world_.executor, std::move(done)); });
    const auto& answer = std::get<ports::BatchAnswer>(result);
    if (answer.replayed) return "batch replay";
    for (std::size_t i = 0; i < costs.size(); ++i) {
      const auto* accepted = std::get_if<ports::Accepted>(&answer.items[i]);
      const bool fits = costs[i] == 0 || hold(costs[i]);
      EXPECT_EQ(accepted != nullptr, fits);
      if (accepted != nullptr && fits) enter(accepted->id, costs[i]);
    }
    return "batch";
  }

  const char* grant() {
    const auto cents = static_cast<std::int64_t>(random_.below(600)) - 150;
    const auto result = world_.call<std::optional<model::Balance>>([&](auto done) {
      world_.store->grant_credit("acme", cents, "note", world_.executor, std::move(done));
    });
    const bool possible = money_.available_cents + cents >= 0;
    EXPECT_EQ(result.has_value(), possible);
    if (possible) {
      money_.granted_cents += cents;
      money_.available_cents += cents;
    }
    return "grant";
  }

  const char* cancel() {
    Message* message = pick();
    if (message == nullptr) return "nothing";
    const bool possible = model::is_waiting(message->status) && !message->doubtful;
    const auto result = world_.cancel(message->id);
    EXPECT_EQ(std::holds_alternative<ports::Cancelled>(result), possible);
    if (!possible) return "cancel refused";
    resolve(*message, HoldAction::kRelease);
    message->status = Status::kCancelled;
    forget(message);
    return "cancel";
  }

  const char* expire() {
    Message* message = pick();
    if (message == nullptr) return "nothing";
    const model::TimePoint late = world_.clock.wall() + std::chrono::hours{1'000};
    const auto changed = world_.call<std::size_t>([&](auto done) {
      world_.store->expire({message->id}, late, world_.executor, std::move(done));
    });
    const bool possible = model::is_waiting(message->status);
    EXPECT_EQ(changed, possible ? 1u : 0u);
    if (!possible) return "expire refused";
    if (message->doubtful) {
      message->status = Status::kUnknown;
      message->doubtful = false;
      return "expire in doubt";
    }
    resolve(*message, HoldAction::kRelease);
    message->status = Status::kExpired;
    return "expire";
  }

  const char* requeue() {
    Message* message = pick();
    if (message == nullptr) return "nothing";
    const auto result = world_.requeue(message->id);
    if (!model::can_requeue(message->status)) {
      EXPECT_TRUE(std::holds_alternative<ports::Conflict>(result));
      return "requeue refused";
    }
    const bool goes_on = message->cost == 0 || (message->status == Status::kUnknown &&
                                                message->hold != HoldState::kReleased);
    const bool fits = goes_on || hold(message->cost);
    EXPECT_EQ(std::holds_alternative<ports::Requeued>(result), fits);
    if (!fits) return "requeue without credit";
    if (!goes_on) message->hold = HoldState::kHeld;
    message->doubtful = message->status == Status::kUnknown;
    message->status = Status::kQueued;
    message->provider_id.clear();
    ++message->cycle;
    return "requeue";
  }

  const char* receipt() {
    Message* message = pick();
    if (message == nullptr || message->provider_id.empty()) return "nothing";
    if (message->status != Status::kSent && message->status != Status::kUnknown) return "nothing";
    const bool delivered = random_.below(3) > 0;
    const auto given =
        world_.receipt_of(message->provider_id, delivered ? model::ReceiptState::kDelivered
                                                          : model::ReceiptState::kUndelivered);
    EXPECT_EQ(world_.receipt(given), ports::ReceiptOutcome::kApplied);
    resolve(*message, delivered ? HoldAction::kCapture : HoldAction::kRelease);
    message->status = delivered ? Status::kDelivered : Status::kFailedPerm;
    message->provider_id.clear();
    if (delivered) forget(message);
    return delivered ? "delivered" : "undelivered";
  }

  const char* attempt() {
    static constexpr struct {
      const char* name;
      Outcome outcome;
      Status status;
      HoldAction hold;
      bool doubtful;
    } kEnds[] = {
        {"sent", Outcome::kSent, Status::kSent, HoldAction::kKeep, false},
        {"sent, final", Outcome::kSent, Status::kSent, HoldAction::kCapture, false},
        {"failed", Outcome::kRejected, Status::kFailedPerm, HoldAction::kRelease, false},
        {"failed for now", Outcome::kRetry, Status::kFailedTemp, HoldAction::kKeep, false},
        {"throttled", Outcome::kThrottled, Status::kQueued, HoldAction::kKeep, false},
        {"not tried", Outcome::kNotTried, Status::kQueued, HoldAction::kKeep, false},
        {"in doubt", Outcome::kUnknown, Status::kFailedTemp, HoldAction::kKeep, true},
        {"unknown", Outcome::kUnknown, Status::kUnknown, HoldAction::kKeep, false},
    };
    Message* message = pick();
    if (message == nullptr) return "nothing";
    const bool possible = model::is_waiting(message->status);
    EXPECT_EQ(world_.begin(message->id, message->number, message->cycle), possible);
    if (!possible) return "begin refused";
    ++message->number;
    const auto& end = kEnds[random_.below(std::size(kEnds))];
    ports::FinishAttempt command =
        world_.outcome(message->id, end.outcome, end.status, message->number, message->cycle);
    command.hold = end.hold;
    command.doubtful = end.doubtful;
    const bool maybe_sent = end.outcome == Outcome::kSent || end.outcome == Outcome::kUnknown;
    message->provider_id = maybe_sent ? "p-" + std::to_string(++last_provider_id_) : "";
    command.result.provider_message_id = message->provider_id;
    EXPECT_TRUE(world_.finish(command).applied);
    if (end.outcome == Outcome::kNotTried) --message->number;
    message->doubtful = end.doubtful;
    message->status = end.status;
    resolve(*message, end.hold);
    return end.name;
  }

  // ---- choosing and comparing ----

  Message* pick() {
    if (messages_.empty()) return nullptr;
    return &messages_[random_.below(messages_.size())];
  }
  // Nothing can happen to it any more: it stays in `ended_` for the audit.
  void forget(Message* message) {
    ended_.push_back(*message);
    std::swap(*message, messages_.back());
    messages_.pop_back();
  }

  void compare(int step, const char* what) {
    const model::Balance kept = world_.balance();
    EXPECT_EQ(kept.granted_cents, money_.granted_cents) << "step " << step << ": " << what;
    EXPECT_EQ(kept.available_cents, money_.available_cents) << "step " << step << ": " << what;
    EXPECT_EQ(kept.held_cents, money_.held_cents) << "step " << step << ": " << what;
    EXPECT_EQ(kept.captured_cents, money_.captured_cents) << "step " << step << ": " << what;
    EXPECT_EQ(kept.granted_cents, kept.available_cents + kept.held_cents + kept.captured_cents);
  }

  void audit() {
    const ports::LedgerCheck check = world_.store->check_ledger();
    EXPECT_TRUE(check.ok) << check.problems.front();
    for (const auto* list : {&messages_, &ended_}) {
      for (const Message& message : *list) {
        const model::MessageView view = world_.view(message.id);
        ASSERT_EQ(view.status, message.status) << message.id.to_string();
        ASSERT_EQ(view.hold, message.hold) << message.id.to_string();
      }
    }
    ended_.clear();
  }

  World world_;
  SeededRandom random_;
  model::Balance money_{.granted_cents = 1'000, .available_cents = 1'000};
  std::vector<Message> messages_;
  std::vector<Message> ended_;
  int last_provider_id_ = 0;
};

TEST(LedgerModelTest, AHundredThousandStepsLeaveTheSumsOfTheModel) {
  LedgerModel model(20'261'122);
  model.run(kSteps);
}

}  // namespace
}  // namespace heliograph::store
