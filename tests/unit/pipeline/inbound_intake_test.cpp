// What comes in on its way to the store: addresses, owners, and what an operator is told.
#include "core/pipeline/inbound_intake.h"

#include <gtest/gtest.h>

namespace heliograph::pipeline {
namespace {

using Kind = ports::InboundOutcome::Kind;

class Inline final : public ports::Executor {
 public:
  void post(base::Task task) override { task(); }
};

class Lines final : public ports::Log {
 public:
  bool enabled(ports::LogLevel) const override { return true; }
  void write(ports::LogLevel level, std::string_view event, const ports::LogField* fields,
             std::size_t count) override {
    std::string line = (level == ports::LogLevel::kWarn ? "warn: " : "info: ") + std::string(event);
    for (std::size_t i = 0; i < count; ++i) line += " " + std::string(fields[i].second);
    lines.push_back(std::move(line));
  }
  std::vector<std::string> lines;
};

// Keeps the report and answers what it is told to.
class Keeper final : public ports::StoreConversations {
 public:
  ports::ProviderReport report;
  ports::ReportResult answer{.taken = true};

  void take_report(ports::ProviderReport given, ports::Executor&,
                   ports::Done<ports::ReportResult> done) override {
    report = std::move(given);
    done(answer);
  }
#define HG_UNUSED(name, ...) \
  void name(__VA_ARGS__) override { ADD_FAILURE() << #name; }
  HG_UNUSED(find_inbound, model::ClientId, model::MessageId, ports::Executor&,
            ports::Done<std::optional<model::InboundView>>)
  HG_UNUSED(create_conversation, ports::NewConversation, ports::Executor&,
            ports::Done<ports::CreateConversationResult>)
  HG_UNUSED(update_conversation, model::ClientId, model::ConversationId, ports::ConversationChanges,
            ports::Executor&, ports::Done<std::optional<model::Conversation>>)
  HG_UNUSED(read_conversation, model::ClientId, model::ConversationId,
            std::optional<model::MessageId>, ports::Executor&,
            ports::Done<std::optional<model::Conversation>>)
  HG_UNUSED(remove_conversation, model::ClientId, model::ConversationId, ports::Executor&,
            ports::Done<bool>)
  HG_UNUSED(find_conversation, model::ClientId, model::ConversationId, ports::Executor&,
            ports::Done<std::optional<model::Conversation>>)
  HG_UNUSED(list_conversations, ports::ConversationFilter, ports::Executor&,
            ports::Done<ports::ConversationList>)
  HG_UNUSED(list_thread, ports::ThreadFilter, ports::Executor&,
            ports::Done<std::optional<ports::ThreadPage>>)
  HG_UNUSED(conversation_statistics, model::ClientId, model::ConversationId, ports::Executor&,
            ports::Done<std::optional<ports::ConversationStatistics>>)
  HG_UNUSED(add_opt_out, model::ClientId, model::OptOut, ports::Executor&, ports::Done<bool>)
  HG_UNUSED(remove_opt_out, model::ClientId, std::string, std::string, ports::Executor&,
            ports::Done<bool>)
  HG_UNUSED(list_opt_outs, ports::OptOutFilter, ports::Executor&, ports::Done<ports::OptOutList>)
#undef HG_UNUSED
};

class InboundIntakeTest : public ::testing::Test {
 protected:
  static constexpr model::ClientId kShop{3};
  static constexpr model::ClientId kDesk{4};

  void take(model::InboundMessage message) {
    if (!intake_) intake_.emplace(settings, store, &log);
    ports::ProviderReport report;
    report.inbound.push_back(std::move(message));
    intake_->take(std::move(report), where, [this](ports::ReportResult got) { result = got; });
  }
  const model::InboundMessage& stored() const { return store.report.inbound.at(0); }

  InboundSettings settings{.numbers = {{"+15550002222", kShop}}, .default_client = kDesk};
  Keeper store;
  Lines log;
  Inline where;
  std::optional<ports::ReportResult> result;
  std::optional<InboundIntake> intake_;
};

TEST_F(InboundIntakeTest, AddressesAndOwners) {
  take({.from = "15550001111", .to = " 1 555 000 2222"});
  EXPECT_EQ(stored().from, "+15550001111");
  EXPECT_EQ(stored().to, "+15550002222");
  EXPECT_EQ(stored().owner, kShop);
  EXPECT_EQ(stored().fallback, kDesk);
  EXPECT_TRUE(result->taken);
  take({.from = "15550001111", .to = "+15550003333"});
  EXPECT_FALSE(stored().owner);
}

TEST_F(InboundIntakeTest, NewSettingsCountFromTheNextReportOn) {
  take({.from = "15550001111", .to = "+15550002222"});
  EXPECT_EQ(stored().owner, kShop);
  intake_->apply({.numbers = {{"+15550003333", kDesk}}, .default_client = std::nullopt});
  take({.from = "15550001111", .to = "+15550002222"});
  EXPECT_FALSE(stored().owner);
  EXPECT_FALSE(stored().fallback);
  take({.from = "15550001111", .to = "+15550003333"});
  EXPECT_EQ(stored().owner, kDesk);
}

TEST_F(InboundIntakeTest, WhatIsKnownAlreadyStays) {
  take({.to = "+15550002222", .owner = kDesk, .fallback = kShop});
  EXPECT_EQ(stored().owner, kDesk);
  EXPECT_EQ(stored().fallback, kShop);
}

TEST_F(InboundIntakeTest, ParkedOnesAreCountedAndTold) {
  store.answer.inbound = {{.kind = Kind::kParked, .id = model::MessageId::from_parts(7 << 16, 1)}};
  take({.from = "+15550001111", .to = "+15550003333", .text = "secret"});
  EXPECT_EQ(intake_->counts().parked, 1u);
  ASSERT_EQ(log.lines.size(), 1u);
  EXPECT_TRUE(log.lines[0].starts_with("warn: inbound message parked"));
  EXPECT_EQ(log.lines[0].find("secret"), std::string::npos);
  EXPECT_EQ(log.lines[0].find("+15550003333"), std::string::npos);
}

TEST_F(InboundIntakeTest, OptOutsAreToldDuplicatesAreNot) {
  store.answer.inbound = {{.kind = Kind::kStored, .wish = model::OptOutWish::kStop}};
  take({});
  EXPECT_EQ(intake_->counts().stored, 1u);
  ASSERT_EQ(log.lines.size(), 1u);
  EXPECT_TRUE(log.lines[0].starts_with("info: a recipient has opted out"));
  store.answer.inbound = {{.kind = Kind::kDuplicate}};
  take({});
  EXPECT_EQ(intake_->counts().duplicates, 1u);
  EXPECT_EQ(log.lines.size(), 1u);
}

TEST_F(InboundIntakeTest, WhatWasNotTakenCountsNowhere) {
  store.answer.taken = false;
  take({});
  EXPECT_FALSE(result->taken);
  EXPECT_EQ(intake_->counts().stored, 0u);
  EXPECT_TRUE(log.lines.empty());
}

}  // namespace
}  // namespace heliograph::pipeline
