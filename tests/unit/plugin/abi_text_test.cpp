#include "core/plugin/abi_text.h"

#include <gtest/gtest.h>

#include "core/plugin/abi_message.h"
#include "core/plugin/abi_report.h"

namespace heliograph::plugin {
namespace {

TEST(AbiText, CutsBetweenCharactersAndReplacesForeignBytes) {
  EXPECT_EQ(clean_text("abc", 10), "abc");
  EXPECT_EQ(clean_text("a\xC3\xA4"
                       "b",
                       2),
            "a")
      << "a character is not cut in two";
  EXPECT_EQ(clean_text("a\xC3\xA4"
                       "b",
                       3),
            "a\xC3\xA4");
  EXPECT_EQ(clean_text("a\xFF"
                       "b\n",
                       10),
            "a?b?");
  EXPECT_EQ(clean_text(hg_str{nullptr, 5}, 10), "");
}

TEST(AbiText, ErrorTextFallsBackToTheStatus) {
  auto error = empty_error();
  EXPECT_EQ(error_text(error, HG_E_IO), "HG_E_IO");
  EXPECT_EQ(error_text(error, -4711), "HG_E_INTERNAL");
  error.msg_len = 5'000;  // a plugin may say anything
  EXPECT_LE(error_text(error, HG_E_IO).size(), std::size_t{HG_ERROR_TEXT_MAX});
}

TEST(AbiText, SizedStructsAreReadAsFarAsTheyGo) {
  hg_limit_result filled{};
  filled.size = offsetof(hg_limit_result, retry_after_ns);
  filled.granted = 3;
  filled.retry_after_ns = 99;
  const auto own = copy_sized(&filled);
  EXPECT_EQ(own.granted, 3U);
  EXPECT_EQ(own.retry_after_ns, 0U);
  EXPECT_FALSE(plausible_size(3, 4));
  EXPECT_FALSE(plausible_size(UINT32_MAX, 4));
}

TEST(AbiMessage, ResultsOfPluginsAreBounded) {
  hg_send_result result{};
  result.size = sizeof result;
  result.outcome = 77;
  result.retry_after_ns = UINT64_MAX;
  const std::string endless(100'000, 'x');
  result.detail = to_abi(endless);
  const auto converted = to_model(result);
  EXPECT_EQ(converted.outcome, model::Outcome::kUnknown);
  EXPECT_EQ(converted.retry_after, std::chrono::hours{24});
  EXPECT_EQ(converted.detail.size(), 500U);
}

TEST(AbiMessage, IdsOfPartsAreAllGoodOrNoList) {
  const auto convert = [](std::vector<hg_str> ids, std::string_view whole = "w") {
    hg_send_result result{};
    result.size = sizeof result;
    result.outcome = HG_SENT;
    result.provider_msg_id = to_abi(whole);
    result.part_ids = ids.data();
    result.n_part_ids = ids.size();
    return to_model(result);
  };
  const auto good = convert({to_abi("a"), to_abi("b")});
  EXPECT_EQ(good.part_ids, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(good.provider_message_id, "a");
  EXPECT_EQ(convert({to_abi("a")}, "").provider_message_id, "a");
  EXPECT_EQ(convert({to_abi("a")}).provider_message_id, "w");
  EXPECT_TRUE(convert({to_abi("a")}).part_ids.empty()) << "one part is the message";
  EXPECT_TRUE(convert({to_abi("a"), to_abi("")}).part_ids.empty());
  EXPECT_TRUE(convert({to_abi("a"), to_abi("a")}).part_ids.empty());
  EXPECT_EQ(convert({to_abi("a"), to_abi("a")}).provider_message_id, "w");
  EXPECT_TRUE(convert(std::vector<hg_str>(HG_PART_IDS_MAX + 1, to_abi("a"))).part_ids.empty());
  hg_send_result nothing{};
  nothing.size = sizeof nothing;
  nothing.n_part_ids = 3;
  EXPECT_TRUE(to_model(nothing).part_ids.empty()) << "a number and no list";
}

hg_message inbound_message(std::string_view from, std::string_view to, std::string_view body) {
  hg_message message{};
  message.size = sizeof message;
  message.channel = HG_CH_SMS;
  message.from = to_abi(from);
  message.to = to_abi(to);
  message.body = to_abi(body);
  return message;
}

hg_event inbound_event(const hg_message* message) {
  hg_event event{};
  event.size = sizeof event;
  event.kind = HG_EV_INBOUND;
  event.message = message;
  return event;
}

TEST(AbiReport, AnInboundMessageIsCopiedWhole) {
  std::string from = "+15550001111";
  hg_message message = inbound_message(from, "+15550002222", "hello\nthere");
  message.subject = to_abi("greetings");
  hg_part parts[3] = {};
  for (hg_part& part : parts) part.size = sizeof part;
  parts[0].kind = HG_PART_MEDIA;
  parts[0].url = to_abi("https://example.com/cat.png");
  parts[0].content_type = to_abi("image/png");
  parts[1].kind = HG_PART_MEDIA;
  parts[1].url = to_abi("javascript:alert(1)");
  parts[2].kind = HG_PART_ALTERNATIVE;
  parts[2].body = to_abi("<b>hello</b>");
  message.parts = parts;
  message.n_parts = 3;
  hg_event event = inbound_event(&message);
  event.provider_msg_id = to_abi("SM1");
  event.dedup_key = to_abi("key-1");
  event.at_unix_ns = 1'500'000'000;
  const hg_event* const events[] = {&event};
  const auto report = to_report(model::ProviderKey{2}, "twilio", events, 1);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->receipts.empty());
  ASSERT_EQ(report->inbound.size(), 1U);
  from = "overwritten!";
  const model::InboundMessage& got = report->inbound.front();
  EXPECT_EQ(got.provider, "twilio");
  EXPECT_EQ(got.provider_message_id, "SM1");
  EXPECT_EQ(got.dedup_key, "key-1");
  EXPECT_EQ(got.channel, model::Channel::kSms);
  EXPECT_EQ(got.from, "+15550001111");
  EXPECT_EQ(got.to, "+15550002222");
  EXPECT_EQ(got.text, "hello\nthere");
  EXPECT_EQ(got.content.subject, "greetings");
  EXPECT_EQ(got.content.html, "<b>hello</b>");
  ASSERT_EQ(got.content.media.size(), 1U) << "what is no web address is not kept";
  EXPECT_EQ(got.content.media[0].url, "https://example.com/cat.png");
  EXPECT_EQ(got.at, model::TimePoint{std::chrono::milliseconds{1500}});
  EXPECT_FALSE(got.owner);
}

TEST(AbiReport, WhatCannotBeTakenIsRefusedNotDropped) {
  const auto refused = [](const hg_event* event) {
    const hg_event* const events[] = {event};
    const auto report = to_report({}, "p", events, 1);
    return report ? std::string() : report.error();
  };
  EXPECT_EQ(refused(nullptr), "an event is NULL");
  const hg_event without = inbound_event(nullptr);
  EXPECT_EQ(refused(&without), "an inbound event without a message");
  hg_message nobody = inbound_message("", "+1", "x");
  const hg_event from_nobody = inbound_event(&nobody);
  EXPECT_EQ(refused(&from_nobody), "an inbound message without from or to");
  for (const std::uint32_t channel : {0U, HG_CH_SMS | HG_CH_MMS, HG_CH_VOICE, 1U << 30}) {
    hg_message message = inbound_message("a", "b", "x");
    message.channel = channel;
    const hg_event event = inbound_event(&message);
    EXPECT_EQ(refused(&event), "an inbound message without a channel") << channel;
  }
  hg_event unknown = inbound_event(nullptr);
  unknown.kind = 77;
  EXPECT_EQ(refused(&unknown), "an event of an unknown kind");
}

TEST(AbiMessage, ReceiptMayEchoOurId) {
  const auto id = model::MessageId::from_parts(77 << 16, 5);
  const auto text = id.to_string();
  hg_event event{};
  event.size = sizeof event;
  event.kind = HG_EV_RECEIPT;
  event.message_id = to_abi(text);
  event.receipt_state = 42;
  event.at_unix_ns = 1'500'000'000;
  const hg_event* const events[] = {&event};
  const auto report = to_report(model::ProviderKey{2}, "p", events, 1);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->receipts.front().message_id, id);
  EXPECT_EQ(report->receipts.front().state, model::ReceiptState::kUnknown);
  EXPECT_EQ(report->receipts.front().at, model::TimePoint{std::chrono::milliseconds{1500}});
}

TEST(AbiMessage, ARequeueIsANewOrderUnlessTheFirstMayHaveBeenSent) {
  model::WorkItem item;
  item.id = model::MessageId::from_parts(77 << 16, 5);
  const auto key_of = [&item](std::uint16_t cycle, std::uint16_t key_cycle,
                              bool possible_duplicate) {
    item.cycle = cycle;
    item.key_cycle = key_cycle;
    item.possible_duplicate = possible_duplicate;
    AbiMessage message;
    EXPECT_TRUE(message.fill(item, {}));
    return std::string(view_of(message.view.idempotency_key));
  };
  const std::string id = item.id.to_string();
  EXPECT_EQ(key_of(0, 0, false), id);
  EXPECT_EQ(key_of(0, 0, true), id);
  EXPECT_EQ(key_of(1, 1, false), id + ".1");
  EXPECT_EQ(key_of(1, 1, true), id + ".1") << "doubts within a cycle change no key";
  EXPECT_EQ(key_of(2, 1, true), id + ".1") << "requeued out of a doubt";

  hg_event event{};
  event.size = sizeof event;
  event.kind = HG_EV_RECEIPT;
  const std::string echoed = id + ".2";
  event.message_id = to_abi(echoed);
  const hg_event* const events[] = {&event};
  EXPECT_EQ(to_report(model::ProviderKey{2}, "p", events, 1)->receipts.front().message_id, item.id);
}

}  // namespace
}  // namespace heliograph::plugin
