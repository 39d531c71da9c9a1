// What each channel may carry, and how much of it.
#include "core/pipeline/content_judge.h"

#include <gtest/gtest.h>

namespace heliograph::pipeline {
namespace {

using model::Channel;

class ContentJudgeTest : public testing::Test {
 protected:
  std::expected<void, FieldError> judge() {
    return judge_content(limits, model::channel_info(given.channel), given);
  }
  std::string pointer() {
    const auto verdict = judge();
    return verdict ? "accepted" : verdict.error().pointer;
  }
  void use(Channel channel) {
    given = {};
    given.channel = channel;
    given.text = "Hello";
  }
  static model::Attachment file(std::string name = "a.txt", std::string type = "text/plain",
                                std::string bytes = "x") {
    return {.name = std::move(name), .content_type = std::move(type), .bytes = std::move(bytes)};
  }
  static model::Media picture(std::string url = "https://example.com/a.png") {
    return {.url = std::move(url), .content_type = {}};
  }

  config::Messages limits;
  Submission given;
};

TEST_F(ContentJudgeTest, AnSmsRefusesWhatItCannotCarryByName) {
  use(Channel::kSms);
  EXPECT_EQ(pointer(), "accepted");
  given.content.subject = "S";
  EXPECT_EQ(pointer(), "/subject");
  EXPECT_EQ(judge().error().detail, "A message of the channel sms has no subject.");
  given.content = {.subject = {}, .html = "<p>", .media = {}, .attachments = {}};
  EXPECT_EQ(pointer(), "/html");
  given.content = {.subject = {}, .html = {}, .media = {picture()}, .attachments = {}};
  EXPECT_EQ(pointer(), "/media");
  given.content = {.subject = {}, .html = {}, .media = {}, .attachments = {file()}};
  EXPECT_EQ(pointer(), "/attachments");
}

TEST_F(ContentJudgeTest, MediaAreOfAnMmsAndAttachmentsOfAnEMail) {
  use(Channel::kMms);
  given.content.media = {picture()};
  EXPECT_EQ(pointer(), "accepted");
  given.content.attachments = {file()};
  EXPECT_EQ(pointer(), "/attachments");
  use(Channel::kEmail);
  given.content.attachments = {file()};
  EXPECT_EQ(pointer(), "accepted");
  given.content.media = {picture()};
  EXPECT_EQ(pointer(), "/media");
}

TEST_F(ContentJudgeTest, ThereMustBeSomethingToSend) {
  use(Channel::kSms);
  given.text.clear();
  EXPECT_EQ(pointer(), "/text");
  EXPECT_EQ(judge().error().detail,
            "There is nothing to send: a message of the channel sms needs text.");
  use(Channel::kMms);
  given.text.clear();
  EXPECT_EQ(judge().error().detail,
            "There is nothing to send: a message of the channel mms needs text or media.");
  given.content.media = {picture()};
  EXPECT_EQ(pointer(), "accepted");
  use(Channel::kEmail);
  given.text.clear();
  given.content.subject = "S";
  given.content.attachments = {file()};
  EXPECT_EQ(judge().error().detail,
            "There is nothing to send: a message of the channel email needs text or html.");
  given.content.html = "<p>";
  EXPECT_EQ(pointer(), "accepted");
}

TEST_F(ContentJudgeTest, ASubjectIsOneShortLine) {
  use(Channel::kEmail);
  for (int i = 0; i < 255; ++i) given.content.subject += "\xC3\xA4";
  EXPECT_EQ(pointer(), "accepted");
  given.content.subject += "x";
  EXPECT_EQ(pointer(), "/subject");
  for (const char* bad : {"a\nb", "a\r\nBcc: x@y", "a\x7f", "\xff"}) {
    given.content.subject = bad;
    EXPECT_EQ(pointer(), "/subject") << bad;
  }
}

TEST_F(ContentJudgeTest, MediaAreFewAndWebAddresses) {
  use(Channel::kMms);
  given.content.media.assign(10, picture());
  EXPECT_EQ(pointer(), "accepted");
  given.content.media.push_back(picture());
  EXPECT_EQ(pointer(), "/media");
  given.content.media = {picture(), picture("file:///etc/passwd")};
  EXPECT_EQ(pointer(), "/media/1");
}

TEST_F(ContentJudgeTest, AttachmentsAreFewAndNamed) {
  use(Channel::kEmail);
  given.content.attachments.assign(10, file());
  EXPECT_EQ(pointer(), "accepted");
  given.content.attachments.push_back(file());
  EXPECT_EQ(pointer(), "/attachments");
  for (const char* bad : {"", "../a", "a\\b", "a\nb", "\xff"}) {
    given.content.attachments = {file(), file(bad)};
    EXPECT_EQ(pointer(), "/attachments/1/filename") << bad;
  }
  for (const char* good : {"text/plain", "image/svg+xml", "text/plain; charset=utf-8"}) {
    given.content.attachments = {file("a", good)};
    EXPECT_EQ(pointer(), "accepted") << good;
  }
  for (const char* bad : {"", "text", "/", "a/", "/b", "a b/c", "a/b\r\nX: y", "a/b/c"}) {
    given.content.attachments = {file("a", bad)};
    EXPECT_EQ(pointer(), "/attachments/0/content_type") << bad;
  }
}

TEST_F(ContentJudgeTest, OneBoundForAllThatMakesAnEMailLarge) {
  limits.content_max = 1'024;
  use(Channel::kEmail);
  given.text = std::string(1'000, 'a');
  given.content.html = std::string(24, 'a');
  EXPECT_EQ(pointer(), "accepted");
  given.content.html += "a";
  EXPECT_EQ(pointer(), "/html");
  given.content.html.clear();
  given.text = std::string(1'025, 'a');
  EXPECT_EQ(pointer(), "/text");
  given.text = "a";
  given.content.attachments = {file("a", "a/b", std::string(1'023, '\0'))};
  EXPECT_EQ(pointer(), "accepted");
  given.content.attachments.push_back(file());
  EXPECT_EQ(pointer(), "/attachments");
}

TEST_F(ContentJudgeTest, ATextOfTelephonyIsCountedInCharacters) {
  limits.text_max = 4;
  limits.content_max = 1'024;
  for (const Channel channel : {Channel::kSms, Channel::kMms}) {
    use(channel);
    given.text = "\xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9F";
    EXPECT_EQ(pointer(), "accepted");
    given.text += "x";
    EXPECT_EQ(pointer(), "/text");
  }
  use(Channel::kEmail);
  given.text = "more than four";
  EXPECT_EQ(pointer(), "accepted");
}

}  // namespace
}  // namespace heliograph::pipeline
