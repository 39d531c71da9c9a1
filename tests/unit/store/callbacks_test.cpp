// Callbacks in the store: which changes of which messages leave a delivery, what becomes of it, and
// that it is there exactly when the change is.
#include <gmock/gmock.h>

#include <algorithm>

#include "core/ports/store_callbacks.h"
#include "tests/unit/store/world.h"

namespace heliograph::store {
namespace {

using model::CallbackEvent;
using model::CallbackState;
using model::Status;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class HeardEvents final : public ports::CallbackEvents {
 public:
  void on_callbacks_due(std::vector<std::int64_t> endpoints) override {
    const std::scoped_lock lock(mutex_);
    heard_.insert(heard_.end(), endpoints.begin(), endpoints.end());
    changed_.notify_all();
  }
  // The next ones: they come right after the answer to the call that caused them.
  std::vector<std::int64_t> wait() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kPatience, [this] { return !heard_.empty(); });
    return std::exchange(heard_, {});
  }
  std::vector<std::int64_t> take() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(heard_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::int64_t> heard_;
};

class CallbacksTest : public StoreTest {
 protected:
  CallbacksTest() { world.store->watch_callbacks(heard); }
  ~CallbacksTest() override { world.close(true); }
  void TearDown() override {
    EXPECT_THAT(world.store->check(), IsEmpty());
    StoreTest::TearDown();
  }

  model::CallbackEndpoint create(model::CallbackEvents events = model::kAllCallbackEvents,
                                 const std::string& url = "https://app.example/hooks") {
    ports::NewCallbackEndpoint made;
    made.client = world.client.id;
    made.url = url;
    made.events = events;
    made.secret = std::string(32, 's');
    auto result = world.call<ports::CreateCallbackResult>(
        [&](auto done) { world.store->create_callback(made, world.executor, std::move(done)); });
    return std::get<model::CallbackEndpoint>(std::move(result));
  }
  std::optional<model::CallbackEndpoint> update(model::CallbackId id,
                                                const ports::CallbackChanges& changes) {
    return world.call<std::optional<model::CallbackEndpoint>>([&](auto done) {
      world.store->update_callback(world.client.id, id, changes, world.executor, std::move(done));
    });
  }
  std::vector<model::CallbackEndpoint> endpoints() {
    auto list = world.call<ports::CallbackEndpointList>([&](auto done) {
      world.store->list_callbacks(world.client.id, 0, 100, world.executor, std::move(done));
    });
    return list.endpoints;
  }
  ports::CallbackDeliveryList list(const ports::CallbackDeliveryFilter& filter) {
    auto found = world.call<std::optional<ports::CallbackDeliveryList>>([&](auto done) {
      world.store->list_callback_deliveries(filter, world.executor, std::move(done));
    });
    EXPECT_TRUE(found.has_value());
    return found.value_or(ports::CallbackDeliveryList{});
  }
  // Oldest first.
  std::vector<model::CallbackDelivery> deliveries(model::CallbackId endpoint) {
    auto found = list({.client = world.client.id, .endpoint = endpoint, .state = {}});
    std::ranges::reverse(found.deliveries);
    return found.deliveries;
  }
  std::vector<CallbackEvent> told(model::CallbackId endpoint) {
    std::vector<CallbackEvent> events;
    for (const auto& delivery : deliveries(endpoint)) events.push_back(delivery.event);
    return events;
  }
  ports::CallbackPage due(model::CallbackId endpoint, std::size_t limit = 10) {
    return world.call<ports::CallbackPage>([&](auto done) {
      world.store->callbacks_due(endpoint.row(), world.clock.wall(), limit, world.executor,
                                 std::move(done));
    });
  }
  void finish(const ports::CallbackResult& result, std::vector<std::int64_t> gone = {}) {
    world.call<bool>([&](auto done) {
      world.store->finish_callbacks({result}, gone, world.executor, std::move(done));
    });
  }
  ports::CallbackResult result(model::CallbackId id, CallbackState state, int code,
                               std::chrono::milliseconds later = {}) {
    ports::CallbackResult made;
    made.id = id;
    made.state = state;
    made.status_code = code;
    made.at = world.clock.wall();
    made.due = made.at + later;
    return made;
  }
  ports::ReplayResult replay(model::CallbackId endpoint, model::CallbackId delivery) {
    return world.call<ports::ReplayResult>([&](auto done) {
      world.store->replay_callback(world.client.id, endpoint, delivery, world.executor,
                                   std::move(done));
    });
  }
  model::MessageId sent_with_url(const std::string& provider_id, const std::string& url) {
    ports::AcceptCommand command = world.message();
    command.message.callback_url = url;
    const model::MessageId id = world.accept_ok(command);
    EXPECT_TRUE(world.begin(id));
    ports::FinishAttempt outcome = world.outcome(id, model::Outcome::kSent, Status::kSent);
    outcome.result.provider_message_id = provider_id;
    EXPECT_TRUE(world.finish(outcome).applied);
    return id;
  }

