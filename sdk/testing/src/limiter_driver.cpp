#include <heliograph/testing/driver.hpp>

#include <algorithm>

#include <heliograph/text.hpp>

#include "drivers_common.hpp"

namespace heliograph::sdk::testing {

struct LimiterDriver::Rules {
  std::vector<RuleSpec> specs;
  std::vector<Longer<hg_limit_rule>> items;
};

// A request and all that it points to, which must live until a pending answer has come.
struct LimiterDriver::Keys {
  std::vector<KeySpec> specs;
  std::vector<hg_limit_key> keys;
  hg_limit_req request{};

  explicit Keys(const std::vector<KeySpec>& list) : specs(list) {
    for (const KeySpec& spec : specs) keys.push_back({to_abi(spec.key), spec.rule, spec.cost});
  }
};

LimiterDriver::LimiterDriver(Instance& instance)
    : instance_(instance), limiter_(vtable<hg_limiter>(instance, HG_KIND_LIMITER)) {}

StepRecord LimiterDriver::set_rules(const std::vector<RuleSpec>& rules) {
  auto next = std::make_shared<Rules>();
  next->specs = rules;
  for (const RuleSpec& spec : next->specs) {
    hg_limit_rule& rule = next->items.emplace_back().known;
    rule.algorithm = spec.algorithm;
    rule.window_ns = static_cast<std::uint64_t>(spec.window.count());
    rule.limit = spec.limit;
    rule.burst = spec.burst;
    rule.id = to_abi(spec.id);
  }
  hg_error error{};
  error.size = sizeof(error);
  hg_status status = HG_OK;
  instance_.host().in_phase(Phase::kControl, [&] {
    status = limiter_.on_rules(instance_.raw(), first(next->items), next->items.size(), &error);
  });
  if (status == HG_OK) rules_ = {next};  // the old ones' memory is gone from here on
  return {status, std::string(error.msg, error.msg_len)};
}

LimiterDriver::Answer LimiterDriver::acquire(const std::vector<KeySpec>& keys, std::uint32_t min_n,
                                             std::uint32_t max_n) {
  FakeHost& host = instance_.host();
  auto stored = std::make_shared<Keys>(keys);
  hg_limit_req& request = stored->request;
  request.size = sizeof(request);
  request.n_keys = static_cast<std::uint32_t>(stored->keys.size());
  request.keys = stored->keys.data();
  request.min_n = min_n;
  request.max_n = max_n;
  request.now_mono_ns = host.now_ns();
  request.deadline_mono_ns = host.now_ns() + 50'000'000;

  Answer answer;
  answer.op = host.issue(OpKind::kLimit);
  answer.result.size = sizeof(answer.result);
  host.in_loop([&] {
    answer.status = limiter_.acquire(instance_.raw(), answer.op, &request, &answer.result);
  });
  if (answer.status == HG_PENDING) {
    pending_.push_back(stored);
  } else {
    host.withdraw(answer.op);
  }
  if (answer.status == HG_OK && answer.result.granted > max_n) {
    host.violation("acquire() granted more than was asked for");
  }
  return answer;
}

void LimiterDriver::refund(std::uint64_t grant, const std::vector<KeySpec>& keys, std::uint32_t n) {
  if (limiter_.refund == nullptr) return;
  const Keys stored(keys);
  instance_.host().in_loop(
      [&] { limiter_.refund(instance_.raw(), grant, stored.keys.data(), stored.keys.size(), n); });
}

void LimiterDriver::cancel(hg_op op) {
  if (limiter_.cancel == nullptr) return;
  instance_.host().in_loop([&] { limiter_.cancel(instance_.raw(), op); });
}

}  // namespace heliograph::sdk::testing
