// What becomes of sends between the ABI and a provider's class, exceptions included.
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <stdexcept>
#include <vector>

#include "glue_fixture.h"

namespace heliograph::sdk::testing {
namespace {

// What the next send() does; set by the test.
std::function<void(SendTicket&&)> next_send;

struct Later {
  Caps caps() const { return {.channels = HG_CH_SMS | HG_CH_EMAIL, .max_in_flight = 9}; }
  void send(const Outgoing&, SendTicket&& ticket) { next_send(std::move(ticket)); }
};

struct AtOnce {
  Caps caps() const { return {.max_batch = 5, .dedupes = true, .receipts = true, .inbound = true}; }
  SendResult send(const Outgoing& outgoing) {
    if (outgoing.message.body() == "throw") throw std::runtime_error("oops");
    SendResult result = SendResult::sent(outgoing.message.id());
    result.segments = outgoing.attempt;
    result.provider_code = outgoing.resend ? "again" : "first";
    return result;
  }
};

TEST(ProviderGlueTest, AnAnswerAtOnce) {
  Rig<AtOnce> rig;
  ProviderDriver provider(*rig.instance);
  const auto result = provider.result_of({.id = "m"}, {.attempt = 3, .flags = HG_SEND_F_RESEND});
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->outcome, HG_SENT);
  EXPECT_EQ(result->provider_msg_id, "m");
  EXPECT_EQ(result->segments, 3U);
  EXPECT_EQ(result->provider_code, "again");
}

TEST(ProviderGlueTest, CapabilitiesAreTranslated) {
  Rig<AtOnce> rig;
  const hg_provider_caps caps = ProviderDriver(*rig.instance).caps();
  EXPECT_EQ(caps.channels, HG_CH_SMS);
  EXPECT_EQ(caps.max_batch, 5U);
  EXPECT_EQ(caps.max_inflight, 0U);
  EXPECT_EQ(caps.flags, HG_CAP_DEDUPES | HG_CAP_RECEIPTS | HG_CAP_INBOUND);
}

TEST(ProviderGlueTest, AnOlderHostsCapabilitiesAreNotOverrun) {
  Rig<Later> rig;
  hg_provider_caps caps{};
  caps.size = offsetof(hg_provider_caps, max_inflight);
  const auto& vtable = *static_cast<const hg_provider*>(component_of<Later>().vtbl);
  EXPECT_EQ(vtable.caps(rig.instance->raw(), &caps), HG_OK);
  EXPECT_EQ(caps.channels, HG_CH_SMS | HG_CH_EMAIL);
  EXPECT_EQ(caps.max_inflight, 0U);
}

TEST(ProviderGlueTest, ATicketCanBeAnsweredLater) {
  Rig<Later> rig;
  std::optional<SendTicket> kept;
  next_send = [&](SendTicket&& ticket) { kept.emplace(std::move(ticket)); };
  const auto sent = ProviderDriver(*rig.instance).send();
  EXPECT_TRUE(sent.accepted);
  EXPECT_EQ(rig.host.sent(sent.op), std::nullopt);
  EXPECT_EQ(kept->op(), sent.op);
  kept->complete(SendResult::throttled(std::chrono::seconds{2}, "slow down"));
  kept->complete(SendResult::sent("twice"));  // ignored
  EXPECT_EQ(rig.host.sent(sent.op)->outcome, HG_THROTTLED);
  EXPECT_EQ(rig.host.sent(sent.op)->retry_after_ns, 2'000'000'000U);
  EXPECT_EQ(rig.host.sent(sent.op)->detail, "slow down");
}

TEST(ProviderGlueTest, ATicketThatIsLostIsUnknown) {
  Rig<Later> rig;
  ProviderDriver provider(*rig.instance);
  next_send = [](SendTicket&&) {};
  EXPECT_EQ(provider.result_of()->outcome, HG_UNKNOWN);
  next_send = [](SendTicket&& ticket) { const SendTicket dropped(std::move(ticket)); };
  EXPECT_EQ(provider.result_of()->outcome, HG_UNKNOWN);
  std::optional<SendTicket> kept;
  next_send = [&](SendTicket&& ticket) { kept.emplace(std::move(ticket)); };
  const auto first = provider.send();
  next_send = [&](SendTicket&& ticket) { *kept = std::move(ticket); };  // over the first
  const auto second = provider.send();
  EXPECT_EQ(rig.host.sent(first.op)->outcome, HG_UNKNOWN);
  EXPECT_EQ(rig.host.sent(second.op), std::nullopt);
}

TEST(ProviderGlueTest, AnExceptionBeforeTheTicketIsTaken) {
  Rig<Later> rig;
  next_send = [](SendTicket&&) { throw std::runtime_error("out of luck"); };
  const auto sent = ProviderDriver(*rig.instance).send();
  EXPECT_EQ(sent.status, HG_E_PANIC);
  EXPECT_FALSE(sent.accepted);
  EXPECT_TRUE(rig.host.logged("out of luck"));
}

TEST(ProviderGlueTest, AnExceptionThatUnwindsTheTicket) {
  Rig<Later> rig;
  next_send = [](SendTicket&& ticket) {
    const SendTicket mine(std::move(ticket));
    throw 7;
  };
  const auto sent = ProviderDriver(*rig.instance).send();
  EXPECT_EQ(sent.status, HG_E_PANIC);
  EXPECT_TRUE(sent.accepted);
  EXPECT_EQ(rig.host.sent(sent.op)->outcome, HG_UNKNOWN);
  EXPECT_TRUE(rig.host.logged("an exception of unknown type"));
}

TEST(ProviderGlueTest, AnExceptionAfterTheTicketWasKept) {
  Rig<Later> rig;
  std::optional<SendTicket> kept;
  next_send = [&](SendTicket&& ticket) {
    kept.emplace(std::move(ticket));
    throw std::runtime_error("late");
  };
  const auto sent = ProviderDriver(*rig.instance).send();
  EXPECT_EQ(sent.status, HG_E_PANIC);
  EXPECT_TRUE(sent.accepted);
  kept->complete(SendResult::sent("m"));
  EXPECT_EQ(rig.host.sent(sent.op)->outcome, HG_SENT);
}

TEST(ProviderGlueTest, AnExceptionStopsABatchWhereItHappens) {
  Rig<AtOnce> rig;
  const auto sent = ProviderDriver(*rig.instance).send_batch({{}, {.body = "throw"}, {}});
  EXPECT_EQ(sent[0].status, HG_E_PANIC);
  EXPECT_TRUE(sent[0].accepted);
  EXPECT_FALSE(sent[1].accepted);
  EXPECT_FALSE(sent[2].accepted);
  EXPECT_EQ(rig.host.sent(sent[0].op)->outcome, HG_SENT);
}

struct Narrow {
  Caps caps() const { return {}; }
  hg_status send(const Outgoing&, SendTicket&& ticket) {
    if (taken.size() == 2) return HG_E_BUSY;
    taken.push_back(std::move(ticket));
    return HG_OK;
  }
  void cancel(hg_op op, hg_status) {
    if (op == taken.at(1).op()) throw std::runtime_error("cannot cancel");
    taken.at(0).complete(SendResult::unknown("cancelled"));
  }
  void stop() { taken.clear(); }  // what is still unanswered is answered: unknown
  std::vector<SendTicket> taken;
};

TEST(ProviderGlueTest, BusyLeavesTheRestToTheHost) {
  Rig<Narrow> rig;
  rig.instance->start();
  ProviderDriver provider(*rig.instance);
  const auto sent = provider.send_batch({{}, {}, {}, {}});
  EXPECT_EQ(sent[0].status, HG_E_BUSY);
  EXPECT_TRUE(sent[1].accepted);
  EXPECT_FALSE(sent[2].accepted);
  EXPECT_FALSE(sent[3].accepted);
  provider.cancel(sent[0].op);
  EXPECT_EQ(rig.host.sent(sent[0].op)->detail, "cancelled");
  provider.cancel(sent[1].op);
  EXPECT_TRUE(rig.host.logged("cannot cancel"));
  rig.instance->stop();
  EXPECT_EQ(rig.host.sent(sent[1].op)->outcome, HG_UNKNOWN);
}

struct Batches {
  explicit Batches(Host h) : host(h) {}
  Caps caps() const { return {.max_batch = 100}; }
  hg_status send_batch(std::span<const hg_send_item> items, std::size_t& accepted) {
    if (items.size() > 2) throw std::runtime_error("too many");
    for (const hg_send_item& item : items) {
      SendTicket(host, item.op).complete(SendResult::sent(Message(*item.msg).id()));
    }
    accepted = items.size();
    return HG_OK;
  }
  Host host;
};

TEST(ProviderGlueTest, TheAbisOwnForm) {
  Rig<Batches> rig;
  ProviderDriver provider(*rig.instance);
  const auto sent = provider.send_batch({{.id = "a"}, {.id = "b"}});
  EXPECT_EQ(rig.host.sent(sent[1].op)->provider_msg_id, "b");
  EXPECT_EQ(provider.send_batch({{}, {}, {}})[0].status, HG_E_PANIC);
}

// The glue says that nothing waits for cancel() where the class has none.
TEST(ProviderGlueTest, OptionalSlotsStayEmpty) {
  const hg_component& made = component_of<Later>();
  EXPECT_EQ(static_cast<const hg_provider*>(made.vtbl)->cancel, nullptr);
  EXPECT_EQ(made.life->start, nullptr);
  EXPECT_EQ(made.life->drain, nullptr);
  EXPECT_EQ(made.life->stop, nullptr);
  EXPECT_EQ(made.life->reconfigure, nullptr);
  EXPECT_EQ(made.kind, HG_KIND_PROVIDER);
}

}  // namespace
}  // namespace heliograph::sdk::testing
