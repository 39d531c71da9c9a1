// Dispatch classes of routing rules: stable over restarts, whatever becomes of the rules.
#include <gtest/gtest.h>

#include "tests/unit/store/world.h"

namespace heliograph::store {
namespace {

class RoutesTest : public StoreTest {};
HG_IN_BOTH_MODES(RoutesTest);

TEST_P(RoutesTest, AClassIsARulesNameAndKeepsItsNumber) {
  world.close(true);
  world.open();
  const auto plain = world.store->intern_class(model::Channel::kSms, std::nullopt);
  const auto west = world.store->intern_class(model::Channel::kSms, std::nullopt, "west");
  const auto mails = world.store->intern_class(model::Channel::kEmail, std::nullopt, "west");
  EXPECT_NE(plain, west);
  EXPECT_NE(west, mails);
  world.close(true);
  world.open();
  // Asked for in another order, among others.
  world.store->intern_class(model::Channel::kSms, std::nullopt, "east");
  EXPECT_EQ(world.store->intern_class(model::Channel::kSms, std::nullopt, "west"), west);
  EXPECT_EQ(world.store->intern_class(model::Channel::kSms, std::nullopt), plain);
  std::string name;
  for (const ports::DispatchClass& entry : world.store->classes()) {
    if (entry.id == west) name = entry.route;
  }
  EXPECT_EQ(name, "west");
  EXPECT_EQ(world.store->client_names().at(world.client.id), "acme");
  world.start();
}

TEST_P(RoutesTest, AMessageWaitsInItsRulesClass) {
  ports::AcceptCommand command = world.message();
  command.message.route = "west";
  world.accept_ok(command);
  const auto hints = world.take_waiting();
  ASSERT_EQ(hints.size(), 1u);
  const auto id = hints.front().front().dispatch_class;
  EXPECT_NE(id, world.any_sms);
  for (const ports::DispatchClass& entry : world.store->classes()) {
    if (entry.id == id) {
      EXPECT_EQ(entry.route, "west");
    }
  }
}

}  // namespace
}  // namespace heliograph::store
