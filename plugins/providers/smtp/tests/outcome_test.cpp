// What a server does, and what that means for the message.
#include <ostream>

#include "plugins/providers/smtp/tests/provider_fixture.h"

namespace heliograph::plugins::smtp {
namespace {

using OutcomeTest = ProviderTest;
using std::chrono::seconds;

Script script_of(std::string_view point, const Act& act) {
  Script script;
  script.acts.emplace(point, act);
  return script;
}

TEST_F(OutcomeTest, SentWithTheServersId) {
  serve();
  const SendRecord result = outcome();
  EXPECT_EQ(result.outcome, HG_SENT) << result.detail;
  EXPECT_EQ(result.provider_msg_id, "Q1M1");
  EXPECT_EQ(result.status_code, 250);
  EXPECT_EQ(result.provider_code, "2.0.0");
  const Seen seen = server->seen();
  ASSERT_EQ(seen.mails.size(), 1u);
  EXPECT_NE(seen.mails[0].find("Subject: Hello\r\n"), std::string::npos) << seen.mails[0];
  EXPECT_EQ(server->count("MAIL FROM:<a@example.com> SIZE="), 1);
  EXPECT_EQ(server->count("RCPT TO:<b@example.org>"), 1);
}

TEST_F(OutcomeTest, OurMessageIdWhereTheServerTellsNoId) {
  serve(script_of(".", Act::reply("250 thank you")));
  EXPECT_EQ(outcome().provider_msg_id, "01890a5d-ac96-774b-bcce-b302099a8057@example.com");
}

TEST_F(OutcomeTest, ServersWithoutPipeliningAreSpokenToOneByOne) {
  Script script;
  script.extensions.clear();
  serve(script);
  EXPECT_EQ(outcome().outcome, HG_SENT);
  EXPECT_EQ(server->count("MAIL FROM:<a@example.com>"), 1);
  EXPECT_EQ(server->count("MAIL FROM:<a@example.com> SIZE"), 0);
}

TEST_F(OutcomeTest, RefusedConnection) {
  create(closed_port());
  const SendRecord result = outcome();
  EXPECT_EQ(result.outcome, HG_RETRY);
  EXPECT_TRUE(host.logged("no connection to the mail server"));
}

TEST_F(OutcomeTest, UnknownName) {
  create(25, R"({"host": "no-such-host.invalid"})");
  EXPECT_EQ(outcome().outcome, HG_RETRY);
}

struct ReplyCase {
  std::string_view point;
  std::string_view reply;
  std::uint32_t outcome;
  std::string_view code;
};

// For the test's name.
void PrintTo(const ReplyCase& given, std::ostream* out) {
  *out << given.point << " " << given.reply.substr(0, 3) << " " << given.code;
}

class ReplyOutcomeTest : public ProviderTest, public ::testing::WithParamInterface<ReplyCase> {};

TEST_P(ReplyOutcomeTest, DecidesTheOutcome) {
  for (const bool pipelining : {true, false}) {
    Script script = script_of(GetParam().point, Act::reply(GetParam().reply));
    if (!pipelining) script.extensions.clear();
    serve(script, R"({"username": "u", "password": "p", "plaintext_auth": true})");
    const SendRecord result = outcome();
    EXPECT_EQ(result.outcome, GetParam().outcome) << result.detail;
    EXPECT_EQ(result.provider_code, GetParam().code);
    EXPECT_EQ(result.detail.find("b@example.org"), std::string::npos) << result.detail;
    EXPECT_EQ(server->seen().mails.size(), GetParam().point == "." ? 1u : 0u);
    instance.reset();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Replies, ReplyOutcomeTest,
    ::testing::Values(ReplyCase{"GREETING", "421 4.3.2 closing", HG_THROTTLED, "4.3.2"},
                      ReplyCase{"GREETING", "450 4.3.2 later", HG_RETRY, "4.3.2"},
                      ReplyCase{"GREETING", "554 5.7.1 you are listed", HG_REFUSED, "5.7.1"},
                      ReplyCase{"MAIL", "530 5.7.0 log in first", HG_REFUSED, "5.7.0"},
                      ReplyCase{"MAIL", "550 5.7.1 not your domain", HG_REFUSED, "5.7.1"},
                      ReplyCase{"MAIL", "553 5.1.8 bad sender", HG_REJECTED, "5.1.8"},
                      ReplyCase{"MAIL", "552 5.3.4 too large", HG_REJECTED, "5.3.4"},
                      ReplyCase{"MAIL", "421 4.7.0 closing", HG_THROTTLED, "4.7.0"},
                      ReplyCase{"MAIL", "451 4.3.0 later", HG_RETRY, "4.3.0"},
                      ReplyCase{"RCPT", "550 5.1.1 <b@example.org> unknown", HG_REJECTED, "5.1.1"},
                      ReplyCase{"RCPT", "553 no such mailbox", HG_REJECTED, "553"},
                      ReplyCase{"RCPT", "554 5.7.1 Relay access denied", HG_REFUSED, "5.7.1"},
                      ReplyCase{"RCPT", "451 4.7.1 Greylisted, come back", HG_RETRY, "4.7.1"},
                      ReplyCase{"RCPT", "451 4.7.1 Rate limit exceeded", HG_THROTTLED, "4.7.1"},
                      ReplyCase{"RCPT", "450-4.2.0 first line\r\n450 4.2.0 second", HG_RETRY,
                                "4.2.0"},
                      ReplyCase{"RCPT", "452 4.5.3 too many recipients", HG_RETRY, "4.5.3"},
                      ReplyCase{"DATA", "451 4.3.0 no room", HG_RETRY, "4.3.0"},
                      ReplyCase{"DATA", "554 5.5.1 no", HG_REJECTED, "5.5.1"},
                      ReplyCase{"DATA", "250 what?", HG_RETRY, "250"},
                      ReplyCase{".", "550 5.7.1 spam", HG_REJECTED, "5.7.1"},
                      ReplyCase{".", "451 4.3.0 disk full", HG_RETRY, "4.3.0"},
                      ReplyCase{".", "421 4.3.2 shutting down", HG_THROTTLED, "4.3.2"},
                      ReplyCase{".", "354 what?", HG_UNKNOWN, "354"}));

TEST_F(OutcomeTest, LogInRefused) {
  Script script = script_of("AUTH", Act::reply("535 5.7.8 bad credentials"));
  script.extensions.emplace_back("AUTH PLAIN LOGIN");
  serve(script, R"({"username": "shop", "password": "geheim-1", "plaintext_auth": true})");
  const SendRecord result = outcome();
  EXPECT_EQ(result.outcome, HG_REFUSED) << result.detail;
  EXPECT_EQ(result.provider_code, "5.7.8");
  EXPECT_EQ(result.status_code, 535);
  EXPECT_FALSE(host.logged("geheim-1"));
  EXPECT_EQ(server->count("MAIL"), 0);
}

TEST_F(OutcomeTest, LogInTemporarilyImpossible) {
  Script script = script_of("AUTH", Act::reply("454 4.7.0 try later"));
  script.extensions.emplace_back("AUTH PLAIN");
  serve(script, R"({"username": "shop", "password": "p", "plaintext_auth": true})");
  EXPECT_EQ(outcome().outcome, HG_REFUSED);
}

TEST_F(OutcomeTest, NoCommonWayToLogIn) {
  Script script;
  script.extensions.emplace_back("AUTH GSSAPI");
  serve(script, R"({"username": "shop", "password": "p", "plaintext_auth": true})");
  const SendRecord result = outcome();
  EXPECT_EQ(result.outcome, HG_REFUSED) << result.detail;
  EXPECT_EQ(result.provider_code, "AUTH");
}

TEST_F(OutcomeTest, LogsInAsConfigured) {
  Script script;
  script.extensions.emplace_back("AUTH PLAIN LOGIN");
  serve(script,
        R"({"username": "shop", "password": "p", "plaintext_auth": true, "auth": "plain",
            "ehlo_name": "gw.example.com"})");
  EXPECT_EQ(outcome().outcome, HG_SENT);
  EXPECT_EQ(server->count("EHLO gw.example.com"), 1);
  EXPECT_EQ(server->count("AUTH PLAIN AHNob3AAcA=="), 1);  // "\0shop\0p"
}

TEST_F(OutcomeTest, ClosedBeforeTheEndOfTheData) {
  for (const std::string_view point : {"GREETING", "EHLO", "MAIL", "RCPT", "DATA"}) {
    serve(script_of(point, Act::close()));
    const SendRecord result = outcome();
    EXPECT_EQ(result.outcome, HG_RETRY) << point << ": " << result.detail;
    instance.reset();
  }
}

TEST_F(OutcomeTest, ClosedAfterTheEndOfTheData) {
  serve(script_of(".", Act::close()));
  const SendRecord result = outcome();
  EXPECT_EQ(result.outcome, HG_UNKNOWN) << result.detail;
  EXPECT_EQ(server->seen().mails.size(), 1u);
}

TEST_F(OutcomeTest, NoSmtpAtAll) {
  serve(script_of("MAIL", Act::reply("HTTP/1.1 400 Bad Request")));
  EXPECT_EQ(outcome().outcome, HG_RETRY);
}

TEST_F(OutcomeTest, DeadlineBeforeTheEndOfTheData) {
  for (const std::string_view point : {"GREETING", "EHLO", "MAIL", "RCPT", "DATA"}) {
    Script script = script_of(point, Act::silence());
    script.extensions.clear();
    serve(script);
    const hg_op op = send(mail(), host.now_ns() + std::chrono::nanoseconds{seconds{30}}.count());
    if (point == "GREETING") {
      ASSERT_TRUE(until_seen([](const Seen& seen) { return seen.connections == 1; }));
    } else {
      ASSERT_TRUE(until([&] { return server->count(point) == 1; })) << point;
    }
    ASSERT_FALSE(host.sent(op).has_value());
    host.advance(seconds{31});
    EXPECT_EQ(result_of(op).outcome, HG_RETRY) << point;
    instance.reset();
  }
}

TEST_F(OutcomeTest, DeadlineAfterTheEndOfTheData) {
  serve(script_of(".", Act::silence()));
  const hg_op op = send(mail(), host.now_ns() + std::chrono::nanoseconds{seconds{30}}.count());
  ASSERT_TRUE(until([&] { return server->count(".") == 1; }));
  ASSERT_FALSE(host.sent(op).has_value());
  host.advance(seconds{31});
  EXPECT_EQ(result_of(op).outcome, HG_UNKNOWN);
}

TEST_F(OutcomeTest, TheServersSilenceHasALimit) {
  serve(script_of("RCPT", Act::silence()), R"({"reply_timeout": "5s"})");
  const hg_op op = send();
  ASSERT_TRUE(until([&] { return server->count("RCPT") == 1; }));
  host.advance(seconds{6});
  EXPECT_EQ(result_of(op).outcome, HG_RETRY);
}

TEST_F(OutcomeTest, ConnectingHasALimit) {
  serve(script_of("GREETING", Act::silence()), R"({"connect_timeout": "5s"})");
  const hg_op op = send();
  ASSERT_TRUE(until_seen([](const Seen& seen) { return seen.connections == 1; }));
  host.advance(seconds{6});
  const SendRecord result = result_of(op);
  EXPECT_EQ(result.outcome, HG_RETRY);
  EXPECT_EQ(result.detail, "connecting to the server took too long");
}

TEST_F(OutcomeTest, AddressesBeyondAsciiNeedSmtpUtf8) {
  MessageSpec message = mail();
  message.to = "jürgen@example.org";
  serve();
  EXPECT_EQ(outcome(message).outcome, HG_REJECTED);
  EXPECT_EQ(server->count("MAIL"), 0);
  EXPECT_EQ(outcome().outcome, HG_SENT) << "the connection is still good";
  EXPECT_EQ(server->seen().connections, 1);
  instance.reset();
  Script script;
  script.extensions.emplace_back("SMTPUTF8");
  serve(script);
  EXPECT_EQ(outcome(message).outcome, HG_SENT);
  EXPECT_EQ(server->count("RCPT TO:<jürgen@example.org>"), 1);
  EXPECT_EQ(server->count("MAIL FROM:<a@example.com> SIZE="), 1);
  EXPECT_NE(server->seen().commands[1].find(" SMTPUTF8"), std::string::npos);
}

TEST_F(OutcomeTest, WhatIsNoMailIsRejectedUnsent) {
  serve();
  const auto rejected = [&](MessageSpec message) {
    const SendRecord result = outcome(message);
    EXPECT_EQ(result.outcome, HG_REJECTED) << result.detail;
    return result.detail;
  };
  MessageSpec message = mail();
  message.to = "b@example.org>\r\nRCPT TO:<c@example.org";
  EXPECT_EQ(rejected(message), "to is not an e-mail address");
  message = mail();
  message.subject = "x\r\nBcc: c@example.org";
  EXPECT_EQ(rejected(message), "subject has control characters or is not UTF-8");
  EXPECT_EQ(server->seen().connections, 0);
}

}  // namespace
}  // namespace heliograph::plugins::smtp
