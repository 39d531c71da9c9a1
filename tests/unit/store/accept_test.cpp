// Taking messages in: ids, order, schedules, idempotency, credit, refusals.
#include <gmock/gmock.h>

#include "tests/unit/store/world.h"

namespace heliograph::store {
namespace {

using model::Status;
using testing::ElementsAre;

class AcceptTest : public StoreTest {};
HG_IN_BOTH_MODES(AcceptTest);

const ports::Accepted& accepted(const ports::AcceptResult& result) {
  return std::get<ports::Accepted>(result);
}

TEST_P(AcceptTest, AnswersWithAnIdThatFindsTheMessage) {
  ports::AcceptCommand command = world.message();
  command.message.client_reference = "order 7";
  command.message.metadata_json = R"({"a":1})";
  command.message.to_given = "(415) 555-2671";
  command.message.callback_url = "https://example.org/cb";
  command.message.lane = model::Lane::kUrgent;
  command.message.in_doubt = model::InDoubt::kAtMostOnce;
  command.message.parts = 3;
  const ports::AcceptResult result = world.accept(command);
  EXPECT_EQ(accepted(result).status, Status::kQueued);
  EXPECT_FALSE(accepted(result).replayed);

  const model::MessageView view = world.view(accepted(result).id);
  EXPECT_EQ(view.id, accepted(result).id);
  EXPECT_EQ(view.client, world.client.id);
  EXPECT_EQ(view.status, Status::kQueued);
  EXPECT_EQ(view.lane, model::Lane::kUrgent);
  EXPECT_EQ(view.in_doubt, model::InDoubt::kAtMostOnce);
  EXPECT_EQ(view.hold, model::HoldState::kNone);
  EXPECT_EQ(view.parts, 3);
  EXPECT_EQ(view.attempts, 0);
  EXPECT_EQ(view.to, "+14155552671");
  EXPECT_EQ(view.to_given, "(415) 555-2671");
  EXPECT_EQ(view.from, "TEST");
  EXPECT_EQ(view.text, "Hello");
  EXPECT_EQ(view.client_reference, "order 7");
  EXPECT_EQ(view.callback_url, "https://example.org/cb");
  EXPECT_EQ(view.metadata_json, R"({"a":1})");
  EXPECT_EQ(view.created_at, world.clock.wall());
  EXPECT_EQ(view.due, world.clock.wall());
  EXPECT_EQ(view.expires_at, world.clock.wall() + std::chrono::hours{1});
  EXPECT_FALSE(view.send_at);
  EXPECT_EQ(view.provider, "");
  EXPECT_EQ(view.last_error, "");
}

TEST_P(AcceptTest, IdsGrowInTheOrderOfTheCalls) {
  std::vector<model::MessageId> ids;
  for (int i = 0; i < 100; ++i) {
    world.store->accept(world.message(), world.executor,
                        [&](ports::AcceptResult result) { ids.push_back(accepted(result).id); });
  }
  world.run_until([&] { return ids.size() == 100; });
  EXPECT_TRUE(std::ranges::is_sorted(ids));
  EXPECT_EQ(std::ranges::adjacent_find(ids), ids.end());
}

TEST_P(AcceptTest, IdsGoOnAfterARestartWithASteppedClock) {
  const model::MessageId before = world.accept_ok();
  world.clock.advance(std::chrono::hours{-5});
  world.reopen();
  EXPECT_GT(world.accept_ok(), before);
}

TEST_P(AcceptTest, TellsTheSchedulerOncePerTransactionInOrder) {
  std::size_t answered = 0;
  for (int i = 0; i < 20; ++i) {
    world.store->accept(world.message(), world.executor,
                        [&](const ports::AcceptResult&) { ++answered; });
  }
  world.run_until([&] { return answered == 20; });
  world.settle();
  std::vector<model::WorkItem> items;
  for (auto& batch : world.take_waiting()) {
    EXPECT_FALSE(batch.empty());
    for (auto& item : batch) items.push_back(std::move(item));
  }
  ASSERT_EQ(items.size(), 20u);
  EXPECT_TRUE(std::ranges::is_sorted(items, {}, &model::WorkItem::id));
  const model::WorkItem& item = items.front();
  EXPECT_EQ(item.client, world.client.id);
  EXPECT_EQ(item.dispatch_class, world.any_sms);
  EXPECT_EQ(item.status, Status::kQueued);
  EXPECT_EQ(item.to, "+14155552671");
  EXPECT_EQ(item.text, "Hello");
  EXPECT_EQ(item.due, world.clock.wall());
}

TEST_P(AcceptTest, TheHintIsWhatAPageWouldSay) {
  ports::AcceptCommand command = world.message(5);
  command.message.pinned_provider = "alpha";
  command.message.metadata_json = "{}";
  command.message.parts = 2;
  world.accept_ok(command);
  const auto hints = world.take_waiting();
  ASSERT_EQ(hints.size(), 1u);
  const model::WorkItem& hint = hints.front().front();
  ports::QueueKey queue = world.queue();
  queue.dispatch_class = hint.dispatch_class;
  const ports::Page page =
      world.page({.key = queue, .after = {}, .until = world.clock.wall(), .limit = 10});
  ASSERT_EQ(page.items.size(), 1u);
  const model::WorkItem& item = page.items.front();
  EXPECT_EQ(item.id, hint.id);
  EXPECT_EQ(item.pinned, hint.pinned);
  EXPECT_EQ(item.pinned, world.alpha);
  EXPECT_EQ(item.dispatch_class, hint.dispatch_class);
  EXPECT_EQ(item.channel, hint.channel);
  EXPECT_EQ(item.lane, hint.lane);
  EXPECT_EQ(item.status, hint.status);
  EXPECT_EQ(item.in_doubt, hint.in_doubt);
  EXPECT_EQ(item.parts, hint.parts);
  EXPECT_EQ(item.due, hint.due);
  EXPECT_EQ(item.expires_at, hint.expires_at);
  EXPECT_EQ(item.to, hint.to);
  EXPECT_EQ(item.from, hint.from);
  EXPECT_EQ(item.text, hint.text);
  EXPECT_EQ(item.metadata_json, hint.metadata_json);
  EXPECT_EQ(item.attempts, 0);
  EXPECT_EQ(item.last_provider, std::nullopt);
}

TEST_P(AcceptTest, APinMakesAClassOfItsOwn) {
  ports::AcceptCommand command = world.message();
  command.message.pinned_provider = "beta";
  const model::MessageId id = world.accept_ok(command);
  EXPECT_EQ(world.view(id).pinned_provider, "beta");
  const auto hints = world.take_waiting();
  ASSERT_EQ(hints.size(), 1u);
  EXPECT_NE(hints.front().front().dispatch_class, world.any_sms);
  bool found = false;
  for (const ports::DispatchClass& entry : world.store->classes()) {
    found |= entry.pinned == world.beta && entry.channel == model::Channel::kSms;
  }
  EXPECT_TRUE(found);
}

TEST_P(AcceptTest, SendAtInTheFutureSchedules) {
  // The logical clock is two hours ahead of the real one, as after a stepped system clock.
  world.clock.real_offset = std::chrono::hours{-2};
  ports::AcceptCommand command = world.message();
  command.message.send_at = world.clock.real_wall() + std::chrono::minutes{30};
  const ports::AcceptResult result = world.accept(command);
  EXPECT_EQ(accepted(result).status, Status::kScheduled);
  const model::MessageView view = world.view(accepted(result).id);
  EXPECT_EQ(view.status, Status::kScheduled);
  EXPECT_EQ(view.due, world.clock.wall() + std::chrono::minutes{30});
  EXPECT_EQ(view.expires_at, view.due + std::chrono::hours{1});
  EXPECT_EQ(view.send_at, command.message.send_at);
  EXPECT_EQ(view.schedule_reason, model::ScheduleReason::kNone);
  const auto hints = world.take_waiting();
  ASSERT_EQ(hints.size(), 1u);
  EXPECT_EQ(hints.front().front().due, view.due);

  world.clock.advance(std::chrono::minutes{30});
  EXPECT_EQ(world.view(accepted(result).id).status, Status::kQueued);
}

TEST_P(AcceptTest, SendAtKeepsItsMomentWhenTheClockWasSet) {
  world.clock.real_offset = std::chrono::hours{-2};
  ports::AcceptCommand command = world.message();
  command.message.send_at = world.clock.real_wall() + std::chrono::hours{3};
  const model::MessageId id = accepted(world.accept(command)).id;
  EXPECT_EQ(world.view(id).due, *command.message.send_at + std::chrono::hours{2});
  world.reopen();
  EXPECT_EQ(world.view(id).due, *command.message.send_at + std::chrono::hours{2}) << "nothing new";
  world.clock.real_offset = std::chrono::hours{0};
  world.reopen();
  EXPECT_EQ(world.view(id).due, *command.message.send_at);
  EXPECT_EQ(world.view(id).expires_at, *command.message.send_at + std::chrono::hours{1});
  world.clock.real_offset = std::chrono::hours{-1};
  world.reopen();
  EXPECT_EQ(world.view(id).due, *command.message.send_at + std::chrono::hours{1});
}

TEST_P(AcceptTest, KeepsWhyItIsScheduled) {
  ports::AcceptCommand command = world.message();
  command.message.send_at = world.clock.real_wall() + std::chrono::minutes{30};
  command.message.schedule_reason = model::ScheduleReason::kQuietHours;
  const model::MessageId held = accepted(world.accept(command)).id;
  EXPECT_EQ(world.view(held).schedule_reason, model::ScheduleReason::kQuietHours);
  // Where the time is over by now, nothing is held.
  command.message.send_at = world.clock.real_wall();
  const model::MessageId due = accepted(world.accept(command)).id;
  EXPECT_EQ(world.view(due).schedule_reason, model::ScheduleReason::kNone);
}

TEST_P(AcceptTest, SendAtInThePastIsNow) {
  ports::AcceptCommand command = world.message();
  command.message.send_at = world.clock.real_wall() - std::chrono::minutes{1};
  const ports::AcceptResult result = world.accept(command);
  EXPECT_EQ(accepted(result).status, Status::kQueued);
  EXPECT_EQ(world.view(accepted(result).id).due, world.clock.wall());
}

TEST_P(AcceptTest, ReplaysTheFirstAnswer) {
  ports::AcceptCommand command = world.message(5);
  command.idempotency = key(7);
  command.message.send_at = world.clock.real_wall() + std::chrono::minutes{1};
  const ports::AcceptResult first = world.accept(command);
  world.clock.advance(std::chrono::minutes{2});
  world.take_waiting();
  const ports::AcceptResult second = world.accept(command);
  EXPECT_EQ(accepted(second).id, accepted(first).id);
  EXPECT_EQ(accepted(second).status, Status::kScheduled);
  EXPECT_TRUE(accepted(second).replayed);
  EXPECT_EQ(world.balance().held_cents, 5);
  EXPECT_EQ(world.store->depth().waiting, 1u);
  EXPECT_TRUE(world.take_waiting().empty());
}

TEST_P(AcceptTest, TwoEqualKeysInOneTransactionAreOneMessage) {
  ports::AcceptCommand command = world.message(5);
  command.idempotency = key(7);
  std::vector<ports::AcceptResult> results;
  for (int i = 0; i < 2; ++i) {
    world.store->accept(command, world.executor,
                        [&](ports::AcceptResult result) { results.push_back(std::move(result)); });
  }
  world.run_until([&] { return results.size() == 2; });
  EXPECT_FALSE(accepted(results[0]).replayed);
  EXPECT_TRUE(accepted(results[1]).replayed);
  EXPECT_EQ(accepted(results[0]).id, accepted(results[1]).id);
  EXPECT_EQ(world.balance().held_cents, 5);
}

TEST_P(AcceptTest, SameKeyWithAnotherBodyIsAMismatch) {
  ports::AcceptCommand command = world.message();
  command.idempotency = key(7, 1);
  world.accept_ok(command);
  command.idempotency = key(7, 2);
  EXPECT_TRUE(std::holds_alternative<ports::IdempotencyMismatch>(world.accept(command)));
  EXPECT_EQ(world.store->depth().waiting, 1u);
}

TEST_P(AcceptTest, ReplayOnlyRepeatsAndWritesNothingNew) {
  ports::AcceptCommand command = world.message();
  command.idempotency = key(7, 1);
  command.replay_only = true;
  EXPECT_TRUE(std::holds_alternative<ports::NotReplayed>(world.accept(command)));
  EXPECT_EQ(world.store->depth().waiting, 0u);
  command.replay_only = false;
  const model::MessageId first = world.accept_ok(command);
  command.replay_only = true;
  EXPECT_EQ(world.accept_ok(command), first);
  EXPECT_EQ(world.store->depth().waiting, 1u);
}

TEST_P(AcceptTest, AKeyIsOneClientsOwn) {
  const auto other =
      world.call<std::optional<model::Client>>([&](ports::Done<std::optional<model::Client>> done) {
        ports::DeclaredClient declared;
        declared.client.name = "other";
        world.store->add_client(declared, world.executor, std::move(done));
      });
  ports::AcceptCommand command = world.message();
  command.idempotency = key(7);
  const model::MessageId first = world.accept_ok(command);
  command.message.client = other->id;
  EXPECT_NE(world.accept_ok(command), first);
}

TEST_P(AcceptTest, AKeyIsForgottenAfterItsRetention) {
  ports::AcceptCommand command = world.message();
  command.idempotency = key(7, 1);
  const model::MessageId first = world.accept_ok(command);
  world.clock.advance(std::chrono::hours{72} - std::chrono::milliseconds{1});
  EXPECT_EQ(world.accept_ok(command), first);
  world.clock.advance(std::chrono::milliseconds{1});
  command.idempotency = key(7, 2);
  EXPECT_NE(world.accept_ok(command), first);
}

TEST_P(AcceptTest, AKeySurvivesARestart) {
  ports::AcceptCommand command = world.message();
  command.idempotency = key(7);
  const model::MessageId first = world.accept_ok(command);
  world.reopen();
  EXPECT_EQ(world.accept_ok(command), first);
}

TEST_P(AcceptTest, HoldsCredit) {
  const model::MessageId id = world.accept_ok(world.message(30));
  EXPECT_EQ(world.view(id).hold, model::HoldState::kHeld);
  EXPECT_EQ(world.view(id).cost_cents, 30);
  const model::Balance balance = world.balance();
  EXPECT_EQ(balance.granted_cents, 1'000);
  EXPECT_EQ(balance.available_cents, 970);
  EXPECT_EQ(balance.held_cents, 30);
}

TEST_P(AcceptTest, TooLittleCreditWritesNothing) {
  ports::AcceptCommand command = world.message(1'001);
  command.idempotency = key(7);
  const ports::AcceptResult refused = world.accept(command);
  ASSERT_TRUE(std::holds_alternative<ports::InsufficientCredit>(refused));
  EXPECT_EQ(std::get<ports::InsufficientCredit>(refused).required_cents, 1'001);
  EXPECT_EQ(world.balance().available_cents, 1'000);
  EXPECT_EQ(world.store->depth().waiting, 0u);
  // The key was not kept either: the client may pay and try again.
  command.message.cost_cents = 1'000;
  EXPECT_FALSE(accepted(world.accept(command)).replayed);
}

TEST_P(AcceptTest, HoldsOfTheSameTransactionCount) {
  std::vector<ports::AcceptResult> results;
  for (int i = 0; i < 5; ++i) {
    world.store->accept(world.message(300), world.executor,
                        [&](ports::AcceptResult result) { results.push_back(std::move(result)); });
  }
  world.run_until([&] { return results.size() == 5; });
  std::vector<bool> taken;
  for (const auto& result : results)
    taken.push_back(std::holds_alternative<ports::Accepted>(result));
  EXPECT_THAT(taken, ElementsAre(true, true, true, false, false));
  EXPECT_EQ(world.balance().available_cents, 100);
}

TEST_P(AcceptTest, ALaterCallerMayUseCreditReleasedInTheSameTransaction) {
  const model::MessageId id = world.accept_ok(world.message(1'000));
  std::optional<ports::AcceptResult> result;
  // The accept is called first; results run first all the same.
  world.store->accept(world.message(1'000), world.executor,
                      [&](ports::AcceptResult answer) { result = std::move(answer); });
  if (world.is_inline()) {
    world.store->cancel(std::nullopt, id, world.executor, [](const ports::CancelResult&) {});
    world.run_until([&] { return result.has_value(); });
    EXPECT_TRUE(std::holds_alternative<ports::Accepted>(*result));
  } else {
    world.run_until([&] { return result.has_value(); });
    EXPECT_TRUE(std::holds_alternative<ports::InsufficientCredit>(*result));
  }
}

class AcceptDepthTest : public StoreTest {
 protected:
  AcceptDepthTest() : StoreTest([](SqliteOptions& options) { options.max_depth = 3; }) {}
};
HG_IN_BOTH_MODES(AcceptDepthTest);

TEST_P(AcceptDepthTest, AFullQueueRefuses) {
  std::vector<ports::AcceptResult> results;
  for (int i = 0; i < 5; ++i) {
    world.store->accept(world.message(5), world.executor,
                        [&](ports::AcceptResult result) { results.push_back(std::move(result)); });
  }
  world.run_until([&] { return results.size() == 5; });
  EXPECT_TRUE(std::holds_alternative<ports::Accepted>(results[2]));
  ASSERT_TRUE(std::holds_alternative<ports::Overloaded>(results[3]));
  EXPECT_EQ(std::get<ports::Overloaded>(results[3]).reason, "queue full");
  EXPECT_GE(std::get<ports::Overloaded>(results[3]).retry_after.count(), 1);
  EXPECT_TRUE(std::holds_alternative<ports::Overloaded>(results[4]));
  EXPECT_EQ(world.balance().held_cents, 15);
}

TEST_P(AcceptDepthTest, ReplaysAreAnsweredAllTheSame) {
  ports::AcceptCommand command = world.message();
  command.idempotency = key(1);
  const model::MessageId id = world.accept_ok(command);
  world.accept_ok();
  world.accept_ok();
  EXPECT_EQ(accepted(world.accept(command)).id, id);
}

TEST_P(AcceptDepthTest, ThereIsRoomAgainAfterAMessageHasLeft) {
  const model::MessageId id = world.accept_ok();
  world.accept_ok();
  world.accept_ok();
  EXPECT_TRUE(std::holds_alternative<ports::Overloaded>(world.accept(world.message())));
  world.cancel(id);
  world.accept_ok();
}

TEST_P(AcceptDepthTest, TheDepthIsKnownAfterARestart) {
  world.accept_ok();
  world.accept_ok();
  const model::MessageId sending = world.accept_ok();
  EXPECT_TRUE(world.begin(sending));
  world.reopen(false);
  EXPECT_EQ(world.store->depth().waiting, 2u);
  EXPECT_EQ(world.store->depth().sending, 1u);
  world.accept_ok();
  EXPECT_TRUE(std::holds_alternative<ports::Overloaded>(world.accept(world.message())));
}

class CaptureAtAcceptTest : public StoreTest {
 protected:
  CaptureAtAcceptTest()
      : StoreTest([](SqliteOptions& options) { options.billing.capture_on = "accepted"; }) {}
};
HG_IN_BOTH_MODES(CaptureAtAcceptTest);

TEST_P(CaptureAtAcceptTest, ChargesAtOnceAndNeverGivesBack) {
  const model::MessageId id = world.accept_ok(world.message(40));
  EXPECT_EQ(world.view(id).hold, model::HoldState::kCaptured);
  EXPECT_EQ(world.balance().captured_cents, 40);
  world.cancel(id);
  EXPECT_EQ(world.balance().captured_cents, 40);
  EXPECT_EQ(world.balance().available_cents, 960);
}

TEST_P(CaptureAtAcceptTest, ARequeueIsChargedAnew) {
  const model::MessageId id = world.failed(40);
  EXPECT_TRUE(std::holds_alternative<ports::Requeued>(world.requeue(id)));
  EXPECT_EQ(world.balance().captured_cents, 80);
  EXPECT_EQ(world.view(id).hold, model::HoldState::kCaptured);
}

}  // namespace
}  // namespace heliograph::store
