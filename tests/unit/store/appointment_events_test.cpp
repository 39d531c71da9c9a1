// The history of a message with `send_at`, which is a time of the system's clock, while all others
// are of the logical one: told in order, whatever the two differ by.
#include <gmock/gmock.h>

#include "tests/unit/store/world.h"

namespace heliograph::store {
namespace {

using model::Outcome;
using model::Status;
using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

class AppointmentEvents : public testing::TestWithParam<days> {
 protected:
  AppointmentEvents() {
    world.clock.real_offset = GetParam();
    ports::AcceptCommand command = world.message();
    command.message.send_at = world.clock.real_wall() + seconds{5};
    id = world.accept_ok(command);
  }

  // An attempt that has taken a second.
  void finish(Outcome outcome, Status status, int number) {
    ports::FinishAttempt command = world.outcome(id, outcome, status, number);
    command.started_at = world.clock.wall() - seconds{1};
    EXPECT_TRUE(world.finish(command).applied);
  }

  // Seconds since the acceptance, and what the message came to.
  std::vector<std::string> told() {
    using Answer = std::optional<std::vector<model::EventView>>;
    const Answer answer = world.call<Answer>([&](ports::Done<Answer> done) {
      world.store->events(std::nullopt, id, world.executor, std::move(done));
    });
    std::vector<std::string> lines;
    for (const model::EventView& event : answer.value()) {
      const milliseconds since = event.at - id.created_at();
      lines.push_back(std::to_string(since.count() / 1'000) + " " + event.status);
    }
    return lines;
  }
  // Without a difference it is the moment that was asked for; else one that is in order.
  std::string due(int latest) const {
    const int at = GetParam() == days{0} ? 5 : GetParam() < days{0} ? 0 : latest;
    return std::to_string(at) + " QUEUED";
  }

  World world{Threading::kInline};
  model::MessageId id;
};

TEST_P(AppointmentEvents, OfOneThatIsSent) {
  EXPECT_THAT(told(), ElementsAre("0 SCHEDULED"));
  world.clock.advance(seconds{6});
  EXPECT_THAT(told(), ElementsAre("0 SCHEDULED", "5 QUEUED"));
  ASSERT_TRUE(world.begin(id));
  EXPECT_THAT(told(), ElementsAre("0 SCHEDULED", due(6), "6 SENDING"));
  world.clock.advance(seconds{1});
  finish(Outcome::kRetry, Status::kFailedTemp, 1);
  ASSERT_TRUE(world.begin(id, 1));
  world.clock.advance(seconds{1});
  finish(Outcome::kRejected, Status::kFailedPerm, 2);
  const std::vector<std::string> story{"0 SCHEDULED",   due(6),      "6 SENDING",
                                       "7 FAILED_TEMP", "7 SENDING", "8 FAILED_PERM"};
  EXPECT_EQ(told(), story);
  world.clock.advance(seconds{1});
  world.requeue(id);
  std::vector<std::string> longer = story;
  longer.emplace_back("9 QUEUED");
  EXPECT_EQ(told(), longer);
}

TEST_P(AppointmentEvents, OfOneThatIsCancelledBeforeItIsDue) {
  world.clock.advance(seconds{4});
  world.cancel(id);
  world.clock.advance(seconds{9});
  EXPECT_THAT(told(), ElementsAre("0 SCHEDULED", "4 CANCELLED"));
}

TEST_P(AppointmentEvents, OfOneThatIsCancelledAfterwards) {
  world.clock.advance(seconds{9});
  world.cancel(id);
  EXPECT_THAT(told(), ElementsAre("0 SCHEDULED", due(9), "9 CANCELLED"));
}

TEST_P(AppointmentEvents, OfOneThatWasNotTried) {
  world.clock.advance(seconds{6});
  ASSERT_TRUE(world.begin(id));
  world.clock.advance(seconds{1});
  ASSERT_TRUE(world.finish(world.outcome(id, Outcome::kNotTried, Status::kQueued)).applied);
  EXPECT_THAT(told(), ElementsAre("0 SCHEDULED", due(7)));
}

TEST_P(AppointmentEvents, OfOneThatExpires) {
  world.clock.advance(days{30});
  world.expire({id});
  const std::vector<std::string> lines = told();
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_TRUE(lines.at(1).ends_with(" QUEUED")) << lines.at(1);
  EXPECT_EQ(lines.at(2), std::to_string(30 * 86'400) + " EXPIRED");
}

std::string name(const testing::TestParamInfo<days>& info) {
  if (info.param == days{0}) return "Alike";
  return info.param < days{0} ? "SystemBehind" : "SystemAhead";
}
INSTANTIATE_TEST_SUITE_P(Clocks, AppointmentEvents, testing::Values(days{-1}, days{0}, days{1}),
                         name);

}  // namespace
}  // namespace heliograph::store
