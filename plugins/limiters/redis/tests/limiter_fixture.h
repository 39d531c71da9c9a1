// The plugin on a fake host, in front of a real redis-server.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <heliograph/testing/testing.hpp>

#include "plugins/limiters/redis/tests/redis_server.h"

namespace heliograph::plugins::redis::test {

using sdk::testing::FakeHost;
using sdk::testing::Instance;
using sdk::testing::KeySpec;
using sdk::testing::LimiterDriver;
using sdk::testing::RuleSpec;
using sdk::testing::Value;
using std::chrono::milliseconds;

// One gateway: host, instance and driver.
class Gateway {
 public:
  // Without `config` a fresh server is believed at once.
  Gateway(const std::string& url, const std::vector<RuleSpec>& rules,
          Value config = Value::table({{"settle", "0s"}})) {
    config.set("url", url);
    instance.emplace(host, plugin.component("redis"), config);
    limiter.emplace(*instance);
    EXPECT_EQ(limiter->set_rules(rules).status, HG_OK);
    EXPECT_EQ(instance->start().status, HG_OK);
    host.run();
  }
  ~Gateway() {
    limiter.reset();
    instance.reset();
    EXPECT_EQ(host.violations(), FakeHost::kNone);
  }

  // Waits for the answer; a failure answers with its status.
  hg_limit_result acquire(const std::vector<KeySpec>& keys, std::uint32_t min = 1,
                          std::uint32_t max = 1) {
    const auto answer = limiter->acquire(keys, min, max);
    if (answer.status != HG_PENDING) {
      hg_limit_result failed{};
      failed.status = answer.status;
      return failed;
    }
    return result(answer.op);
  }
  hg_limit_result result(hg_op op) {
    EXPECT_TRUE(host.run_until([&] { return host.limited(op).has_value(); }));
    return host.limited(op).value_or(hg_limit_result{});
  }
  // Lets virtual time pass in small steps, and real time for descriptors, until `done`.
  bool wait(const std::function<bool()>& done) {
    for (int i = 0; i < 600; ++i) {
      if (host.run_until(done, milliseconds{20})) return true;
      host.advance(milliseconds{20});
    }
    return false;
  }
  // Until permits are granted or denied by Redis again, not failed.
  bool wait_until_works(const std::vector<KeySpec>& keys) {
    return wait([&] { return acquire(keys, 1, 1).status == HG_OK; });
  }

  FakeHost host;
  sdk::testing::Plugin plugin{&hg_plugin_entry_v1};
  std::optional<Instance> instance;
  std::optional<LimiterDriver> limiter;
};

}  // namespace heliograph::plugins::redis::test
