#include "core/app/lifetime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace heliograph::app {
namespace {

using testing::ElementsAre;

class LifetimeTest : public testing::Test {
 protected:
  Lifetime::Part part(const std::string& name) {
    return {name, [this, name] { events_.push_back("start " + name); },
            [this, name] { events_.push_back("stop " + name); }};
  }

  std::vector<std::string> events_;
  std::vector<std::string> reports_;
  Lifetime lifetime_{[this](const std::string& name, const std::string& what) {
    reports_.push_back(name + ": " + what);
  }};
};

TEST_F(LifetimeTest, StartsForwardAndStopsBackward) {
  lifetime_.add(part("a"));
  lifetime_.add(part("b"));
  lifetime_.start();
  lifetime_.stop();
  lifetime_.stop();
  EXPECT_THAT(events_, ElementsAre("start a", "start b", "stop b", "stop a"));
}

TEST_F(LifetimeTest, StopsWhatWasStartedWhenOneFails) {
  lifetime_.add(part("a"));
  lifetime_.add(
      {"b", [] { throw std::runtime_error("no"); }, [this] { events_.push_back("stop b"); }});
  EXPECT_THROW(lifetime_.start(), std::runtime_error);
  EXPECT_THAT(events_, ElementsAre("start a", "stop a"));
}

TEST_F(LifetimeTest, APartThatFailsToStopHoldsUpNobody) {
  lifetime_.add(part("a"));
  lifetime_.add({"b", {}, [] { throw std::runtime_error("stuck"); }});
  lifetime_.start();
  lifetime_.stop();
  EXPECT_THAT(events_, ElementsAre("start a", "stop a"));
  EXPECT_THAT(reports_, ElementsAre("b: stuck"));
}

}  // namespace
}  // namespace heliograph::app
