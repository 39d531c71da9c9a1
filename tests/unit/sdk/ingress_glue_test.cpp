// Requests of the peer's between the ABI and a provider's class.
#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>

#include "glue_fixture.h"

namespace heliograph::sdk::testing {
namespace {

struct Base {
  Caps caps() const { return {}; }
  SendResult send(const Outgoing&) { return SendResult::retry("never"); }
};

struct Answers : Base {
  IngressAnswer ingress(const IngressRequest& request) {
    if (request.body() == "throw") throw std::runtime_error("unreadable");
    if (request.header("x-signature") != "good") return IngressAnswer::error(401, "who are you");
    IngressAnswer answer;
    answer.code = 202;
    answer.body = std::string(request.method()) + " " + std::string(request.target());
    answer.events.add(Receipt{.message_id = std::string(request.body())});
    return answer;
  }
};

const Instance::Request kSigned{.body = "id-1", .headers = {{"x-signature", "good"}}};

TEST(IngressGlueTest, AnAnswerWaitsForItsEvents) {
  Rig<Answers> rig;
  rig.host.events().hold();
  const hg_op op = rig.instance->ingress(kSigned);
  EXPECT_FALSE(rig.host.events().reply(op).has_value());
  rig.host.events().settle(HG_OK);
  rig.host.run();
  ASSERT_TRUE(rig.host.events().reply(op).has_value());
  EXPECT_EQ(rig.host.events().reply(op)->code, 202U);
  EXPECT_EQ(rig.host.events().reply(op)->body, "POST /v1/providers/test/events");
  EXPECT_TRUE(rig.host.events().reply(op)->headers.empty());
  EXPECT_EQ(rig.host.events().stored().at(0).message_id, "id-1");
}

TEST(IngressGlueTest, EventsThatCannotBeStoredAre503) {
  Rig<Answers> rig;
  rig.host.events().hold();
  const hg_op op = rig.instance->ingress(kSigned);
  rig.host.events().settle(HG_E_IO);
  rig.host.run();
  EXPECT_EQ(rig.host.events().reply(op)->code, 503U);
  EXPECT_TRUE(rig.host.events().stored().empty());
}

TEST(IngressGlueTest, AnAnswerWithoutEvents) {
  Rig<Answers> rig;
  const hg_op op = rig.instance->ingress({.body = "id-1"});
  EXPECT_EQ(rig.host.events().reply(op)->code, 401U);
  EXPECT_EQ(rig.host.events().reply(op)->body, "who are you");
  EXPECT_EQ(value_of(rig.host.events().reply(op)->headers, "content-type"),
            "text/plain; charset=utf-8");
}

TEST(IngressGlueTest, AnExceptionIsTheHostsToAnswer) {
  Rig<Answers> rig;
  const hg_op op = rig.instance->ingress({.body = "throw"});
  EXPECT_FALSE(rig.host.events().reply(op).has_value());
  EXPECT_TRUE(rig.host.outstanding(OpKind::kIngress).empty());
  EXPECT_TRUE(rig.host.logged("unreadable"));
}

struct AnswersLater : Base {
  void ingress(const IngressRequest& request, IngressTicket ticket) {
    if (request.body() == "throw") throw std::runtime_error("unreadable");
    if (request.body() == "drop") return;
    kept.emplace(std::move(ticket));
    current = this;
  }
  std::optional<IngressTicket> kept;
  static inline AnswersLater* current = nullptr;
};

TEST(IngressGlueTest, ALaterAnswer) {
  Rig<AnswersLater> rig;
  const hg_op op = rig.instance->ingress({.body = "keep"});
  EXPECT_FALSE(rig.host.events().reply(op).has_value());
  AnswersLater::current->kept->answer({});
  EXPECT_EQ(rig.host.events().reply(op)->code, 200U);
  AnswersLater::current->kept->answer({});  // a second answer goes nowhere
}

TEST(IngressGlueTest, WhoeverDropsTheTicketAnswers500) {
  Rig<AnswersLater> rig;
  const hg_op dropped = rig.instance->ingress({.body = "drop"});
  EXPECT_EQ(rig.host.events().reply(dropped)->code, 500U);
  const hg_op thrown = rig.instance->ingress({.body = "throw"});
  EXPECT_EQ(rig.host.events().reply(thrown)->code, 500U);
  EXPECT_TRUE(rig.host.logged("unreadable"));
}

TEST(IngressGlueTest, AClassWithoutIngressHasNone) {
  struct Plain : Base {};
  Rig<Plain> rig;
  EXPECT_THROW(rig.instance->ingress({}), std::logic_error);
}

}  // namespace
}  // namespace heliograph::sdk::testing
