// LimiterHandle: ports::Limiter over a limiter component's instance.
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
// too. [loop] unless said otherwise.
#pragma once

#include <heliograph/abi/limiter.h>

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/plugin/deadline_queue.h"
#include "core/plugin/inbox.h"
#include "core/plugin/kind_side.h"
#include "core/plugin/local_window.h"
#include "core/plugin/shared_window_desk.h"
#include "core/ports/limiter.h"

namespace heliograph::plugin {

class Instance;

enum class OnFailure : std::uint8_t { kLocalShare, kClosed, kOpen };
// As limiter.on_failure is written; the configuration's loader has checked it.
OnFailure parse_on_failure(const std::string& text);

struct FailurePolicy {
  OnFailure on_failure = OnFailure::kLocalShare;
  std::uint32_t instances = 1;  // gateways that share the limits
};

class LimiterHandle final : public ports::Limiter, public KindSide {
 public:
  LimiterHandle(Instance& instance, hg_limiter table, FailurePolicy policy);
  ~LimiterHandle() override;

  // [control thread], before start: the rules in the form that on_rules() takes; they live here.
  std::span<const hg_limit_rule> set_rules(std::vector<ports::LimitRule> rules);
  const hg_limiter& table() const { return table_; }
  SharedWindowDesk& shared_window() { return shared_window_; }

  std::optional<ports::LimitAnswer> acquire(
      const ports::LimitRequest& request,
      base::UniqueFunction<void(ports::LimitAnswer)> done) override;
  void refund(std::uint64_t grant, std::span<const ports::LimitKey> keys,
              std::uint32_t items) override;

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
  const FailurePolicy policy_;
  std::vector<ports::LimitRule> rules_;
  std::vector<hg_limit_rule> abi_rules_;
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
