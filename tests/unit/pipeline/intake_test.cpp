// The order of checks every way in shares: limits, idempotency in flight, store.
#include "core/pipeline/intake.h"

#include <gtest/gtest.h>

#include "tests/support/memory_store.h"
#include "tests/support/virtual_time.h"

namespace heliograph::pipeline {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

// Answers accepts as it is told, and keeps those that are to stay unanswered.
class ScriptedStore final : public test::MemoryStore {
 public:
  using MemoryStore::MemoryStore;
  ports::AcceptResult next = ports::Accepted{};
  int asked = 0;
  ports::Done<ports::AcceptResult> held;
  ports::AcceptCommand last;
  void accept(ports::AcceptCommand command, ports::Executor&,
              ports::Done<ports::AcceptResult> done) override {
    ++asked;
    last = std::move(command);
    held = std::move(done);
  }
  void answer() { std::exchange(held, {})(next); }
};

config::Limits limits_of(std::optional<config::Limit> total,
                         std::optional<config::ClientRate> each = {}) {
  config::Limits out;
  out.total = std::move(total);
  out.client = each;
  return out;
}

class IntakeTest : public testing::Test {
 protected:
  IntakeTest() { client.id = model::ClientId{1}; }
  void make(config::Limits limits) {
    IntakeSettings settings;
    settings.limits = std::move(limits);
    intake = std::make_unique<Intake>(settings, clock, store);
  }
  void accept(std::optional<ports::IdempotencyKey> key = {}, bool skip = false) {
    result.reset();
    intake->accept(client, {}, key, {.skip_client_limit = skip}, &state, loop,
                   [this](IntakeResult given) { result = std::move(given); });
    EXPECT_FALSE(result) << "never from inside the call";
    loop.run_for(std::chrono::nanoseconds{1});
  }
  void accept_and_answer() {
    accept();
    if (store.held) store.answer();
  }
  template <class T>
  bool is() const {
    return result && std::holds_alternative<T>(*result);
  }
  test::VirtualClock clock;
  test::VirtualLoop loop{clock, 1};
  ScriptedStore store{clock};
  std::unique_ptr<Intake> intake;
  model::Client client;
  LimitState state;
  std::optional<IntakeResult> result;
};

TEST_F(IntakeTest, HandsTheMessageToTheStore) {
  make({});
  accept_and_answer();
  ASSERT_TRUE(is<ports::AcceptResult>());
  EXPECT_TRUE(std::holds_alternative<ports::Accepted>(std::get<ports::AcceptResult>(*result)));
}

TEST_F(IntakeTest, AboveTheLimitTheStoreIsNotAsked) {
  make(limits_of(config::Limit{.limit = 2, .window = seconds{10}}));
  accept_and_answer();
  accept_and_answer();
  accept();
  EXPECT_TRUE(is<RateLimited>());
  EXPECT_EQ(store.asked, 2);
  EXPECT_EQ(state.policy, "total");
}

TEST_F(IntakeTest, NewSettingsLeaveTheMetersAndEarlierAnswersAlone) {
  const auto limits = limits_of(config::Limit{.limit = 1, .window = seconds{10}});
  const auto priced = [&](std::int64_t cents) {
    IntakeSettings settings;
    settings.limits = limits;
    settings.prices = model::PriceTable({{.client = "", .prefix = "+1", .cents = cents}});
    return settings;
  };
  client.billing = true;
  intake = std::make_unique<Intake>(priced(3), clock, store);
  accept_and_answer();
  const auto before = intake->price(client, model::Channel::kSms, "+14155552671");
  intake->apply(priced(4));
  const auto after = intake->price(client, model::Channel::kSms, "+14155552671");
  ASSERT_TRUE(before && after);
  EXPECT_EQ(before->quote.rule->cents, 3) << "its rule is still there";
  EXPECT_EQ(after->quote.cents, 4);
  accept();
  EXPECT_TRUE(is<RateLimited>()) << "a reload is no second quota";
}

TEST_F(IntakeTest, AboveTheLimitAKeyIsOnlyReplayed) {
  make(limits_of(config::Limit{.limit = 1, .window = seconds{10}}));
  accept_and_answer();
  const ports::IdempotencyKey key{.key_hash = {1}, .fingerprint = {2}};
  ports::Accepted earlier;
  earlier.replayed = true;
  store.next = earlier;
  accept(key);
  store.answer();
  EXPECT_TRUE(is<ports::AcceptResult>());
  EXPECT_TRUE(store.last.replay_only);
  store.next = ports::NotReplayed{};
  accept(key);
  store.answer();
  EXPECT_TRUE(is<RateLimited>());
}

TEST_F(IntakeTest, OnlyWhatIsAcceptedNowCounts) {
  make(limits_of(config::Limit{.limit = 1, .window = seconds{10}}));
  ports::Accepted replayed;
  replayed.replayed = true;
  const ports::AcceptResult uncounted[] = {replayed, ports::IdempotencyMismatch{},
                                           ports::InsufficientCredit{},
                                           ports::Overloaded{.reason = "disk full"}};
  for (const auto& answer : uncounted) {
    store.next = answer;
    accept_and_answer();
    EXPECT_TRUE(is<ports::AcceptResult>());
  }
  store.next = ports::Accepted{};
  accept_and_answer();
  EXPECT_TRUE(is<ports::AcceptResult>());
  accept();
  EXPECT_TRUE(is<RateLimited>());
}

TEST_F(IntakeTest, ASecondRequestWithAKeyInFlightIsRefused) {
  make(limits_of(config::Limit{.limit = 2, .window = seconds{10}}));
  const ports::IdempotencyKey key{.key_hash = {1}, .fingerprint = {2}};
  accept(key);
  auto first = std::exchange(store.held, {});
  accept(key);
  EXPECT_TRUE(is<IdempotencyInFlight>());
  EXPECT_EQ(store.asked, 1);
  first(ports::Accepted{});
  accept(key);
  store.answer();
  EXPECT_TRUE(is<ports::AcceptResult>())
      << "answered: the store decides now; and 409s do not count";
}

TEST_F(IntakeTest, AnAcceptTheStoreDropsFreesItsKey) {
  make({});
  const ports::IdempotencyKey key{.key_hash = {1}, .fingerprint = {2}};
  accept(key);
  store.held = {};
  accept(key);
  EXPECT_EQ(store.asked, 2);
}

TEST_F(IntakeTest, FacadesSkipTheClientsLimit) {
  make(limits_of({}, config::ClientRate{.rate = 0.001, .burst = 1}));
  accept_and_answer();
  accept();
  EXPECT_TRUE(is<RateLimited>());
  accept({}, true);
  store.answer();
  EXPECT_TRUE(is<ports::AcceptResult>());
}

TEST_F(IntakeTest, JudgesByTheRealWallClock) {
  make({});
  clock.step_real_wall(hours{5});
  Submission given;
  given.to = "+14155552671";
  given.from = "TEST";
  given.text = "x";
  given.send_at = clock.wall() + hours{2};
  const auto verdict = intake->judge(client, given);
  ASSERT_TRUE(verdict);
  EXPECT_FALSE(verdict->send_at) << "two hours ago, people would say";
}

}  // namespace
}  // namespace heliograph::pipeline
