// Connections: how they are shared, kept and given up.
#include "plugins/providers/smtp/tests/provider_fixture.h"

namespace heliograph::plugins::smtp {
namespace {

using SessionTest = ProviderTest;
using std::chrono::seconds;

Script script_of(std::string_view point, const Act& act) {
  Script script;
  script.acts.emplace(point, act);
  return script;
}

TEST_F(SessionTest, MailsShareAConnection) {
  serve();
  EXPECT_EQ(outcome().provider_msg_id, "Q1M1");
  EXPECT_EQ(outcome().provider_msg_id, "Q1M2");
  EXPECT_EQ(server->seen().connections, 1);
  EXPECT_EQ(server->count("EHLO"), 1);
}

TEST_F(SessionTest, ARejectedMailLeavesTheConnectionUsable) {
  for (const bool pipelining : {true, false}) {
    Script script = script_of("RCPT", Act::reply("550 5.1.1 unknown"));
    if (!pipelining) script.extensions.clear();
    script.acts.emplace("DATA", Act::reply("554 5.5.1 no valid recipients"));
    serve(script);
    EXPECT_EQ(outcome().outcome, HG_REJECTED);
    EXPECT_EQ(outcome().outcome, HG_REJECTED);
    EXPECT_EQ(server->seen().connections, 1);
    EXPECT_EQ(server->count("RSET"), 1);
    instance.reset();
  }
}

TEST_F(SessionTest, DataOpenedWithoutARecipientIsNeverEnded) {
  // It answers 354 to a pipelined DATA all the same.
  serve(script_of("RCPT", Act::reply("550 5.1.1 unknown")));
  EXPECT_EQ(outcome().outcome, HG_REJECTED);
  ASSERT_TRUE(until_seen([](const Seen& seen) { return seen.closed == 1; }));
  EXPECT_EQ(server->seen().mails.size(), 0u);
}

TEST_F(SessionTest, AKeptConnectionThatDiedIsReplacedUnnoticed) {
  Script script;
  script.drop_after_mail = true;
  serve(script);
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(outcome().outcome, HG_SENT) << i;
  EXPECT_EQ(server->seen().connections, 3);
}

TEST_F(SessionTest, AKeptConnectionClosedAtTheNextMailIsReplacedUnnoticed) {
  for (const Act& act : {Act::close(), Act::reply("421 4.4.2 idle too long")}) {
    Script script = script_of("MAIL", act);
    script.acts_from_mail = 2;
    serve(script);
    EXPECT_EQ(outcome().outcome, HG_SENT);
    EXPECT_EQ(outcome().provider_msg_id, "Q2M1");
    EXPECT_EQ(server->seen().connections, 2);
    instance.reset();
  }
}

TEST_F(SessionTest, IdleConnectionsLeavePolitely) {
  serve({}, R"({"idle_timeout": "5s"})");
  EXPECT_EQ(outcome().outcome, HG_SENT);
  EXPECT_EQ(host.fds().watched(), 1u);
  host.advance(seconds{6});
  EXPECT_TRUE(until([&] { return host.fds().watched() == 0; }));
  EXPECT_EQ(server->count("QUIT"), 1);
  EXPECT_EQ(outcome().outcome, HG_SENT);
  EXPECT_EQ(server->seen().connections, 2);
}

TEST_F(SessionTest, AServerThatDoesNotSayGoodbyeIsLeftAlone) {
  serve(script_of("QUIT", Act::silence()), R"({"idle_timeout": "5s"})");
  EXPECT_EQ(outcome().outcome, HG_SENT);
  host.advance(seconds{6});
  ASSERT_TRUE(server->wait_for_command("QUIT"));
  host.advance(seconds{3});
  EXPECT_EQ(host.fds().watched(), 0u);
}

TEST_F(SessionTest, AConnectionCarriesAsManyMailsAsConfigured) {
  serve({}, R"({"mails_per_connection": 2})");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(outcome().outcome, HG_SENT);
  EXPECT_EQ(server->seen().connections, 3);
}

TEST_F(SessionTest, TheWindowIsTheNumberOfConnections) {
  serve(script_of(".", Act::silence()), R"({"max_connections": 2})");
  EXPECT_EQ(provider->caps().max_inflight, 2u);
  EXPECT_EQ(provider->caps().channels, HG_CH_EMAIL);
  EXPECT_EQ(provider->caps().flags, 0u);
  const hg_op first = send();
  const hg_op second = send();
  const ProviderDriver::Sent third = provider->send(mail());
  EXPECT_FALSE(third.accepted);
  EXPECT_EQ(third.status, HG_E_BUSY);
  ASSERT_TRUE(until([&] { return server->count(".") == 2; }));
  provider->cancel(first);
  EXPECT_EQ(result_of(first).outcome, HG_UNKNOWN);
  EXPECT_FALSE(host.sent(second).has_value());
  send();  // there is room again
}

TEST_F(SessionTest, ASlowVerdictHoldsNobodyUp) {
  Script script = script_of(".", Act::silence());
  script.acts_on_connection = 1;
  serve(script);
  const hg_op slow = send();
  ASSERT_TRUE(until([&] { return server->count(".") == 1; }));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(outcome().outcome, HG_SENT);
  EXPECT_EQ(server->seen().connections, 2);
  EXPECT_FALSE(host.sent(slow).has_value());
}

TEST_F(SessionTest, CancelBeforeTheEndOfTheData) {
  Script script = script_of("MAIL", Act::silence());
  serve(script);
  const hg_op op = send();
  ASSERT_TRUE(until([&] { return server->count("MAIL") == 1; }));
  provider->cancel(op, HG_E_CANCELLED);
  EXPECT_EQ(result_of(op).outcome, HG_RETRY);
  const hg_op connecting = send();
  provider->cancel(connecting, HG_E_CANCELLED);
  EXPECT_EQ(result_of(connecting).outcome, HG_RETRY);
}

TEST_F(SessionTest, CancelDuringTheNameLookUp) {
  create(25, R"({"host": "no-such-host.invalid"})");
  const hg_op op = send();
  host.run();  // libcurl has started its look-up
  provider->cancel(op, HG_E_CANCELLED);
  EXPECT_EQ(result_of(op).outcome, HG_RETRY);
}

TEST_F(SessionTest, CancelAfterTheEndOfTheDataWaitsForTheVerdict) {
  serve(script_of(".", Act::silence()));
  const hg_op op = send();
  ASSERT_TRUE(until([&] { return server->count(".") == 1; }));
  provider->cancel(op, HG_E_CANCELLED);
  EXPECT_FALSE(host.sent(op).has_value());
  provider->cancel(op, HG_E_DEADLINE);
  EXPECT_EQ(result_of(op).outcome, HG_UNKNOWN);
}

TEST_F(SessionTest, StoppingAnswersEveryOp) {
  serve(script_of(".", Act::silence()));
  const hg_op in_doubt = send();
  ASSERT_TRUE(until([&] { return server->count(".") == 1; }));
  const hg_op unsent = send();
  EXPECT_EQ(instance->stop().status, HG_OK);
  EXPECT_EQ(result_of(in_doubt).outcome, HG_UNKNOWN);
  EXPECT_EQ(result_of(unsent).outcome, HG_RETRY);
  EXPECT_EQ(host.fds().watched(), 0u);
}

TEST_F(SessionTest, StoppingSaysGoodbyeToIdleConnections) {
  serve();
  EXPECT_EQ(outcome().outcome, HG_SENT);
  EXPECT_EQ(instance->stop().status, HG_OK);
  EXPECT_TRUE(server->wait_for_command("QUIT"));
}

TEST_F(SessionTest, AnAttachmentLargerThanAnyBuffer) {
  MessageSpec message = mail();
  std::string bytes(6 * 1024 * 1024, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<char>(i * 2654435761u >> 13);
  message.parts.push_back({.kind = HG_PART_ATTACHMENT,
                           .content_type = "application/zip",
                           .name = "a.zip",
                           .body = bytes});
  serve();
  EXPECT_EQ(outcome(message).outcome, HG_SENT);
  const Seen seen = server->seen();
  ASSERT_EQ(seen.mails.size(), 1u);
  EXPECT_GT(seen.mails[0].size(), bytes.size() / 3 * 4);
}

TEST_F(SessionTest, AServerThatCutsALargeMailOff) {
  // It replies and closes while the data is on its way: certainly not taken.
  Script script;
  script.cut_data_at = 256 * 1024;
  MessageSpec message = mail();
  message.parts.push_back({.kind = HG_PART_ATTACHMENT, .body = std::string(8 * 1024 * 1024, 'x')});
  serve(script);
  const SendRecord result = outcome(message);
  EXPECT_TRUE(result.outcome == HG_REJECTED || result.outcome == HG_RETRY) << result.detail;
}

}  // namespace
}  // namespace heliograph::plugins::smtp
