// The dialogue without a network: replies, what they mean, transactions.
#include <gtest/gtest.h>

#include <string>

#include "plugins/providers/smtp/classification.h"
#include "plugins/providers/smtp/connect_log.h"
#include "plugins/providers/smtp/reply.h"
#include "plugins/providers/smtp/transaction.h"

namespace heliograph::plugins::smtp {
namespace {

Reply reply_of(std::string_view lines) {
  ReplyReader reader;
  reader.feed(lines);
  return reader.next().value_or(Reply{});
}

TEST(ReplyTest, CodesAndText) {
  const Reply reply = reply_of("250-2.1.0 first\r\n250 2.1.0 second\r\n");
  EXPECT_EQ(reply.code, 250);
  EXPECT_EQ(reply.enhanced, "2.1.0");
  EXPECT_EQ(reply.text, "first\nsecond");
  EXPECT_EQ(reply_of("250\r\n").code, 250);
  EXPECT_EQ(reply_of("250 2.0.0: 8d1c31a4 Message accepted for delivery\n").enhanced, "2.0.0");
  for (const std::string_view none :
       {"550 5.1 x", "550 5.1.1x", "550 no 5.1.1", "550 5..1 x", "550 10.1.1 x"}) {
    EXPECT_EQ(reply_of(std::string(none) + "\r\n").enhanced, "") << none;
  }
}

TEST(ReplyTest, InAnyPieces) {
  const std::string wire = "250-a\r\n250 b\r\n354 go\r\n";
  for (std::size_t cut = 0; cut <= wire.size(); ++cut) {
    ReplyReader reader;
    std::vector<int> codes;
    for (const std::string_view piece :
         {std::string_view(wire).substr(0, cut), std::string_view(wire).substr(cut)}) {
      reader.feed(piece);
      while (const std::optional<Reply> reply = reader.next()) codes.push_back(reply->code);
    }
    EXPECT_EQ(codes, (std::vector{250, 354})) << cut;
  }
}

TEST(ReplyTest, WhatIsNoneBreaksTheReader) {
  for (const std::string& bad :
       {std::string("HTTP/1.1 400\r\n"), std::string("25 x\r\n"), std::string("150 x\r\n"),
        std::string("600 x\r\n"), std::string("250-a\r\n251 b\r\n"), std::string("\r\n"),
        std::string(5'000, '2'), std::string("250x\r\n")}) {
    ReplyReader reader;
    reader.feed(bad);
    EXPECT_FALSE(reader.next().has_value());
    EXPECT_TRUE(reader.broken()) << bad.substr(0, 20);
  }
  ReplyReader endless;
  for (int i = 0; i < 1'000 && !endless.broken(); ++i) {
    endless.feed("250-" + std::string(100, 'x') + "\r\n");
    EXPECT_FALSE(endless.next().has_value());
  }
  EXPECT_TRUE(endless.broken());
}

TEST(ReplyTest, QueueIds) {
  const std::pair<std::string_view, std::string_view> kCases[] = {
      {"Ok: queued as 4F3C21A0B5", "4F3C21A0B5"},
      {"OK id=1p8AbC-0001xY-2z", "1p8AbC-0001xY-2z"},
      {"2AMC3Zxx012345 Message accepted for delivery", "2AMC3Zxx012345"},
      {"8d1c31a4 Message accepted for delivery", "8d1c31a4"},
      {"<a@b> [InternalId=12345, Hostname=x] Queued mail for delivery", "12345"},
      {"Ok 0100018a2b3c4d5e-00aa-000000", "0100018a2b3c4d5e-00aa-000000"},
      {"Ok: queued as A1B2.", "A1B2"},
      {"OK", ""},
      {"Ok thank you very much", ""},
      {"", ""},
  };
  for (const auto& [text, id] : kCases) EXPECT_EQ(queue_id_of(text), id) << text;
  EXPECT_EQ(queue_id_of("queued as " + std::string(200, 'x')), "");
}

std::uint32_t outcome(Step step, std::string_view reply, bool own_sender = false) {
  return failure_of(step, reply_of(std::string(reply) + "\r\n"), own_sender).outcome;
}

TEST(ClassificationTest, NothingBeforeTheEndOfTheDataIsInDoubt) {
  for (int step = 0; step < static_cast<int>(Step::kContent); ++step) {
    for (int code = 200; code < 600; ++code) {
      const Reply reply{.code = code, .enhanced = {}, .text = "x"};
      const sdk::SendResult result = failure_of(static_cast<Step>(step), reply, false);
      ASSERT_NE(result.outcome, HG_UNKNOWN) << step << " " << code;
      ASSERT_NE(result.outcome, HG_SENT) << step << " " << code;
      ASSERT_EQ(result.status_code, code);
    }
  }
}

TEST(ClassificationTest, TheVerdict) {
  EXPECT_EQ(outcome(Step::kContent, "550 5.7.1 spam"), HG_REJECTED);
  EXPECT_EQ(outcome(Step::kContent, "503 x"), HG_REJECTED)
      << "of this mail only, as far as we know";
  EXPECT_EQ(outcome(Step::kContent, "451 x"), HG_RETRY);
  EXPECT_EQ(outcome(Step::kContent, "421 x"), HG_THROTTLED);
  EXPECT_EQ(outcome(Step::kContent, "354 x"), HG_UNKNOWN);
  const sdk::SendResult sent = success_of(reply_of("250 2.0.0 Ok: queued as X1\r\n"), "m@d");
  EXPECT_EQ(sent.outcome, HG_SENT);
  EXPECT_EQ(sent.provider_msg_id, "X1");
  EXPECT_EQ(success_of(reply_of("250 fine\r\n"), "m@d").provider_msg_id, "m@d");
}

TEST(ClassificationTest, SenderOfTheConfigurationOrOfTheMessage) {
  EXPECT_EQ(outcome(Step::kMail, "553 5.1.8 x", true), HG_REFUSED);
  EXPECT_EQ(outcome(Step::kMail, "553 5.1.8 x", false), HG_REJECTED);
  EXPECT_EQ(outcome(Step::kMail, "552 x", true), HG_REJECTED);
  EXPECT_EQ(outcome(Step::kMail, "530 5.7.0 x", false), HG_REFUSED);
  EXPECT_EQ(outcome(Step::kMail, "535 x", false), HG_REFUSED);
}

TEST(ClassificationTest, RatesAndGreylists) {
  EXPECT_EQ(outcome(Step::kRecipient, "450 4.7.1 Greylisting in action"), HG_RETRY);
  EXPECT_EQ(outcome(Step::kRecipient, "450 4.7.1 Too many messages"), HG_THROTTLED);
  EXPECT_EQ(outcome(Step::kContent, "421 4.7.28 x"), HG_THROTTLED);
  EXPECT_EQ(outcome(Step::kContent, "450 4.7.28 x"), HG_THROTTLED);
  EXPECT_EQ(outcome(Step::kRecipient, "450 4.2.1 receiving rate limit of the mailbox"), HG_RETRY);
}

TEST(ClassificationTest, DetailsAreOurs) {
  const sdk::SendResult result = failure_of(
      Step::kRecipient, reply_of("550 5.1.1 <b@example.org>: no mailbox of Bob's\r\n"), false);
  EXPECT_EQ(result.detail, "the server rejects the message: 550 5.1.1 to RCPT");
  EXPECT_EQ(result.provider_code, "5.1.1");
}

TEST(ConnectLogTest, OffersBeforeStartTlsAreForgotten) {
  ConnectLog log;
  log.on_reply_bytes("220 hello\r\n");
  log.on_command("EHLO x\r\n");
  log.on_reply_bytes("250-mail\r\n250-PIPELINING\r\n250-SMTPUTF8\r\n250 STARTTLS\r\n");
  EXPECT_TRUE(log.extensions().pipelining);
  log.on_command("STARTTLS\r\n");
  log.on_reply_bytes("220 go\r\n");
  log.on_command("EHLO x\r\n");
  log.on_reply_bytes("250-mail\r\n250-size 1000\r\n250 8bitmime\r\n");
  EXPECT_FALSE(log.extensions().pipelining);
  EXPECT_FALSE(log.extensions().smtputf8);
  EXPECT_TRUE(log.extensions().eight_bit);
  EXPECT_EQ(log.extensions().size_max, 1'000u);
  EXPECT_EQ(log.failure(CURLE_COULDNT_CONNECT).outcome, HG_RETRY);
  EXPECT_EQ(log.failure(CURLE_PEER_FAILED_VERIFICATION).outcome, HG_REFUSED);
}

class TransactionTest : public ::testing::Test {
 protected:
  static Mail plain() {
    Mail mail;
    mail.sender = "a@x";
    mail.recipient = "b@y";
    mail.message_id = "m@x";
    mail.segments.push_back({Segment::Form::kText, "Subject: t\r\n\r\nbody\r\n", {}});
    return mail;
  }

  // Everything it wants to write now.
  static std::string written(Transaction& transaction) {
    std::string all;
    while (true) {
      const std::string_view bytes = transaction.to_write();
      if (bytes.empty()) return all;
      all += bytes.front();
      transaction.written(1);
    }
  }
  static void reply(Transaction& transaction, std::string_view line) {
    transaction.on_reply(reply_of(std::string(line) + "\r\n"));
  }

  const Mail mail_ = plain();
};

TEST_F(TransactionTest, OneCommandAtATime) {
  Transaction transaction(mail_, {});
  EXPECT_EQ(written(transaction), "MAIL FROM:<a@x>\r\n");
  reply(transaction, "250 ok");
  EXPECT_EQ(written(transaction), "RCPT TO:<b@y>\r\n");
  reply(transaction, "250 ok");
  EXPECT_EQ(written(transaction), "DATA\r\n");
  reply(transaction, "354 go");
  EXPECT_EQ(written(transaction), "Subject: t\r\n\r\nbody\r\n.\r\n");
  EXPECT_FALSE(transaction.result().has_value());
  reply(transaction, "250 ok");
  ASSERT_TRUE(transaction.over());
  EXPECT_EQ(transaction.result()->outcome, HG_SENT);
  EXPECT_EQ(transaction.aftermath(), Transaction::Aftermath::kReady);
}

TEST_F(TransactionTest, AllAtOnceWherePipelined) {
  Transaction transaction(mail_, {.extensions = {.pipelining = true}, .reset_first = true});
  EXPECT_EQ(written(transaction), "RSET\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n");
  reply(transaction, "250 ok");
  reply(transaction, "250 ok");
  reply(transaction, "250 ok");
  reply(transaction, "354 go");
  EXPECT_NE(written(transaction), "");
  reply(transaction, "451 later");
  EXPECT_EQ(transaction.result()->outcome, HG_RETRY);
}

// The promise this plugin stands for: at each byte, what a lost connection means.
TEST_F(TransactionTest, TheLastByteOfTheDataDecidesBetweenRetryAndUnknown) {
  std::size_t total = 0;
  {
    Transaction transaction(mail_, {.extensions = {.pipelining = true}});
    total = written(transaction).size();
    for (const std::string_view line : {"250", "250", "354"}) reply(transaction, line);
    total += written(transaction).size();
  }
  for (std::size_t lost_at = 0; lost_at <= total; ++lost_at) {
    Transaction transaction(mail_, {.extensions = {.pipelining = true}});
    std::size_t done = 0;
    while (done < lost_at) {
      if (transaction.to_write().empty()) {
        for (const std::string_view line : {"250", "250", "354"}) reply(transaction, line);
      }
      ASSERT_FALSE(transaction.to_write().empty());
      transaction.written(1);
      ++done;
    }
    transaction.on_lost("lost");
    ASSERT_TRUE(transaction.over());
    ASSERT_EQ(transaction.result()->outcome, lost_at == total ? HG_UNKNOWN : HG_RETRY) << lost_at;
    ASSERT_EQ(transaction.aftermath(), Transaction::Aftermath::kSpoilt);
  }
}

TEST_F(TransactionTest, TheFirstFailureCountsAndAllRepliesAreAwaited) {
  Transaction transaction(mail_, {.extensions = {.pipelining = true}});
  written(transaction);
  reply(transaction, "250 ok");
  reply(transaction, "550 5.1.1 no");
  ASSERT_TRUE(transaction.result().has_value());
  EXPECT_FALSE(transaction.over());
  reply(transaction, "503 5.5.1 no recipients");
  EXPECT_TRUE(transaction.over());
  EXPECT_EQ(transaction.result()->outcome, HG_REJECTED);
  EXPECT_EQ(transaction.result()->provider_code, "5.1.1");
  EXPECT_EQ(transaction.aftermath(), Transaction::Aftermath::kNeedsReset);
}

TEST_F(TransactionTest, ALostConnectionChangesNoKnownResult) {
  Transaction transaction(mail_, {.extensions = {.pipelining = true}});
  written(transaction);
  reply(transaction, "550 5.1.8 no");
  transaction.on_lost("gone");
  EXPECT_TRUE(transaction.over());
  EXPECT_EQ(transaction.result()->provider_code, "5.1.8");
  EXPECT_EQ(transaction.aftermath(), Transaction::Aftermath::kSpoilt);
}

TEST_F(TransactionTest, RepliesOutOfTurn) {
  for (const auto& [line, expected] : {std::pair{"421 4.3.2 bye", HG_THROTTLED},
                                       {"552 5.3.4 too large", HG_REJECTED},
                                       {"250 ok", HG_RETRY}}) {
    Transaction transaction(mail_, {.extensions = {.pipelining = true}});
    written(transaction);
    for (const std::string_view due : {"250", "250", "354"}) reply(transaction, due);
    transaction.written(transaction.to_write().size() - 1);
    reply(transaction, line);
    EXPECT_TRUE(transaction.over());
    EXPECT_EQ(transaction.result()->outcome, expected) << line;
    EXPECT_EQ(transaction.aftermath(), Transaction::Aftermath::kSpoilt);
  }
}

}  // namespace
}  // namespace heliograph::plugins::smtp
