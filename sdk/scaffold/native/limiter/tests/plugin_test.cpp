// The limiter on the virtual clock: the limit holds, refunds free, time frees.
#include <heliograph/testing/testing.hpp>

#include "expect.hpp"

using namespace heliograph::sdk::testing;

int main() {
  const Plugin plugin(&hg_plugin_entry_v1);
  FakeHost host;
  {
    Instance instance(host, plugin.component("@NAME@"));
    LimiterDriver limiter(instance);
    const RuleSpec rule{.id = "r", .limit = 10, .window = std::chrono::seconds{1}};
    EXPECT(limiter.set_rules({rule}).status == HG_OK);
    EXPECT(instance.start().status == HG_OK);

    const std::vector<KeySpec> keys{{.key = "provider1"}};
    const auto seven = limiter.acquire(keys, 1, 7);
    EXPECT(seven.result.granted == 7);
    EXPECT(limiter.acquire(keys, 1, 7).result.granted == 3);
    const auto denied = limiter.acquire(keys);
    EXPECT(denied.result.granted == 0 && denied.result.retry_after_ns == 1'000'000'000);

    limiter.refund(seven.result.grant, keys, 2);
    EXPECT(limiter.acquire(keys, 1, 7).result.granted == 2);
    host.advance(std::chrono::seconds{1});
    EXPECT(limiter.acquire(keys, 1, 20).result.granted == 10);

    // A key that is named twice costs the sum.
    EXPECT(limiter.acquire({{.key = "twice"}, {.key = "twice"}}, 1, 10).result.granted == 5);

    // Counts survive a change of the rules.
    EXPECT(limiter.set_rules({{.id = "other"}, rule}).status == HG_OK);
    EXPECT(limiter.acquire({{.key = "provider1", .rule = 1}}).result.granted == 0);
  }
  EXPECT(host.violations() == FakeHost::kNone);
  return failures();
}
