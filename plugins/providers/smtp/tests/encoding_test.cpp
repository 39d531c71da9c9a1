// Encodings, header fields, addresses: against the words of the RFCs.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "plugins/providers/smtp/address.h"
#include "plugins/providers/smtp/encoding.h"
#include "plugins/providers/smtp/header_field.h"
#include "plugins/providers/smtp/mail.h"

namespace heliograph::plugins::smtp {
namespace {

template <typename Encoder>
std::string encoded(std::string_view input, std::size_t step) {
  Encoder encoder(input);
  std::string out;
  while (encoder.append(out, step)) {
  }
  return out;
}

std::string as_quoted_printable(std::string_view input) {
  return encoded<QuotedPrintable>(input, 1'000'000);
}

TEST(EncodingTest, Base64OfRfc4648) {
  const std::pair<std::string_view, std::string_view> kVectors[] = {{"", ""},
                                                                    {"f", "Zg=="},
                                                                    {"fo", "Zm8="},
                                                                    {"foo", "Zm9v"},
                                                                    {"foob", "Zm9vYg=="},
                                                                    {"fooba", "Zm9vYmE="},
                                                                    {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, base64] : kVectors) EXPECT_EQ(base64_of(plain), base64);
  EXPECT_EQ(base64_of("\xFF\xFE\xFD"), "//79");
}

TEST(EncodingTest, Base64LinesAre76LongAndTheirSizeIsKnown) {
  for (const std::size_t size : {0u, 1u, 56u, 57u, 58u, 114u, 1'000u, 70'000u}) {
    const std::string input(size, 'x');
    const std::string out = encoded<Base64Lines>(input, 1'000);
    EXPECT_EQ(out.size(), Base64Lines::size_of(size)) << size;
    EXPECT_EQ(out, encoded<Base64Lines>(input, 1)) << "in pieces of any size";
    for (std::size_t at = 76; at < out.size(); at += 78) EXPECT_EQ(out.substr(at, 2), "\r\n");
  }
}

TEST(EncodingTest, QuotedPrintable) {
  EXPECT_EQ(as_quoted_printable("plain text"), "plain text");
  EXPECT_EQ(as_quoted_printable("a=b"), "a=3Db");
  EXPECT_EQ(as_quoted_printable("\xC3\xBC"), "=C3=BC");
  EXPECT_EQ(as_quoted_printable(std::string_view("\0", 1)), "=00");
  EXPECT_EQ(as_quoted_printable("a \nb\t\r\nc "), "a=20\r\nb=09\r\nc=20")
      << "blanks at a line's end get lost";
  EXPECT_EQ(as_quoted_printable("a b\tc"), "a b\tc");
  EXPECT_EQ(as_quoted_printable("a\nb\rc\r\nd\n\ne"), "a\r\nb\r\nc\r\nd\r\n\r\ne");
}

TEST(EncodingTest, QuotedPrintableLinesAreShort) {
  for (const std::string_view unit : {"x", "\xC3\xBC", "ab=", "word ", "."}) {
    std::string input;
    for (int i = 0; i < 500; ++i) input += unit;
    const std::string out = as_quoted_printable(input);
    std::size_t begin = 0;
    while (begin < out.size()) {
      const std::size_t end = std::min(out.find("\r\n", begin), out.size());
      EXPECT_LE(end - begin, 76u);
      begin = end + 2;
    }
    for (const std::size_t step : {1u, 7u, 64u}) {
      EXPECT_EQ(encoded<QuotedPrintable>(input, step), out) << step;
    }
  }
}

std::string text_field(std::string_view name, std::string_view value) {
  std::string out;
  append_text_field(out, name, value);
  return out;
}

TEST(HeaderTest, PlainTextStaysReadable) {
  EXPECT_EQ(text_field("Subject", "Your order 17 (paid)"), "Subject: Your order 17 (paid)\r\n");
  EXPECT_EQ(text_field("Subject", ""), "Subject: \r\n");
}

TEST(HeaderTest, LongTextIsFoldedAtBlanks) {
  const std::string out = text_field("Subject", std::string(40, 'a') + " " + std::string(40, 'b'));
  EXPECT_EQ(out, "Subject: " + std::string(40, 'a') + "\r\n " + std::string(40, 'b') + "\r\n");
}

TEST(HeaderTest, WhatWouldChangeOnItsWayIsEncoded) {
  EXPECT_EQ(text_field("Subject", "Grüße"), "Subject: =?UTF-8?B?R3LDvMOfZQ==?=\r\n");
  for (const std::string_view value :
       {"=?UTF-8?Q?x?=", "two  blanks", " leading", "trailing ", "a\tb"}) {
    EXPECT_EQ(text_field("Subject", value), "Subject: =?UTF-8?B?" + base64_of(value) + "?=\r\n");
  }
}

TEST(HeaderTest, EncodedWordsHoldWholeCharacters) {
  std::string value;
  for (int i = 0; i < 60; ++i) value += "🎉";
  const std::string out = text_field("Subject", value);
  std::size_t begin = 0;
  int words = 0;
  while (begin < out.size()) {
    const std::size_t end = out.find("\r\n", begin);
    EXPECT_LE(end - begin, 76u);
    const std::size_t word = out.find("?B?", begin) + 3;
    // Four bytes a character: base64 of whole ones has a length that says so.
    const std::size_t padding = out[end - 3] == '=' ? (out[end - 4] == '=' ? 2 : 1) : 0;
    EXPECT_EQ(((end - 2 - word) / 4 * 3 - padding) % 4, 0u);
    begin = end + 2;
    ++words;
  }
  EXPECT_GT(words, 4);
}

TEST(HeaderTest, FileNames) {
  const auto disposition = [](std::string_view name) {
    std::string out;
    append_field_with_parameter(out, "Content-Disposition", "attachment", "filename", name);
    return out;
  };
  EXPECT_EQ(disposition(""), "Content-Disposition: attachment\r\n");
  EXPECT_EQ(disposition("a \"b\".txt"),
            "Content-Disposition: attachment;\r\n filename=\"a \\\"b\\\".txt\"\r\n");
  EXPECT_EQ(disposition("ü/=.pdf"),
            "Content-Disposition: attachment;\r\n filename*=UTF-8''%C3%BC%2F%3D.pdf\r\n");
  const std::string out = disposition(std::string(100, 'n'));
  EXPECT_NE(out.find(";\r\n filename*0*=UTF-8''nnn"), std::string::npos) << out;
  EXPECT_NE(out.find(";\r\n filename*1*=nnn"), std::string::npos) << out;
}

TEST(AddressTest, Forms) {
  for (const std::string_view good :
       {"a@example.com", "a.b+c@example.com", "a..b@docomo.ne.jp", "o'neill@x.y", "a@[127.0.0.1]",
        "a@[IPv6:::1]", "a@localhost", "x!#$%&'*+-/=?^_`{|}~@example.com"}) {
    EXPECT_EQ(form_of_address(good), AddressForm::kAscii) << good;
  }
  for (const std::string_view good : {"jürgen@example.com", "a@münchen.example"}) {
    EXPECT_EQ(form_of_address(good), AddressForm::kInternational) << good;
  }
  for (const std::string_view bad :
       {"",          "a",       "@",         "a@",    "@b",           "a b@c",   "a@b c",
        "<a@b>",     "a@b>",    "a@b\r\n",   "a\n@b", "a@b..c",       "a@.b",    "a@b.",
        "a@[]",      "a@[x y]", "\"a b\"@c", "a,b@c", "+14155552671", "a@b\x01", "\xFF@b",
        "a@b SIZE=1"}) {
    EXPECT_EQ(form_of_address(bad), AddressForm::kInvalid) << bad;
  }
  EXPECT_EQ(form_of_address(std::string(65, 'a') + "@b"), AddressForm::kInvalid);
  EXPECT_EQ(form_of_address("a@" + std::string(260, 'b')), AddressForm::kInvalid);
}

TEST(AddressTest, Text) {
  EXPECT_TRUE(is_text("a\tb ü 🎉"));
  for (const std::string_view bad : {"a\nb", "a\rb", "\x7F", "\xC0\xAF", "\xED\xA0\x80",
                                     "\xF5\x80\x80\x80", "\xE2\x82", "\x80"}) {
    EXPECT_FALSE(is_text(bad));
  }
  EXPECT_FALSE(is_text(std::string_view("\0", 1)));
}

TEST(AddressTest, ContentTypes) {
  EXPECT_TRUE(is_content_type("text/html"));
  EXPECT_TRUE(is_content_type("text/html; charset=utf-8"));
  EXPECT_TRUE(is_content_type("application/vnd.ms-excel"));
  for (const std::string_view bad :
       {"", "text", "text/", "/html", "text/html\r\nBcc: x", "te xt/html", "a/b/c"}) {
    EXPECT_FALSE(is_content_type(bad)) << bad;
  }
}

TEST(MailTest, Dates) {
  using std::chrono::seconds;
  EXPECT_EQ(date_of(seconds{784'111'777}), "Sun, 06 Nov 1994 08:49:37 +0000");
  EXPECT_EQ(date_of(seconds{1'709'164'800}), "Thu, 29 Feb 2024 00:00:00 +0000");
}

std::string read_all(const std::vector<Segment>& segments) {
  MailReader reader(segments);
  std::string all;
  while (!reader.ended()) all += reader.next();
  EXPECT_EQ(reader.next(), "");
  return all;
}

TEST(MailReaderTest, DotsAtTheBeginningOfLinesAreDoubled) {
  using Form = Segment::Form;
  EXPECT_EQ(read_all({{Form::kText, "a: b\r\n\r\n", {}},
                      {Form::kQuotedPrintable, {}, "."},
                      {Form::kText, "\r\n", {}}}),
            "a: b\r\n\r\n..\r\n.\r\n");
  EXPECT_EQ(read_all({{Form::kQuotedPrintable, {}, ".a\n.\nb.\n..\n"}}),
            "..a\r\n..\r\nb.\r\n...\r\n.\r\n");
  EXPECT_EQ(read_all({{Form::kText, "x", {}}, {Form::kQuotedPrintable, {}, ".y\n"}}),
            "x.y\r\n.\r\n")
      << "no line begins there";
  std::string dots(200, '.');
  const std::string all = read_all({{Form::kQuotedPrintable, {}, dots}});
  EXPECT_NE(all.find("=\r\n.."), std::string::npos) << "a soft break begins a line too";
}

}  // namespace
}  // namespace heliograph::plugins::smtp
