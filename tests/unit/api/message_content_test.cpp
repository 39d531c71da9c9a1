// POST /v1/messages beyond text: channels, subject, html, media, attachments - and how they are
// shown again.
#include <gtest/gtest.h>

#include "core/base/base64.h"
#include "tests/unit/api/api_fixture.h"

namespace heliograph::test {
namespace {

class MessageContent : public ApiTest {
 protected:
  std::string pointer_of(const nlohmann::json& body) {
    const http::Response response = send(post("/v1/messages", body.dump()));
    if (response.status == 202) return "accepted";
    EXPECT_EQ(response.status, 400u) << response.body;
    return json_of(response).value("pointer", "");
  }
  static nlohmann::json email() {
    return {{"channel", "email"},
            {"to", "someone@example.com"},
            {"from", "shop@example.com"},
            {"subject", "Your order"},
            {"text", "It is on its way."},
            {"html", "<p>It is on its way.</p>"},
            {"attachments",
             {{{"filename", "a.txt"}, {"content_type", "text/plain"}, {"content", "Zm8="}}}}};
  }
  static nlohmann::json mms() {
    return {{"channel", "mms"},
            {"to", "+14155552671"},
            {"from", "TEST"},
            {"media", {"https://example.com/a.png"}}};
  }
};

TEST_F(MessageContent, AnEMailIsReadWhole) {
  ASSERT_EQ(pointer_of(email()), "accepted");
  const model::NewMessage& message = store.accepted.at(0).message;
  EXPECT_EQ(message.channel, model::Channel::kEmail);
  EXPECT_EQ(message.to, "someone@example.com");
  EXPECT_EQ(message.text, "It is on its way.");
  EXPECT_EQ(message.parts, 1);
  const auto content = model::unpack(message.content);
  ASSERT_TRUE(content);
  EXPECT_EQ(content->subject, "Your order");
  EXPECT_EQ(content->html, "<p>It is on its way.</p>");
  ASSERT_EQ(content->attachments.size(), 1u);
  EXPECT_EQ(content->attachments[0],
            (model::Attachment{.name = "a.txt", .content_type = "text/plain", .bytes = "fo"}));
}

TEST_F(MessageContent, AnMmsNeedsNoText) {
  ASSERT_EQ(pointer_of(mms()), "accepted");
  const auto content = model::unpack(store.accepted.at(0).message.content);
  ASSERT_TRUE(content);
  ASSERT_EQ(content->media.size(), 1u);
  EXPECT_EQ(content->media[0].url, "https://example.com/a.png");
}

TEST_F(MessageContent, APlainSmsHasNone) {
  ASSERT_EQ(send(post("/v1/messages", valid_message())).status, 202u);
  EXPECT_EQ(store.accepted.at(0).message.content, "");
}

TEST_F(MessageContent, AnAttachmentWithoutATypeIsJustBytes) {
  auto body = email();
  body["attachments"][0].erase("content_type");
  ASSERT_EQ(pointer_of(body), "accepted");
  const auto content = model::unpack(store.accepted.at(0).message.content);
  EXPECT_EQ(content->attachments.at(0).content_type, "application/octet-stream");
}

TEST_F(MessageContent, BadFieldsAreNamed) {
  using Change = void (*)(nlohmann::json&);
  const struct {
    bool email;
    Change change;
    const char* pointer;
  } cases[] = {
      {true, [](auto& b) { b["channel"] = "voice"; }, "/channel"},
      {true, [](auto& b) { b["channel"] = 1; }, "/channel"},
      {true, [](auto& b) { b["to"] = "Someone <someone@example.com>"; }, "/to"},
      {true, [](auto& b) { b["to"] = "+14155552671"; }, "/to"},
      {true, [](auto& b) { b["from"] = "SHOP"; }, "/from"},
      {true, [](auto& b) { b["subject"] = "a\nb"; }, "/subject"},
      {true, [](auto& b) { b["subject"] = 5; }, "/subject"},
      {true, [](auto& b) { b["html"] = nlohmann::json::array(); }, "/html"},
      {true, [](auto& b) { b["media"] = {"https://example.com/"}; }, "/media"},
      {true, [](auto& b) { b["attachments"] = "x"; }, "/attachments"},
      {true, [](auto& b) { b["attachments"][0] = "x"; }, "/attachments/0"},
      {true, [](auto& b) { b["attachments"][0].erase("filename"); }, "/attachments/0/filename"},
      {true, [](auto& b) { b["attachments"][0]["filename"] = "../x"; }, "/attachments/0/filename"},
      {true, [](auto& b) { b["attachments"][0]["content_type"] = "x"; },
       "/attachments/0/content_type"},
      {true, [](auto& b) { b["attachments"][0].erase("content"); }, "/attachments/0/content"},
      {true, [](auto& b) { b["attachments"][0]["content"] = "Zm8"; }, "/attachments/0/content"},
      {true, [](auto& b) { b["attachments"][0]["content"] = 1; }, "/attachments/0/content"},
      {true, [](auto& b) { b["attachments"][0]["name"] = "x"; }, "/attachments/0/name"},
      {true,
       [](auto& b) {
         b.erase("text");
         b.erase("html");
       },
       "/text"},
      {false, [](auto& b) { b["media"] = "https://example.com/"; }, "/media"},
      {false, [](auto& b) { b["media"][0] = 5; }, "/media/0"},
      {false, [](auto& b) { b["media"][0] = "example.com/a.png"; }, "/media/0"},
      {false, [](auto& b) { b["media"] = nlohmann::json::array(); }, "/text"},
      {false, [](auto& b) { b["media"] = std::vector<std::string>(11, "https://a/"); }, "/media"},
      {false, [](auto& b) { b["channel"] = "sms"; }, "/media"},
      {false, [](auto& b) { b["subject"] = "x"; }, "/subject"},
      {false, [](auto& b) { b["html"] = "x"; }, "/html"},
  };
  for (const auto& c : cases) {
    nlohmann::json body = c.email ? email() : mms();
    c.change(body);
    EXPECT_EQ(pointer_of(body), c.pointer) << body.dump();
  }
  EXPECT_TRUE(store.accepted.empty());
}

TEST_F(MessageContent, WhatIsTooLargeNamesTheAttachments) {
  intake_settings.messages.content_max = 1'024;
  rebuild();
  auto body = email();
  body["attachments"][0]["content"] = base::to_base64(std::string(1'100, 'x'));
  EXPECT_EQ(pointer_of(body), "/attachments");
}

TEST_F(MessageContent, OneMessageShowsItWithoutTheBytes) {
  auto& message = store.put(demo, model::Status::kQueued);
  message.channel = model::Channel::kEmail;
  message.content = model::ContentView{
      .subject = "S",
      .html = "<p>",
      .media = {{.url = "https://example.com/a.png", .content_type = ""}},
      .attachments = {{.name = "a.txt", .content_type = "text/plain", .size = 3}}};
  const auto json = json_of(send(get("/v1/messages/" + message.id.to_string())));
  EXPECT_EQ(json.at("channel"), "email");
  EXPECT_EQ(json.at("subject"), "S");
  EXPECT_EQ(json.at("html"), "<p>");
  EXPECT_EQ(json.at("media"), nlohmann::json::array({"https://example.com/a.png"}));
  EXPECT_EQ(
      json.at("attachments"),
      nlohmann::json::parse(R"([{"filename":"a.txt","content_type":"text/plain","size":3}])"));
}

}  // namespace
}  // namespace heliograph::test
