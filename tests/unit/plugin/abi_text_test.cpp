#include "core/plugin/abi_text.h"

#include <gtest/gtest.h>

#include "core/plugin/abi_message.h"

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

TEST(AbiMessage, InboundEventsAreRefusedNotDropped) {
  hg_event event{};
  event.size = sizeof event;
  event.kind = HG_EV_INBOUND;
  const hg_event* const events[] = {&event};
  EXPECT_FALSE(to_receipts({}, events, 1));
  const hg_event* const nothing[] = {nullptr};
  EXPECT_FALSE(to_receipts({}, nothing, 1));
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
  const auto receipts = to_receipts(model::ProviderKey{2}, events, 1);
  ASSERT_TRUE(receipts);
  EXPECT_EQ(receipts->front().message_id, id);
  EXPECT_EQ(receipts->front().state, model::ReceiptState::kUnknown);
  EXPECT_EQ(receipts->front().at, model::TimePoint{std::chrono::milliseconds{1500}});
}

TEST(AbiMessage, ARequeueIsANewOrderUnlessTheFirstMayHaveBeenSent) {
  model::WorkItem item;
  item.id = model::MessageId::from_parts(77 << 16, 5);
  const auto key_of = [&item](std::uint16_t cycle, bool possible_duplicate) {
    item.cycle = cycle;
    item.possible_duplicate = possible_duplicate;
    AbiMessage message;
    EXPECT_TRUE(message.fill(item, {}));
    return std::string(view_of(message.view.idempotency_key));
  };
  const std::string id = item.id.to_string();
  EXPECT_EQ(key_of(0, false), id);
  EXPECT_EQ(key_of(0, true), id);
  EXPECT_EQ(key_of(1, false), id + ".1");
  EXPECT_EQ(key_of(2, false), id + ".2");
  EXPECT_EQ(key_of(2, true), id);

  hg_event event{};
  event.size = sizeof event;
  event.kind = HG_EV_RECEIPT;
  const std::string echoed = id + ".2";
  event.message_id = to_abi(echoed);
  const hg_event* const events[] = {&event};
  EXPECT_EQ(to_receipts(model::ProviderKey{2}, events, 1)->front().message_id, item.id);
}

}  // namespace
}  // namespace heliograph::plugin
