// LimiterHandle: what a limiter component's instance grants; a LimiterPort is the pipeline's view.
//
// The host waits for a pending answer 50 ms at most (Budgets::acquire). A backend that fails, or is
// late, is answered for as the operator's limiter.on_failure says: "closed" denies with a retry
// after 1 s, "open" grants, "local_share" grants what this instance's share of the limit allows.
// Such an answer has `failed` set.
//
// Two change-overs must not let a burst through. When the backend fails, the others' latest grants
// are not known here: where several instances share the limits nothing is granted for one window
// first. When it comes back, it does not know what was granted locally: until that has left the
// window (and the other instances are back as well), its grants must fit in this instance's share
// too. A limiter that takes another's place does not know either what that one has granted: its
// handle goes on with the counts kept here for one window, whatever the plugins are, and asks the
// plugin only for what fits in these. [loop] unless said otherwise.
#pragma once

#include <heliograph/abi/limiter.h>

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/config/config.h"
#include "core/plugin/deadline_queue.h"
#include "core/plugin/inbox.h"
#include "core/plugin/kind_side.h"
#include "core/plugin/limiter_port.h"
#include "core/plugin/local_window.h"
#include "core/plugin/shared_window_desk.h"
#include "core/ports/limiter.h"

namespace heliograph::plugin {

class Instance;

enum class OnFailure : std::uint8_t { kLocalShare, kClosed, kOpen };
// As limiter.on_failure is written; the configuration's loader has checked it.
OnFailure parse_on_failure(const std::string& text);

// limiter.on_failure and limiter.instances.
struct FailurePolicy {
  OnFailure on_failure = OnFailure::kLocalShare;
  std::uint32_t instances = 1;  // gateways that share the limits

  bool operator==(const FailurePolicy&) const = default;
};

FailurePolicy failure_policy(const config::LimiterPlugin& settings);

class LimiterHandle final : public KindSide {
 public:
  LimiterHandle(Instance& instance, hg_limiter table, FailurePolicy policy);
  ~LimiterHandle() override;

  // [control thread], before start: the rules in the form that on_rules() takes; they live here.
  std::span<const hg_limit_rule> set_rules(std::vector<ports::LimitRule> rules);
  const hg_limiter& table() const { return table_; }
  SharedWindowDesk& shared_window() { return shared_window_; }
  // Under the rules that hold now.
  LimiterPort& port() { return *ports_.back(); }

  // As of ports::Limiter, for the ports.
  std::optional<ports::LimitAnswer> acquire(const ports::LimitRequest& request,
                                            base::UniqueFunction<void(ports::LimitAnswer)> done);
  void refund(LimiterPort& port, std::uint64_t grant, std::span<const ports::LimitKey> keys,
              std::uint32_t items);
  // Denied, to be asked again in a moment.
  static ports::LimitAnswer held_answer();

  // ---- other rules for the running instance: hold(), offer_rules(), then take_rules() or resume()
  // Denies everything; calls `held` once nothing that was asked for before is unanswered.
  void hold(base::Task held);
  // [control thread] The next rules in the form that on_rules() takes, and the port for them.
  std::span<const hg_limit_rule> offer_rules(const std::vector<ports::LimitRule>& rules);
  LimiterPort& offered_port() { return *offered_port_; }
  // [control thread] Those that hold, for the way back.
  std::span<const hg_limit_rule> rules_in_force() const { return rules_->told; }
  // The plugin has taken what was offered: there is another port(), counts go on by the rules' ids.
  void take_rules(FailurePolicy policy);
  // Nothing was changed.
  void resume();
  void set_policy(FailurePolicy policy);

  // Takes over what `before` knows to be granted, rule by rule; `before` denies from now on. Both
  // start no earlier than they are connected to traffic.
  void succeed(LimiterHandle& before);
  FailurePolicy policy() const { return policy_; }

  hg_status complete_limit(hg_op op, const hg_limit_result& result) override;  // [any]
  std::optional<hg_status> complete(hg_op op, hg_status status) override;      // [any]
  void on_closed(const std::string& reason, bool quarantined) override;

 private:
  struct Waiting;
  struct Completed {
    hg_op op = 0;
    bool late = false;
    hg_limit_result result{};
  };
  // What on_rules() was told, with the strings that its views point to.
  struct Rules {
    explicit Rules(std::vector<ports::LimitRule> given);
    const std::vector<ports::LimitRule> list;
    std::vector<hg_limit_rule> told;
  };
  // A refund that came while the rules were changing.
  struct HeldRefund {
    LimiterPort* port;
    std::uint64_t grant;
    std::vector<ports::LimitKey> keys;
    std::uint32_t items;
  };
  void tell_held();
  void release();
  void to_keys(std::span<const ports::LimitKey> keys, std::vector<hg_limit_key>& converted) const;
  std::optional<ports::LimitAnswer> settle(hg_op op, std::unique_ptr<Waiting> waiting,
                                           hg_status status, const hg_limit_result& result);
  ports::LimitAnswer judge(const Waiting& waiting, const hg_limit_result& result);
  ports::LimitAnswer failure(std::span<const ports::LimitKey> keys, std::uint32_t min_items,
                             std::uint32_t max_items);
  ports::LimitAnswer local_share(std::span<const ports::LimitKey> keys, std::uint32_t min_items,
                                 std::uint32_t max_items);
  // A grant of the backend that does not fit in our share while that binds: given back, denied.
  bool exceeds_share(const Waiting& waiting, ports::LimitAnswer& answer);
  void return_grant(std::uint64_t grant, std::span<const ports::LimitKey> keys,
                    std::uint32_t items);
  void take_inbox();
  void give_up(hg_op op);

  Instance& instance_;
  const hg_limiter table_;
  FailurePolicy policy_;
  std::unique_ptr<Rules> rules_;
  std::unique_ptr<Rules> offered_;
  std::unique_ptr<LimiterPort> offered_port_;
  std::vector<std::unique_ptr<Rules>> past_rules_;  // requests in the plugin's hands point to them
  std::vector<std::unique_ptr<LimiterPort>> ports_;
  bool holding_ = false;
  base::Task held_;  // who waits for the last answer
  std::vector<HeldRefund> held_refunds_;
  LocalWindow local_;
  std::optional<ports::MonoTime> failing_since_;  // no good answer since
  std::unordered_set<std::uint64_t> local_grants_;
  std::uint64_t last_local_grant_ = UINT64_MAX;  // counts down, away from the plugin's own numbers
  std::unordered_map<hg_op, std::unique_ptr<Waiting>> waiting_;
  std::unique_ptr<Waiting> spare_;  // its vectors serve the next acquire
  DeadlineQueue deadlines_;
  Inbox<Completed> inbox_;
  SharedWindowDesk shared_window_;
};

}  // namespace heliograph::plugin
