// FakeHost: a gateway for one instance of a plugin, on a virtual clock, in a unit test.
//
// It offers everything a real host does, remembers everything the plugin does, and records each
// breach of the ABI's rules in violations(). A test drives it: nothing happens by itself, run()
// does what is due now, advance() lets time pass. The [any] functions may be called from the
// plugin's own threads.
//
//   FakeHost host;
//   Instance provider(host, plugin.component("acme"), Value::table({{"url", "http://peer"}}));
//   ...
//   EXPECT_EQ(host.violations(), FakeHost::kNone);
#pragma once

#include <heliograph/abi/abi.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <heliograph/testing/event_log.hpp>
#include <heliograph/testing/fake_fds.hpp>
#include <heliograph/testing/fake_http.hpp>
#include <heliograph/testing/guarded.hpp>
#include <heliograph/testing/op_table.hpp>
#include <heliograph/testing/records.hpp>
#include <heliograph/testing/schedule.hpp>
#include <heliograph/testing/stored_message.hpp>

namespace heliograph::sdk::testing {

// Which of the instance's functions is being called.
enum class Phase { kIdle, kCreate, kControl, kLoop, kDestroy, kGone };

// A function of the plugin threw: nothing may (abi/base.h, R1).
class CrossedAbi : public std::runtime_error {
 public:
  explicit CrossedAbi(const std::string& what)
      : std::runtime_error("an exception left a function of the plugin (rule R1): " + what) {}
};

class FakeHost {
 public:
  static inline const std::vector<std::string> kNone{};

  explicit FakeHost(std::string instance = "test");
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  const hg_host* raw() const { return &host_.get(); }

  // ---- time and work
  std::uint64_t now_ns() const { return schedule_.now_ns(); }
  void set_unix_ns(std::int64_t unix_ns) { unix_offset_ns_ = unix_ns - signed_now(); }
  // Does what is due now, and what that causes, until nothing is left.
  void run() { advance(std::chrono::nanoseconds{0}); }
  // Lets time pass, doing what comes due in order.
  void advance(std::chrono::nanoseconds time);
  // Runs what is due now and waits in real time, for descriptors and other threads, until `done` or
  // the timeout; answers done().
  bool run_until(const std::function<bool()>& done,
                 std::chrono::milliseconds timeout = std::chrono::seconds{10});

  // ---- the extensions
  FakeHttp& http() { return http_; }
  FakeFds& fds() { return fds_; }
  EventLog& events() { return events_; }
  // get_extension() answers NULL for this id from now on.
  void withhold(std::string_view extension_id) { withheld_.emplace(extension_id); }

  // ---- what the plugin did
  std::vector<std::string> violations() const;
  std::vector<LogLine> logs() const;
  bool logged(std::string_view part) const;  // in a line's text or in the value of a field
  void set_log_level(std::uint32_t level) { log_level_ = level; }
  // The metric of that name (of the first labels), nullopt when it was never registered.
  std::optional<MetricRecord> metric(std::string_view name) const;
  std::optional<std::uint32_t> window() const;  // of the last set_window()
  std::optional<SendRecord> sent(hg_op op) const;
  std::optional<StepRecord> step(hg_op op) const;
  std::optional<hg_limit_result> limited(hg_op op) const;
  std::vector<hg_op> outstanding(OpKind kind) const;

  // ---- for Instance and the drivers
  static FakeHost& of(const hg_host* raw) { return *static_cast<FakeHost*>(raw->priv); }
  hg_op issue(OpKind kind);
  void withdraw(hg_op op);
  // The plugin sees the message until the op is completed; afterwards its memory is gone.
  const hg_message* keep(hg_op op, std::unique_ptr<StoredMessage> message);
  // Runs `call` as a call of the instance in this phase. Throws CrossedAbi when it throws.
  void in_phase(Phase phase, const std::function<void()>& call);
  void in_loop(const std::function<void()>& call) { in_phase(Phase::kLoop, call); }
  // Runs `work` in [loop] at that time.
  hg_id schedule(std::uint64_t when_ns, std::function<void()> work);
  void violation(std::string text);
  // True when a [loop] function may be called now, from here; else records a violation.
  bool require_loop(std::string_view function);
  void set_stopped() { stopped_ = true; }
  bool stopped() const { return stopped_; }
  // Before destroy(): what is left of timers and watches is dropped.
  void drop_leftovers();
  void set_gone() { phase_ = Phase::kGone; }
  hg_status finish(hg_op op, OpKind kind);

 private:
  friend struct HostFunctions;

  hg_host table();  // with this host's functions
  std::int64_t signed_now() const { return static_cast<std::int64_t>(now_ns()); }

  const std::string instance_;
  GuardedHost host_;
  Schedule schedule_;
  FakeFds fds_;
  FakeHttp http_;
  EventLog events_;
  std::set<std::string, std::less<>> withheld_;
  const std::thread::id owner_ = std::this_thread::get_id();
  std::atomic<Phase> phase_ = Phase::kIdle;
  std::atomic<bool> stopped_ = false;
  std::atomic<std::uint32_t> log_level_ = HG_LOG_TRACE;
  std::atomic<std::int64_t> unix_offset_ns_ = 0;

  mutable std::mutex mutex_;  // of all below: [any] functions write them
  OpTable ops_;
  std::vector<std::string> violations_;
  std::vector<LogLine> logs_;
  std::vector<MetricRecord> metrics_;
  std::optional<std::uint32_t> window_;
  std::map<hg_op, SendRecord> sent_;
  std::map<hg_op, StepRecord> steps_;
  std::map<hg_op, hg_limit_result> limited_;
  std::map<hg_op, std::unique_ptr<StoredMessage>> messages_;
};

}  // namespace heliograph::sdk::testing
