#include <heliograph/testing/driver.hpp>

#include <algorithm>
#include <stdexcept>

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

// What an exchange points to, until it was answered.
struct LimiterDriver::Items {
  std::vector<CountsSpec> specs;
  std::vector<Longer<hg_window_item>> items;
  std::shared_ptr<std::vector<hg_window_totals>> totals;
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

const hg_shared_window& LimiterDriver::shared_window() {
  const hg_lifecycle& life = *instance_.component().life;
  const void* const found = life.get_extension == nullptr
                                ? nullptr
                                : life.get_extension(instance_.raw(), HG_EXT_SHARED_WINDOW);
  if (found == nullptr) throw std::logic_error("the component has no " HG_EXT_SHARED_WINDOW);
  return *static_cast<const hg_shared_window*>(found);
}

LimiterDriver::Exchange LimiterDriver::exchange(const std::vector<CountsSpec>& items,
                                                std::chrono::nanoseconds window,
                                                std::chrono::nanoseconds bucket) {
  FakeHost& host = instance_.host();
  const hg_shared_window& shared = shared_window();
  auto stored = std::make_shared<Items>();
  stored->specs = items;
  stored->totals = std::make_shared<std::vector<hg_window_totals>>(items.size());
  for (const CountsSpec& spec : stored->specs) {
    hg_window_item& item = stored->items.emplace_back().known;
    item.key = to_abi(spec.key);
    item.add_ok = spec.ok;
    item.add_failed = spec.failed;
  }
  exchanged_.push_back(stored);
  Exchange exchange{host.issue(OpKind::kStep), HG_OK, stored->totals};
  host.in_loop([&] {
    exchange.status =
        shared.exchange(instance_.raw(), exchange.op, static_cast<std::uint64_t>(window.count()),
                        static_cast<std::uint64_t>(bucket.count()), host.now_ns() + 1'000'000'000,
                        first(stored->items), stored->items.size(), stored->totals->data());
  });
  if (exchange.status != HG_PENDING) host.withdraw(exchange.op);
  return exchange;
}

hg_status LimiterDriver::reset_shared(std::string_view key) {
  const hg_shared_window& shared = shared_window();
  hg_status status = HG_OK;
  instance_.host().in_loop([&] { status = shared.reset(instance_.raw(), to_abi(key)); });
  return status;
}

}  // namespace heliograph::sdk::testing
