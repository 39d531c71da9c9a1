#include "core/pipeline/ready_lines.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <vector>

namespace heliograph::pipeline {
namespace {

using model::Lane;

class ReadyLinesTest : public testing::Test {
 protected:
  WaitingQueue& queue(Lane lane, std::int64_t client, const ClassInfo& info, int jobs) {
    auto& made = *queues.emplace_back(std::make_unique<WaitingQueue>());
    made.key = {lane, model::ClientId{client}, info.id};
    made.info = &info;
    lines.adopt(made);
    for (int i = 0; i < jobs; ++i) {
      auto& job = *jobs_.emplace_back(std::make_unique<Job>());
      job.item.lane = lane;
      job.item.client = model::ClientId{client};
      job.queue = &made;
      made.ready.push_back(&job);
    }
    lines.line_up(made);
    return made;
  }
  std::vector<std::int64_t> clients(int count, const Servable& servable) {
    std::vector<std::int64_t> out;
    for (int i = 0; i < count; ++i) {
      const Job* job = lines.next(servable);
      out.push_back(job == nullptr ? 0 : static_cast<std::int64_t>(job->item.client));
    }
    return out;
  }
  const ClassInfo sms{model::ClassId{1}, model::Channel::kSms, {}, 0b01};
  const ClassInfo pinned{model::ClassId{2}, model::Channel::kSms, model::ProviderKey{2}, 0b10};
  const Servable all{.providers = ~ProviderMask{0}, .closed = {}};
  ReadyLines lines;
  std::vector<std::unique_ptr<WaitingQueue>> queues;
  std::vector<std::unique_ptr<Job>> jobs_;
};

TEST_F(ReadyLinesTest, NothingIsNothing) { EXPECT_EQ(lines.next(all), nullptr); }

TEST_F(ReadyLinesTest, LanesShareByWeight) {
  for (const Lane lane : {Lane::kBulk, Lane::kUrgent, Lane::kNormal}) queue(lane, 1, sms, 1'000);
  std::map<Lane, int> served;
  for (int i = 0; i < 130; ++i) ++served[lines.next(all)->item.lane];
  EXPECT_EQ(served[Lane::kUrgent], 80);
  EXPECT_EQ(served[Lane::kNormal], 40);
  EXPECT_EQ(served[Lane::kBulk], 10);
}

TEST_F(ReadyLinesTest, AnIdleLaneLeavesItsShareAndEarnsNoCredit) {
  queue(Lane::kBulk, 1, sms, 500);
  for (int i = 0; i < 400; ++i) ASSERT_NE(lines.next(all), nullptr);
  queue(Lane::kUrgent, 1, sms, 100);
  int urgent = 0;
  for (int i = 0; i < 90; ++i) urgent += lines.next(all)->item.lane == Lane::kUrgent ? 1 : 0;
  EXPECT_EQ(urgent, 80);
}

TEST_F(ReadyLinesTest, ClientsTakeTurns) {
  queue(Lane::kNormal, 1, sms, 100);
  queue(Lane::kNormal, 2, sms, 2);
  queue(Lane::kNormal, 3, sms, 100);
  EXPECT_EQ(clients(8, all), (std::vector<std::int64_t>{1, 2, 3, 1, 2, 3, 1, 3}));
}

TEST_F(ReadyLinesTest, AClientsClassesTakeTurnsWithinIt) {
  queue(Lane::kNormal, 1, sms, 3);
  queue(Lane::kNormal, 1, pinned, 3);
  queue(Lane::kNormal, 2, sms, 6);
  EXPECT_EQ(clients(6, all), (std::vector<std::int64_t>{1, 2, 1, 2, 1, 2}));
  EXPECT_EQ(queues[0]->ready.size() + queues[1]->ready.size(), 3u);
  EXPECT_LE(queues[0]->ready.size(), 2u);
  EXPECT_LE(queues[1]->ready.size(), 2u);
}

TEST_F(ReadyLinesTest, ABlockedClassIsPassed) {
  queue(Lane::kUrgent, 1, pinned, 10);
  queue(Lane::kBulk, 2, sms, 10);
  const Servable first_only{.providers = 0b01, .closed = {}};
  EXPECT_EQ(clients(3, first_only), (std::vector<std::int64_t>{2, 2, 2}));
  const ClassInfo* closed[] = {&sms};
  EXPECT_EQ(lines.next({.providers = 0b01, .closed = closed}), nullptr);
  EXPECT_EQ(clients(1, all), (std::vector<std::int64_t>{1}));
}

TEST_F(ReadyLinesTest, AProbeTakesAFreshMessageFirst) {
  WaitingQueue& waiting = queue(Lane::kNormal, 1, sms, 2);
  waiting.ready.front()->item.attempts = 1;
  EXPECT_EQ(lines.next({.probing = 0b01, .closed = {}}), nullptr);
  EXPECT_NE(lines.next({.probing_any = 0b01, .closed = {}}), nullptr);
  EXPECT_NE(lines.next({.probing = 0b01, .closed = {}}), nullptr);
}

TEST_F(ReadyLinesTest, AnAbandonedQueueIsForgotten) {
  WaitingQueue& gone = queue(Lane::kNormal, 1, sms, 1);
  ASSERT_NE(lines.next(all), nullptr);
  lines.abandon(gone);
  queue(Lane::kNormal, 1, sms, 1);
  EXPECT_NE(lines.next(all), nullptr);
  EXPECT_EQ(lines.next(all), nullptr);
}

}  // namespace
}  // namespace heliograph::pipeline
