// The distributor among three providers: shares by weight, exclusion, priority.
#include <heliograph/testing/testing.hpp>

#include "expect.hpp"

using namespace heliograph::sdk::testing;

namespace {

void shares_follow_the_weights(DistributorDriver& distributor) {
  distributor.set_candidates(
      {{.id = 1, .weight = 3}, {.id = 2, .weight = 1}, {.id = 3, .weight = 0}});
  int counts[3] = {};
  for (int i = 0; i < 400; ++i) {
    const auto pick = distributor.pick();
    EXPECT(pick.has_value());
    if (pick) ++counts[pick->index];
  }
  EXPECT(counts[0] == 300 && counts[1] == 100 && counts[2] == 0);
}

void the_excluded_are_left_out(DistributorDriver& distributor) {
  const auto other = distributor.pick({.excluded = {0}});
  EXPECT(other && other->index == 1);
  EXPECT(!distributor.pick({.excluded = {0, 1}}));
}

void lower_priority_numbers_come_first(DistributorDriver& distributor) {
  distributor.set_candidates({{.id = 1, .priority = 2}, {.id = 2, .priority = 1}});
  for (int i = 0; i < 10; ++i) {
    const auto pick = distributor.pick();
    EXPECT(pick && pick->index == 1);
  }
}

}  // namespace

int main() {
  const Plugin plugin(&hg_plugin_entry_v1);
  FakeHost host;
  {
    Instance instance(host, plugin.component("@NAME@"));
    EXPECT(instance.start().status == HG_OK);
    DistributorDriver distributor(instance);
    shares_follow_the_weights(distributor);
    the_excluded_are_left_out(distributor);
    lower_priority_numbers_come_first(distributor);
  }
  EXPECT(host.violations() == FakeHost::kNone);
  return failures();
}
