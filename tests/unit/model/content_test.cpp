#include "core/model/content.h"

#include <gtest/gtest.h>

namespace heliograph::model {
namespace {

Content everything() {
  return {.subject =
              "Gr\xC3\xBC\xC3\x9F"
              "e \"quoted\"",
          .html = "<p>\n\t\\</p>",
          .media = {{.url = "https://a.example/1.png", .content_type = "image/png"},
                    {.url = "https://a.example/2", .content_type = ""}},
          .attachments = {{.name = "a.bin",
                           .content_type = "application/octet-stream",
                           .bytes = std::string("\0\xff\n", 3)},
                          {.name = "empty", .content_type = "text/plain", .bytes = ""}}};
}

TEST(ContentTest, NothingPacksToNothing) {
  EXPECT_TRUE(Content().empty());
  EXPECT_EQ(pack(Content()), "");
}

TEST(ContentTest, UnpacksWhatWasPacked) {
  EXPECT_EQ(unpack(pack(everything())), everything());
  const Content subject_only{.subject = "x", .html = {}, .media = {}, .attachments = {}};
  EXPECT_EQ(unpack(pack(subject_only)), subject_only);
}

// Texts that look like the place where an attachment's bytes begin.
TEST(ContentTest, NothingInATextIsTakenForBytes) {
  const Content content{
      .subject = R"("content":"AAAA")",
      .html = R"({"attachments":[{"content":"Zm8="}]}\",\\"content":")",
      .media = {{.url = R"("content":")", .content_type = R"(\"content":"\)"}},
      .attachments = {
          {.name = R"("content":")", .content_type = R"(x","content":"y)", .bytes = "1"},
          {.name = "\\", .content_type = "\\\"", .bytes = R"("content":")"}}};
  EXPECT_EQ(unpack(pack(content)), content);
  ASSERT_TRUE(unpack_view(pack(content)));
  EXPECT_EQ(unpack_view(pack(content))->attachments.at(1).size, 11U);
}

// What is stored must be readable by later versions: this text must never change its meaning.
TEST(ContentTest, StoredForm) {
  const auto content =
      unpack(R"({"attachments":[{"content":"Zm8=","content_type":"text/plain","name":"a.txt"}],)"
             R"("html":"<b>","media":[{"url":"http://m/1"}],"subject":"S"})");
  ASSERT_TRUE(content);
  EXPECT_EQ(content->subject, "S");
  EXPECT_EQ(content->html, "<b>");
  EXPECT_EQ(content->media.at(0).url, "http://m/1");
  EXPECT_EQ(content->attachments.at(0).bytes, "fo");
}

TEST(ContentTest, ViewHasSizesInsteadOfBytes) {
  const auto view = unpack_view(pack(everything()));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->subject, everything().subject);
  EXPECT_EQ(view->html, everything().html);
  EXPECT_EQ(view->media, everything().media);
  ASSERT_EQ(view->attachments.size(), 2U);
  EXPECT_EQ(view->attachments[0].name, "a.bin");
  EXPECT_EQ(view->attachments[0].size, 3U);
  EXPECT_EQ(view->attachments[1].size, 0U);
}

TEST(ContentTest, WhatIsNotIntactIsNotUnpacked) {
  for (const char* bad :
       {"", "[]", "{", R"({"attachments":[{"content":"Zm8=)", R"({"attachments":[{"name":"a"}]})",
        R"({"attachments":[5]})", R"({"subject":1})", R"({"media":{}})", R"({"media":[1]})",
        R"({"attachments":[{"name":"a","content_type":"b","content":"?"}]})"}) {
    EXPECT_FALSE(unpack(bad)) << bad;
  }
}

}  // namespace
}  // namespace heliograph::model