  HeardEvents heard;
};
HG_IN_BOTH_MODES(CallbacksTest);

TEST_P(CallbacksTest, NobodyToTellMeansNoRow) {
  world.sent("p-1");
  world.failed();
  EXPECT_THAT(endpoints(), IsEmpty());
  EXPECT_THAT(heard.take(), IsEmpty());
  EXPECT_THAT(world.store->callback_heads(), IsEmpty());
}

TEST_P(CallbacksTest, EveryEndOfAMessageIsTold) {
  const auto endpoint = create();
  world.sent("p-1");
  EXPECT_EQ(world.receipt(world.receipt_of("p-1", model::ReceiptState::kDelivered)),
            ports::ReceiptOutcome::kApplied);
  world.failed();
  world.cancel(world.accept_ok());
  ports::AcceptCommand brief = world.message();
  brief.message.validity = std::chrono::seconds{1};
  const model::MessageId late = world.accept_ok(brief);
  world.clock.advance(std::chrono::seconds{2});
  EXPECT_EQ(world.expire({late}), 1u);
  EXPECT_THAT(told(endpoint.id),
              ElementsAre(CallbackEvent::kSent, CallbackEvent::kDelivered, CallbackEvent::kFailed,
                          CallbackEvent::kCancelled, CallbackEvent::kExpired));
  EXPECT_THAT(heard.take(), testing::Each(endpoint.id.row()));
}

TEST_P(CallbacksTest, AnEarlyReceiptIsToldAfterTheSend) {
  const auto endpoint = create();
  world.receipt(world.receipt_of("p-1", model::ReceiptState::kDelivered));
  world.sent("p-1");
  EXPECT_THAT(told(endpoint.id), ElementsAre(CallbackEvent::kSent, CallbackEvent::kDelivered));
}

TEST_P(CallbacksTest, OnlyWhatAnEndpointWants) {
  const auto endpoint = create(static_cast<model::CallbackEvents>(CallbackEvent::kDelivered));
  world.sent("p-1");
  EXPECT_THAT(told(endpoint.id), IsEmpty());
  world.receipt(world.receipt_of("p-1", model::ReceiptState::kDelivered));
  EXPECT_THAT(told(endpoint.id), ElementsAre(CallbackEvent::kDelivered));
}

TEST_P(CallbacksTest, TheBodySaysWhatHappened) {
  const auto endpoint = create();
  ports::AcceptCommand command = world.message(12);
  command.message.client_reference = "order \"7\"";
  command.message.metadata_json = R"({"a":"b"})";
  const model::MessageId id = world.accept_ok(command);
  world.begin(id);
  ports::FinishAttempt outcome = world.outcome(id, model::Outcome::kRejected, Status::kFailedPerm);
  outcome.reason = model::FailReason::kRejected;
  outcome.hold = model::HoldAction::kRelease;
  outcome.result.detail = "blocked";
  world.finish(outcome);
  const auto page = due(endpoint.id);
  ASSERT_EQ(page.jobs.size(), 1u);
  const std::string& body = page.jobs[0].body;
  EXPECT_THAT(body, testing::StartsWith(R"({"type":"message.failed","timestamp":")"));
  EXPECT_THAT(body, HasSubstr(R"("data":{"message_id":")" + id.to_string() + "\""));
  EXPECT_THAT(body, HasSubstr(R"("status":"FAILED_PERM","reason":"rejected","channel":"sms")"));
  EXPECT_THAT(body, HasSubstr(R"("client_reference":"order \"7\"","provider":"alpha")"));
  EXPECT_THAT(body, HasSubstr(R"("error":"blocked","attempts":1,"parts":1,"cost_cents":12)"));
  EXPECT_THAT(body, HasSubstr(R"("metadata":{"a":"b"}}})"));
}

TEST_P(CallbacksTest, WhatWasToldOfAMessageIsFoundWhereItChanged) {
  const auto endpoint = create(model::kAllCallbackEvents, "https://other.example/hooks");
  const model::MessageId id = sent_with_url("p-1", "https://app.example/dlr?order=1");
  const model::TimePoint sent = world.clock.wall();
  sent_with_url("p-2", "https://app.example/dlr?order=2");
  world.clock.advance(std::chrono::hours(1));
  world.receipt(world.receipt_of("p-1", model::ReceiptState::kDelivered));
  const auto found = [&](const std::vector<model::TimePoint>& moments) {
    const auto all = world.call<std::vector<model::CallbackDelivery>>([&](auto done) {
      world.store->message_callbacks(id, moments, world.executor, std::move(done));
    });
    std::vector<std::pair<CallbackEvent, std::string>> seen;
    for (const auto& one : all) seen.emplace_back(one.event, one.url);
    return seen;
  };
  const std::string own = "https://app.example/dlr?order=1";
  using enum CallbackEvent;
  EXPECT_THAT(
      found({world.clock.wall(), sent, sent}),
      UnorderedElementsAre(std::pair(kSent, endpoint.url), std::pair(kSent, own),
                           std::pair(kDelivered, endpoint.url), std::pair(kDelivered, own)));
  EXPECT_THAT(found({sent}), testing::SizeIs(2));
  EXPECT_THAT(found({}), IsEmpty());
}

TEST_P(CallbacksTest, ACallbackUrlBecomesAnEndpointWithTheClientsSecret) {
  sent_with_url("p-1", "https://app.example/dlr?order=1");
  sent_with_url("p-2", "https://app.example/dlr?order=2");
  sent_with_url("p-3", "https://other.example/dlr");
  const auto made = endpoints();
  ASSERT_EQ(made.size(), 2u);
  EXPECT_EQ(made[1].url, "https://app.example/dlr");
  EXPECT_TRUE(made[1].implicit);
  EXPECT_EQ(made[1].secrets.current.size(), 32u);
  EXPECT_EQ(made[0].secrets.current, made[1].secrets.current);
  const auto page = due(made[1].id);
  ASSERT_EQ(page.jobs.size(), 2u);
  EXPECT_EQ(page.jobs[0].url, "https://app.example/dlr?order=1");
  EXPECT_EQ(page.jobs[1].url, "https://app.example/dlr?order=2");
  EXPECT_EQ(due(made[0].id).jobs.at(0).url, "");
  const auto secret = world.call<model::CallbackSecrets>([&](auto done) {
    world.store->callback_url_secret(world.client.id, world.executor, std::move(done));
  });
  EXPECT_EQ(secret.current, made[0].secrets.current);
}

TEST_P(CallbacksTest, AUrlThatIsRegisteredTooIsToldOnce) {
  const auto endpoint = create();
  sent_with_url("p-1", endpoint.url);
  EXPECT_EQ(endpoints().size(), 1u);
  EXPECT_EQ(told(endpoint.id).size(), 1u);
}

TEST_P(CallbacksTest, RotationKeepsThePreviousSecretForAWhile) {
  const auto endpoint = create();
  const auto until = world.clock.wall() + std::chrono::hours{24};
  const auto rotated = world.call<std::optional<model::CallbackEndpoint>>([&](auto done) {
    world.store->rotate_callback_secret(world.client.id, endpoint.id, std::string(32, 'n'), until,
                                        world.executor, std::move(done));
  });
  ASSERT_TRUE(rotated);
  EXPECT_EQ(rotated->secrets.current, std::string(32, 'n'));
  EXPECT_EQ(rotated->secrets.previous, std::string(32, 's'));
  EXPECT_EQ(rotated->secrets.previous_until, until);
}

TEST_P(CallbacksTest, AttemptsAreCountedAndAFailureEndsInTheDeadLetters) {
  const auto endpoint = create();
  world.sent("p-1");
  const model::CallbackId id = due(endpoint.id).jobs.at(0).id;
  finish(result(id, CallbackState::kPending, 500, std::chrono::seconds{5}));
  EXPECT_THAT(due(endpoint.id).jobs, IsEmpty());
  EXPECT_EQ(due(endpoint.id).next_due, world.clock.wall() + std::chrono::seconds{5});
  world.clock.advance(std::chrono::seconds{5});
  const auto again = due(endpoint.id);
  ASSERT_EQ(again.jobs.size(), 1u);
  EXPECT_EQ(again.jobs[0].attempts, 1);
  auto last = result(id, CallbackState::kFailed, 500);
  last.error = "the receiver answered 500";
  finish(last);
  const auto failed =
      list({.client = world.client.id, .endpoint = endpoint.id, .state = CallbackState::kFailed});
  ASSERT_EQ(failed.deliveries.size(), 1u);
  EXPECT_EQ(failed.deliveries[0].attempts, 2);
  EXPECT_EQ(failed.deliveries[0].status_code, 500);
  EXPECT_EQ(failed.deliveries[0].error, "the receiver answered 500");
  EXPECT_THAT(world.store->callback_heads(), IsEmpty());
}

TEST_P(CallbacksTest, ALateResultChangesNothing) {
  const auto endpoint = create();
  world.sent("p-1");
  const model::CallbackId id = due(endpoint.id).jobs.at(0).id;
  finish(result(id, CallbackState::kDelivered, 204));
  finish(result(id, CallbackState::kFailed, 500));
  EXPECT_EQ(deliveries(endpoint.id).at(0).state, CallbackState::kDelivered);
  EXPECT_EQ(deliveries(endpoint.id).at(0).attempts, 1);
}

TEST_P(CallbacksTest, ReplaysKeepTheId) {
  const auto endpoint = create();
  world.sent("p-1");
  world.sent("p-2");
  const auto page = due(endpoint.id);
  EXPECT_EQ(replay(endpoint.id, page.jobs[0].id), ports::ReplayResult::kPending);
  for (const auto& job : page.jobs) finish(result(job.id, CallbackState::kFailed, 500));
  heard.take();  // of the sends, which were told before they could be read
  EXPECT_EQ(replay(endpoint.id, page.jobs[0].id), ports::ReplayResult::kQueued);
  EXPECT_THAT(heard.wait(), ElementsAre(endpoint.id.row()));
  EXPECT_EQ(due(endpoint.id).jobs.at(0).id, page.jobs[0].id);
  EXPECT_EQ(due(endpoint.id).jobs.at(0).attempts, 0);
  const auto bulk = world.call<std::optional<ports::BulkReplayResult>>([&](auto done) {
    world.store->replay_failed_callbacks(world.client.id, endpoint.id, 10, world.executor,
                                         std::move(done));
  });
  EXPECT_EQ(bulk.value().replayed, 1u);
  EXPECT_FALSE(bulk.value().more);
  const auto stranger = model::CallbackId::from_parts(page.jobs[0].id.row(), 1);
  EXPECT_EQ(replay(endpoint.id, stranger), ports::ReplayResult::kNotFound);
}

TEST_P(CallbacksTest, AnEndpointThatIsGoneIsDisabledAndHearsNothingMore) {
  const auto endpoint = create();
  world.sent("p-1");
  const model::CallbackId id = due(endpoint.id).jobs.at(0).id;
  finish(result(id, CallbackState::kFailed, 410), {endpoint.id.row()});
  world.sent("p-2");
  EXPECT_EQ(told(endpoint.id).size(), 1u);
  EXPECT_FALSE(endpoints().at(0).enabled);
  EXPECT_THAT(endpoints().at(0).disabled_reason, HasSubstr("410"));
  const auto enabled =
      update(endpoint.id, {.url = {}, .description = {}, .events = {}, .enabled = true});
  EXPECT_EQ(enabled.value().disabled_reason, "");
  world.sent("p-3");
  EXPECT_EQ(told(endpoint.id).size(), 2u);
}

TEST_P(CallbacksTest, AnotherClientSeesNothing) {
  const auto endpoint = create();
  const auto stranger = static_cast<model::ClientId>(4711);
  const auto found = world.call<std::optional<model::CallbackEndpoint>>([&](auto done) {
    world.store->find_callback(stranger, endpoint.id, world.executor, std::move(done));
  });
  EXPECT_FALSE(found.has_value());
  const bool removed = world.call<bool>([&](auto done) {
    world.store->remove_callback(stranger, endpoint.id, world.executor, std::move(done));
  });
  EXPECT_FALSE(removed);
}

TEST_P(CallbacksTest, EndpointsAreLimitedInNumber) {
  for (std::size_t i = 0; i < ports::kCallbackEndpointsMax; ++i) create();
  EXPECT_THROW(create(), std::bad_variant_access);
}

TEST_P(CallbacksTest, WhatIsPendingIsFoundAfterARestart) {
  const auto endpoint = create();
  world.sent("p-1");
  world.close(true);
  world.open();
  const auto heads = world.store->callback_heads();
  ASSERT_EQ(heads.size(), 1u);
  EXPECT_EQ(heads[0].endpoint, endpoint.id.row());
  EXPECT_EQ(heads[0].first_due, world.clock.wall());
  world.start();
  world.sent("p-2");  // the writer's view was read again
  EXPECT_EQ(told(endpoint.id).size(), 2u);
}

TEST_P(CallbacksTest, RetentionErasesWhatIsDoneAndWhatWasRemoved) {
  const auto endpoint = create();
  world.sent("p-1");
  sent_with_url("p-2", "https://app.example/dlr");
  const auto made = endpoints();
  ASSERT_EQ(made.size(), 2u);
  for (const auto& one : made) {
    for (const auto& job : due(one.id).jobs) finish(result(job.id, CallbackState::kDelivered, 200));
  }
  world.sent("p-3");  // stays pending
  world.clock.advance(std::chrono::hours{24 * 31});
  for (int i = 0; i < 20; ++i) world.erase(2);
  const auto left = endpoints();
  ASSERT_EQ(left.size(), 1u);  // the one of the callback_url has nothing left
  EXPECT_EQ(left[0].id, endpoint.id);
  EXPECT_EQ(told(endpoint.id).size(), 1u);
  const bool removed = world.call<bool>([&](auto done) {
    world.store->remove_callback(world.client.id, endpoint.id, world.executor, std::move(done));
  });
  EXPECT_TRUE(removed);
  EXPECT_THAT(endpoints(), IsEmpty());
  for (int i = 0; i < 20; ++i) world.erase(2);
  EXPECT_THAT(world.store->callback_heads(), IsEmpty());
}

}  // namespace
}  // namespace heliograph::store
