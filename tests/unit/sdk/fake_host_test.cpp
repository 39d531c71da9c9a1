// The fake host notices what it is there to notice.
#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "glue_fixture.h"

namespace heliograph::sdk::testing {
namespace {

using namespace std::chrono_literals;
using Strings = std::vector<std::string>;

hg_send_result result_for(hg_op op, std::uint32_t outcome = HG_SENT) {
  hg_send_result result{};
  result.size = sizeof(result);
  result.op = op;
  result.outcome = outcome;
  return result;
}

// Does on the raw ABI what a test tells it to.
struct Rogue {
  explicit Rogue(Host h) : host(h) {
    if (in_create) in_create(h.raw());
  }
  ~Rogue() {
    if (in_destroy) in_destroy(host.raw());
  }
  Caps caps() const { return {}; }
  hg_status send_batch(std::span<const hg_send_item> items, std::size_t& accepted) {
    return in_send(host.raw(), items, accepted);
  }
  Host host;
  static inline std::function<void(const hg_host*)> in_create, in_destroy;
  static inline std::function<hg_status(const hg_host*, std::span<const hg_send_item>,
                                        std::size_t&)>
      in_send;
};

class FakeHostTest : public ::testing::Test {
 protected:
  FakeHostTest() { Rogue::in_create = Rogue::in_destroy = nullptr; }

