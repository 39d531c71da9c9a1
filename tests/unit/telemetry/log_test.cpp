#include "core/telemetry/log.h"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>

namespace heliograph::telemetry {
namespace {

constexpr std::array<ports::LogField, 3> kFields = {
    {{"provider", "p1"}, {"reason", "70 % \"failed\"\nnow"}, {"empty", ""}}};

TEST(LogFormat, ConsoleQuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(format_fields_console("circuit opened", kFields.data(), kFields.size()),
            R"(circuit opened provider=p1 reason="70 % \"failed\"\nnow" empty="")");
}

TEST(LogFormat, JsonIsOneLineOfMembers) {
  EXPECT_EQ(
      format_fields_json("circuit opened", kFields.data(), kFields.size()),
      R"("event":"circuit opened","provider":"p1","reason":"70 % \"failed\"\nnow","empty":"")");
}

TEST(Log, LevelsFilter) {
  const auto log = make_log({.level = "warn"});
  EXPECT_FALSE(log->enabled(ports::LogLevel::kInfo));
  EXPECT_TRUE(log->enabled(ports::LogLevel::kWarn));
}

TEST(Log, TheLevelChangesWhileItWrites) {
  const auto log = make_log({.level = "warn"});
  log->set_level("debug");
  EXPECT_TRUE(log->enabled(ports::LogLevel::kDebug));
  EXPECT_THROW(log->set_level("loud"), std::invalid_argument);
  EXPECT_TRUE(log->enabled(ports::LogLevel::kDebug));
}

TEST(Log, WritesToStandardErrorBeforeItEnds) {
  testing::internal::CaptureStderr();
  make_log({.level = "info", .format = "json"})->info("started", {{"port", "8080"}});
  const auto line = testing::internal::GetCapturedStderr();
  EXPECT_NE(line.find(R"("level":"info","event":"started","port":"8080"})"), std::string::npos)
      << line;
}

TEST(Log, ItsLevelChangesWhileItRuns) {
  const auto log = make_log({.level = "info"});
  EXPECT_EQ(log->level(), ports::LogLevel::kInfo);
  for (const auto level : {ports::LogLevel::kTrace, ports::LogLevel::kDebug, ports::LogLevel::kInfo,
                           ports::LogLevel::kWarn, ports::LogLevel::kError}) {
    log->set_level(level);
    EXPECT_EQ(log->level(), level);
    EXPECT_TRUE(log->enabled(level));
  }
  EXPECT_FALSE(log->enabled(ports::LogLevel::kWarn));
}

TEST(LogFormat, JsonIsValidWhateverTheBytes) {
  const std::array<ports::LogField, 1> fields = {{{"detail", "bad \xff byte"}}};
  EXPECT_EQ(format_fields_json("e", fields.data(), fields.size()),
            "\"event\":\"e\",\"detail\":\"bad \xEF\xBF\xBD byte\"");
}

TEST(Log, UnknownOptionsAreRefused) {
  EXPECT_THROW(make_log({.level = "loud"}), std::invalid_argument);
  EXPECT_THROW(make_log({.format = "xml"}), std::invalid_argument);
}

}  // namespace
}  // namespace heliograph::telemetry
