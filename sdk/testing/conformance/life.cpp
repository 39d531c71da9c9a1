#include "life.hpp"

namespace heliograph::sdk::conformance {

StepRecord start(Instance& instance) {
  using namespace std::chrono_literals;
  FakeHost& host = instance.host();
  hg_op op = 0;
  const StepRecord begun = instance.begin_start(op);
  if (begun.status != HG_PENDING) return begun;
  const auto done = [&] { return host.step(op).has_value(); };
  if (!host.run_until(done, 2000ms)) {
    for (int second = 0; second < 31 && !done(); ++second) host.advance(1s);
    host.run_until(done, 2000ms);
  }
  return host.step(op).value_or(StepRecord{HG_E_DEADLINE, "start() never completed its op"});
}

void live(Check& check, FakeHost& host) {
  check.step("create()");
  Instance instance(host, check.component(), check.config());
  if (check.may_start()) {
    check.step("start()");
    start(instance);
    host.run();
    check.step("stop()");
    instance.stop();
  }
  check.step("destroy()");
}

Attempt attempt(FakeHost& host, const hg_component& component, const Value& config) {
  const testing::ConfigTree tree(config);
  hg_instance* instance = nullptr;
  hg_error error{};
  error.size = sizeof(error);
  Attempt out;
  host.in_phase(testing::Phase::kCreate, [&] {
    out.status = component.life->create(host.raw(), &component, tree.raw(), &instance, &error);
  });
  if (error.msg_len > HG_ERROR_TEXT_MAX) {
    host.violation("hg_error.msg_len is beyond HG_ERROR_TEXT_MAX");
    error.msg_len = HG_ERROR_TEXT_MAX;
  }
  out.text.assign(error.msg, error.msg_len);
  if ((out.status == HG_OK) != (instance != nullptr)) {
    host.violation(instance == nullptr ? "create() succeeded without an instance"
                                       : "create() failed and left an instance");
  }
  if (out.status != HG_OK) return out;
  host.set_stopped();
  host.http().cancel_all();
  host.run();
  host.drop_leftovers();
  host.in_phase(testing::Phase::kDestroy, [&] { component.life->destroy(instance); });
  host.set_gone();
  return out;
}

std::string flaw_of(const Attempt& refusal) {
  if (refusal.status == HG_OK) return {};
  if (refusal.text.empty()) return "create() refused without a word in hg_error";
  if (refusal.status == HG_E_PANIC) return "create() caught a panic: " + refusal.text;
  if (refusal.status == HG_E_INTERNAL)
    return "create() refused with HG_E_INTERNAL, which means a defect of its own: " + refusal.text;
  return {};
}

}  // namespace heliograph::sdk::conformance