  // One send with `work`, then the end of the instance; answers what the host noticed.
  Strings violations_of(
      std::function<hg_status(const hg_host*, std::span<const hg_send_item>, std::size_t&)> work) {
    Rogue::in_send = std::move(work);
    FakeHost host;
    {
      Instance instance(host, component_of<Rogue>());
      ProviderDriver(instance).send();
      host.run();
    }
    return host.violations();
  }
};

TEST_F(FakeHostTest, ASecondCompletionIsNoticed) {
  const Strings noticed = violations_of([](const hg_host* host, auto items, std::size_t&) {
    const hg_send_result result = result_for(items[0].op);
    EXPECT_EQ(host->complete_send(host, &result, 1), HG_OK);
    EXPECT_EQ(host->complete_send(host, &result, 1), HG_E_STALE);
    return HG_OK;
  });
  EXPECT_EQ(noticed, Strings{"a send was completed twice"});
}

TEST_F(FakeHostTest, AnInventedOpIsNoticed) {
  const Strings noticed = violations_of([](const hg_host* host, auto items, std::size_t&) {
    const hg_send_result results[] = {result_for(5), result_for(items[0].op)};
    EXPECT_EQ(host->complete_send(host, results, 2), HG_E_STALE);
    return HG_OK;
  });
  EXPECT_EQ(noticed, Strings{"completion of a send that the host never gave out"});
}

TEST_F(FakeHostTest, ALostSendIsNoticed) {
  const Strings noticed = violations_of([](auto, auto, std::size_t&) { return HG_OK; });
  ASSERT_EQ(noticed.size(), 1U);
  EXPECT_EQ(noticed[0].find("a send was never answered"), 0U);
}

TEST_F(FakeHostTest, CompletingWhatWasNotTakenIsNoticed) {
  EXPECT_EQ(violations_of([](const hg_host* host, auto items, std::size_t&) {
              const hg_send_result result = result_for(items[0].op);
              host->complete_send(host, &result, 1);
              return HG_E_BUSY;
            }),
            Strings{"a send was completed and then reported as not taken"});
}

TEST_F(FakeHostTest, CompletingAsAnotherKindIsNoticed) {
  EXPECT_EQ(violations_of([](const hg_host* host, auto items, std::size_t& accepted) {
              host->complete(host, items[0].op, HG_OK, nullptr);
              accepted = 0;
              return HG_E_BUSY;
            }),
            Strings{"a send was completed as a life cycle step"});
}

TEST_F(FakeHostTest, AnInvalidOutcomeIsNoticed) {
  EXPECT_EQ(violations_of([](const hg_host* host, auto items, std::size_t&) {
              const hg_send_result result = result_for(items[0].op, HG_NOT_TRIED);
              host->complete_send(host, &result, 1);
              return HG_OK;
            }),
            Strings{"complete_send with an invalid outcome"});
}

TEST_F(FakeHostTest, PartIdsThatCountAsAbsentAreNoticed) {
  const hg_str a{"a", 1};
  const hg_str b{"b", 1};
  const std::vector<hg_str> good{a, b};
  const std::vector<hg_str> repeated{a, b, a};
  const std::vector<hg_str> with_empty{a, {}};
  const auto noticed = [&](const hg_str* ids, std::size_t n) {
    return violations_of([=](const hg_host* host, auto items, std::size_t&) {
      hg_send_result result = result_for(items[0].op);
      result.part_ids = ids;
      result.n_part_ids = n;
      host->complete_send(host, &result, 1);
      return HG_OK;
    });
  };
  EXPECT_EQ(noticed(good.data(), good.size()), Strings{});
  EXPECT_EQ(noticed(nullptr, 0), Strings{});
  EXPECT_EQ(noticed(nullptr, 2), Strings{"complete_send with n_part_ids and without part_ids"});
  EXPECT_EQ(noticed(repeated.data(), repeated.size()),
            Strings{"complete_send with the same one twice among its part_ids"});
  EXPECT_EQ(noticed(with_empty.data(), with_empty.size()),
            Strings{"complete_send with an empty one among its part_ids"});
  const std::vector<hg_str> many(HG_PART_IDS_MAX + 1, a);
  EXPECT_EQ(noticed(many.data(), many.size()), Strings{"complete_send with too many part_ids"});
}

hg_status take_nothing(const hg_host*, std::span<const hg_send_item>, std::size_t&) {
  return HG_E_BUSY;
}

TEST_F(FakeHostTest, LoopFunctionsInCreateAreNoticed) {
  Rogue::in_create = [](const hg_host* host) {
    EXPECT_EQ(host->timer_start(host, 0, [](void*, uint64_t) {}, nullptr, 0, nullptr), HG_E_STATE);
  };
  EXPECT_EQ(violations_of(&take_nothing),
            Strings{"timer_start was called outside of [loop] and [ctl]"});
}

TEST_F(FakeHostTest, LoopFunctionsFromAnotherThreadAreNoticed) {
  EXPECT_EQ(violations_of([](const hg_host* host, auto, std::size_t&) {
              std::thread([host] { host->timer_cancel(host, 1); }).join();
              return HG_E_BUSY;
            }),
            Strings{"timer_cancel was called outside of [loop] and [ctl]"});
}

TEST_F(FakeHostTest, CallsInDestroyAndAfterAreNoticed) {
  const hg_host* kept = nullptr;
  Rogue::in_destroy = [&](const hg_host* host) {
    kept = host;
    host->now_mono_ns(host);  // [any]: allowed until destroy() returns
    host->timer_cancel(host, 1);
  };
  FakeHost host;
  {
    const Instance instance(host, component_of<Rogue>());
  }
  EXPECT_EQ(host.violations(), Strings{"timer_cancel was called outside of [loop] and [ctl]"});
  kept->now_mono_ns(kept);
  EXPECT_EQ(host.violations().back(), "now_mono_ns was called after destroy()");
}

TEST_F(FakeHostTest, MetricsAreRegisteredInCreateOnly) {
  EXPECT_EQ(violations_of([](const hg_host* host, auto, std::size_t&) {
              host->metric_register(host, HG_METRIC_GAUGE, HG_STR("late"), {}, {}, nullptr, 0);
              host->metric_add(host, 99, 1);
              return HG_E_BUSY;
            }),
            (Strings{"metric_register was called after create()",
                     "metric_add with an id that was never registered"}));
}

TEST_F(FakeHostTest, TheSameMetricTwiceIsOne) {
  uint32_t first = 0, second = 0, other = 0;
  Rogue::in_create = [&](const hg_host* host) {
    const hg_kv label{HG_STR("a"), HG_STR("b")};
    const auto add = [&](const hg_kv* labels, size_t n) {
      return host->metric_register(host, HG_METRIC_COUNTER, HG_STR("m"), {}, {}, labels, n);
    };
    first = add(nullptr, 0);
    second = add(nullptr, 0);
    other = add(&label, 1);
  };
  EXPECT_EQ(violations_of(&take_nothing), FakeHost::kNone);
  EXPECT_EQ(first, second);
  EXPECT_NE(first, other);
}

TEST_F(FakeHostTest, TimersAndPostsRunInTheirOrder) {
  static std::string order;
  order.clear();
  Rogue::in_send = [](const hg_host* host, auto, std::size_t&) {
    const auto note = [](void*, uint64_t tag) { order += static_cast<char>(tag); };
    const uint64_t now = host->now_mono_ns(host);
    hg_id cancelled = 0;
    host->timer_start(host, now + 2'000, note, nullptr, 'd', nullptr);
    host->timer_start(host, now + 1'000, note, nullptr, 'c', nullptr);
    host->timer_start(host, now + 1'000, note, nullptr, 'x', &cancelled);
    host->post(host, note, nullptr, 'a');
    host->post(host, note, nullptr, 'b');
    EXPECT_EQ(host->timer_cancel(host, cancelled), HG_OK);
    EXPECT_EQ(host->timer_cancel(host, cancelled), HG_E_STALE);
    return HG_E_BUSY;
  };
  FakeHost host;
  Instance instance(host, component_of<Rogue>());
  ProviderDriver(instance).send();
  host.run();
  EXPECT_EQ(order, "ab");
  host.advance(1us);
  EXPECT_EQ(order, "abc");
  host.advance(1h);
  EXPECT_EQ(order, "abcd");
}

TEST_F(FakeHostTest, TheWallClockFollowsTheVirtualOne) {
  FakeHost host;
  host.set_unix_ns(1'000);
  host.advance(5us);
  EXPECT_EQ(host.raw()->now_unix_ns(host.raw()), 6'000);
}

TEST_F(FakeHostTest, WindowAndUnknownExtensions) {
  FakeHost host;
  EXPECT_EQ(host.window(), std::nullopt);
  host.raw()->set_window(host.raw(), 12);
  EXPECT_EQ(host.window(), 12U);
  EXPECT_EQ(host.raw()->get_extension(host.raw(), "hg.nothing/1"), nullptr);
  EXPECT_NE(host.raw()->get_extension(host.raw(), "hg.fd/1"), nullptr);
}

TEST_F(FakeHostTest, ReadingBeyondTheHostsStructFaults) {
  const FakeHost host;
  const auto* end = reinterpret_cast<const volatile char*>(host.raw()) + sizeof(hg_host);
  EXPECT_DEATH(static_cast<void>(*end), "");
}

TEST_F(FakeHostTest, ADistributorThatChoosesAmissIsNoticed) {
  struct Fixed {
    void on_candidates(const Candidates&) {}
    std::optional<Choice> pick(const PickRequest& request) { return Choice{request.attempt(), 0}; }
  };
  Rig<Fixed> rig;
  DistributorDriver distributor(*rig.instance);
  distributor.set_candidates({{.id = 1}, {.id = 2}});
  EXPECT_EQ(distributor.pick({.excluded = {1}, .attempt = 1}), std::nullopt);
  EXPECT_EQ(distributor.pick({.attempt = 2}), std::nullopt);
  rig.expected_violations = {"pick() chose what it must not: 1",
                             "pick() chose what it must not: 2"};
}

TEST(GuardedHostDeathTest, EndsWhereTheHostOf10Ends) {
  FakeHost host("probe");
  const auto* bytes = reinterpret_cast<const volatile char*>(host.raw());
  EXPECT_EQ(host.raw()->size, GuardedHost::kBytes);
  EXPECT_EQ(host.raw()->abi_minor, 0u);
  EXPECT_NE(host.raw()->cfg_json, nullptr);
  EXPECT_DEATH(static_cast<void>(bytes[GuardedHost::kBytes]), "");
}

}  // namespace
}  // namespace heliograph::sdk::testing
