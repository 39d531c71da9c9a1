// Drivers: make an instance work, one class for each kind of component.
#pragma once

#include <heliograph/abi/abi.h>
#include <heliograph/abi/ext/shared_window.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <heliograph/testing/instance.hpp>

namespace heliograph::sdk::testing {

// How a message is offered.
struct SendSpec {
  std::uint64_t deadline_mono_ns = 0;
  std::uint32_t attempt = 1;
  std::uint32_t flags = 0;  // HG_SEND_F_*
};

class ProviderDriver {
 public:
  explicit ProviderDriver(Instance& instance);

  hg_provider_caps caps();

  struct Sent {
    hg_op op = 0;          // host.sent(op) tells the result
    hg_status status = 0;  // what send() returned
    bool accepted = false;
  };
  Sent send(const MessageSpec& message = {}, const SendSpec& how = {});
  // Several in one call.
  std::vector<Sent> send_batch(const std::vector<MessageSpec>& messages);
  // Sends one and runs what is due; nullopt when it was not accepted or not yet answered.
  std::optional<SendRecord> result_of(const MessageSpec& message = {}, const SendSpec& how = {});
  void cancel(hg_op op, hg_status why = HG_E_DEADLINE);

 private:
  std::vector<Sent> offer(const std::vector<MessageSpec>& messages, const SendSpec& how);

  Instance& instance_;
  const hg_provider& provider_;
};

struct CandidateSpec {
  std::uint64_t id = 0;
  std::string name{};
  std::uint32_t weight = 1;
  std::uint32_t state = HG_CAND_UP;
  std::uint32_t priority = 0;
  std::uint64_t cost_micros = 0;
};

struct PickSpec {
  std::vector<std::uint32_t> excluded{};   // indices
  std::vector<std::uint32_t> in_flight{};  // one per candidate, or empty
  std::uint32_t attempt = 1;
  std::uint64_t key_hash = 0;
};

// The arrays it hands over have a longer stride than this SDK's structs, as those of a newer
// gateway would: a plugin that walks them with [] reads garbage.
class DistributorDriver {
 public:
  explicit DistributorDriver(Instance& instance);

  hg_status set_candidates(const std::vector<CandidateSpec>& candidates);

  struct Pick {
    std::uint32_t index = HG_PICK_NONE;
    std::uint64_t token = 0;
    std::uint64_t candidate_id = 0;
  };
  // nullopt: none fits. Records a violation for an error, and for an index out of range or
  // excluded.
  std::optional<Pick> pick(const PickSpec& question = {});
  void result(const Pick& pick, std::uint32_t outcome = HG_SENT,
              std::chrono::nanoseconds latency = std::chrono::milliseconds{10});

 private:
  struct Snapshot;

  Instance& instance_;
  const hg_distributor& distributor_;
  std::vector<std::shared_ptr<Snapshot>> snapshots_;
  std::uint64_t epoch_ = 0;
};

struct RuleSpec {
  std::string id{};
  std::uint64_t limit = 1;
  std::chrono::nanoseconds window = std::chrono::seconds{1};
  std::uint32_t algorithm = HG_LIMIT_SLIDING_WINDOW;
  std::uint64_t burst = 0;
};

struct KeySpec {
  std::string key{};
  std::uint32_t rule = 0;
  std::uint32_t cost = 1;
};

// One item of an exchange of shared counts.
struct CountsSpec {
  std::string key{};
  std::uint64_t ok = 0;
  std::uint64_t failed = 0;
};

class LimiterDriver {
 public:
  explicit LimiterDriver(Instance& instance);

  StepRecord set_rules(const std::vector<RuleSpec>& rules);

  struct Answer {
    hg_op op = 0;
    hg_status status = HG_OK;  // HG_PENDING: host.limited(op) will tell
    hg_limit_result result{};
  };
  Answer acquire(const std::vector<KeySpec>& keys, std::uint32_t min_n = 1,
                 std::uint32_t max_n = 1);
  void refund(std::uint64_t grant, const std::vector<KeySpec>& keys, std::uint32_t n);
  void cancel(hg_op op);

  // hg.shared-window/1. Throws std::logic_error when the component lacks it.
  struct Exchange {
    hg_op op = 0;  // host.step(op) tells how it ended when status is HG_PENDING
    hg_status status = HG_OK;
    std::shared_ptr<std::vector<hg_window_totals>> totals{};
  };
  Exchange exchange(const std::vector<CountsSpec>& items, std::chrono::nanoseconds window,
                    std::chrono::nanoseconds bucket);
  hg_status reset_shared(std::string_view key);

 private:
  struct Rules;
  struct Keys;
  struct Items;
  const hg_shared_window& shared_window();

  Instance& instance_;
  const hg_limiter& limiter_;
  std::vector<std::shared_ptr<Rules>> rules_;
  std::vector<std::shared_ptr<Keys>> pending_;
  std::vector<std::shared_ptr<Items>> exchanged_;
};

}  // namespace heliograph::sdk::testing
