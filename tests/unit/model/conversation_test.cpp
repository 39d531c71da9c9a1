// Threads' keys, addresses of what comes in, opt-out words, and the body of message.received.
#include "core/model/conversation.h"

#include <gtest/gtest.h>

#include "core/model/callback_body.h"
#include "core/model/inbound_address.h"
#include "core/model/opt_out.h"
#include "core/model/received_body.h"

namespace heliograph::model {
namespace {

TEST(AddressPair, IsTheSameEitherWay) {
  EXPECT_EQ(address_pair("+15550001111", "+15550002222"),
            address_pair("+15550002222", "+15550001111"));
  EXPECT_NE(address_pair("+15550001111", "+15550002222"),
            address_pair("+15550001111", "+15550003333"));
}

TEST(AddressPair, ComparesMailWithoutCaseAndNamesWithIt) {
  EXPECT_EQ(address_pair("Ada@Example.com", "bob@example.com"),
            address_pair("bob@EXAMPLE.com", "ada@example.com"));
  EXPECT_NE(address_pair("ACME", "+15550002222"), address_pair("Acme", "+15550002222"));
}

TEST(Conversation, KnowsWhichAddressIsOurs) {
  Conversation conversation;
  conversation.from = "a";
  conversation.to = "b";
  EXPECT_EQ(conversation.ours(), "a");
  EXPECT_EQ(conversation.theirs(), "b");
  conversation.started = Direction::kInbound;
  EXPECT_EQ(conversation.ours(), "b");
  EXPECT_EQ(conversation.theirs(), "a");
}

TEST(Conversation, WordsReadBack) {
  for (const auto status :
       {ConversationStatus::kActive, ConversationStatus::kArchived, ConversationStatus::kClosed}) {
    EXPECT_EQ(parse_conversation_status(to_string(status)), status);
  }
  for (const auto type : {ConversationType::kDirect, ConversationType::kThread}) {
    EXPECT_EQ(parse_conversation_type(to_string(type)), type);
  }
  EXPECT_FALSE(parse_conversation_status("open"));
  EXPECT_EQ(to_string(Direction::kInbound), "inbound");
}

TEST(InboundAddress, TakesTheFormOfOutgoingMessages) {
  const struct {
    Channel channel;
    std::string_view given;
    std::string_view made;
  } kCases[] = {
      {Channel::kSms, "15551234567", "+15551234567"},
      {Channel::kSms, "0015551234567", "+15551234567"},
      {Channel::kMms, " +1 (555) 123-4567 ", "+15551234567"},
      {Channel::kSms, "12345", "12345"},
      {Channel::kSms, "12345678", "12345678"},
      {Channel::kSms, "123456789", "+123456789"},
      {Channel::kSms, "ACME Shop", "ACME Shop"},
      {Channel::kSms, "", ""},
      {Channel::kSms, "\x15 66 \n", "66"},
      {Channel::kEmail, "Ada < Ada@Example.com >", "ada@example.com"},
      {Channel::kEmail, "< >", "< >"},
      {Channel::kEmail, "Ada Lovelace <Ada@Example.com>", "ada@example.com"},
      {Channel::kEmail, "bob@example.com", "bob@example.com"},
      {Channel::kEmail, "a\r\nb@example.com", "ab@example.com"},
  };
  for (const auto& c : kCases) EXPECT_EQ(inbound_address(c.channel, c.given), c.made) << c.given;
  EXPECT_EQ(inbound_address("Bob@Example.com"), "bob@example.com");
  EXPECT_EQ(inbound_address("15551234567"), "+15551234567");
  // The "@" stands in the name; what is addressed is a number.
  EXPECT_EQ(inbound_address("shop@home <77431734 4>"), "+774317344");
}

const OptOutWords kWords{.stop = {"stop", "opt out"}, .start = {"start", "yes"}};

TEST(OptOutWish, TheWholeMessageIsTheWord) {
  EXPECT_EQ(opt_out_wish(kWords, "STOP"), OptOutWish::kStop);
  EXPECT_EQ(opt_out_wish(kWords, " \r\n\tStop \n"), OptOutWish::kStop);
  EXPECT_EQ(opt_out_wish(kWords, "Opt Out"), OptOutWish::kStop);
  EXPECT_EQ(opt_out_wish(kWords, "yes"), OptOutWish::kStart);
  for (const auto* text : {"", " ", "please stop", "stop it", "stop!", "unstop", "stopstart"}) {
    EXPECT_EQ(opt_out_wish(kWords, text), OptOutWish::kNone) << text;
  }
  EXPECT_EQ(opt_out_wish(kWords, std::string(1'000'000, 's')), OptOutWish::kNone);
  EXPECT_EQ(opt_out_wish({}, "stop"), OptOutWish::kNone);
}

class ReceivedBody : public ::testing::Test {
 protected:
  std::string body(OptOutWish wish = OptOutWish::kNone) const {
    return received_body(message, MessageId::from_parts(1'700'000'000'000LL << 16, 7),
                         ConversationId::from_parts(1'600'000'000'000LL << 16, 8), wish);
  }
  InboundMessage message{.provider = "twilio",
                         .provider_message_id = "SM1",
                         .from = "+15550001111",
                         .to = "+15550002222",
                         .text = "say \"hi\""};
};

TEST_F(ReceivedBody, SaysWhatCame) {
  EXPECT_EQ(body(), R"({"type":"message.received","timestamp":"2023-11-14T22:13:20.000Z","data":{)"
                    R"("message_id":"018bcfe5-6800-7000-8000-000000000007",)"
                    R"("conversation_id":"0174876e-8000-7000-8000-000000000008","channel":"sms",)"
                    R"("from":"+15550001111","to":"+15550002222","text":"say \"hi\"",)"
                    R"("provider":"twilio","provider_message_id":"SM1",)"
                    R"("received_at":"2023-11-14T22:13:20.000Z"}})");
}

TEST_F(ReceivedBody, ToldWishesMediaAndSubjects) {
  message.channel = Channel::kMms;
  message.content.subject = "cat";
  message.content.media = {{.url = "https://example.com/1", .content_type = ""},
                           {.url = "https://example.com/2", .content_type = ""}};
  const std::string text = body(OptOutWish::kStop);
  EXPECT_NE(
      text.find(R"("subject":"cat","media":["https://example.com/1","https://example.com/2"],)"
                R"("opt_out":"stop")"),
      std::string::npos)
      << text;
  EXPECT_EQ(text.find("truncated"), std::string::npos);
}

TEST_F(ReceivedBody, StaysBelowTheLimitWhateverCame) {
  const std::string control(300'000, '\x01');  // six bytes each, as JSON
  message.text = control;
  message.from = message.to = message.provider = message.provider_message_id = control;
  message.content.subject = message.content.html = control;
  for (int i = 0; i < 64; ++i) {
    message.content.media.push_back(
        {.url = "https://e.example/" + std::string(2'000, 'x'), .content_type = ""});
  }
  const std::string text = body(OptOutWish::kStart);
  EXPECT_LE(text.size(), kCallbackBodyMax);
  EXPECT_NE(text.find(R"("truncated":true)"), std::string::npos);
}

TEST_F(ReceivedBody, ALongTextIsCutBetweenCharacters) {
  message.text = std::string(5'999, 'x') + "\xC3\xA9\xC3\xA9";
  const std::string text = body();
  EXPECT_EQ(text.find("\xEF\xBF\xBD"), std::string::npos);
  EXPECT_EQ(text.find("\\ufffd"), std::string::npos);
  EXPECT_NE(text.find(R"("truncated":true)"), std::string::npos);
}

}  // namespace
}  // namespace heliograph::model
