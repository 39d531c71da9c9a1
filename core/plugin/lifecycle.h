// Lifecycle: brings one instance up and down: create -> start -> (work) -> drain -> stop ->
// destroy, each [ctl] call on the control thread, on the instance's strand and within its budget.
//
// A call that overruns its budget abandons the instance: it is kept in memory for good, nothing is
// called any more, and the gateway goes on. Errors are sentences without the instance's name.
//
// [control thread]; the loop should run, or pending starts and stops cannot complete.
#pragma once

#include <heliograph/abi/abi.h>

#include <chrono>
#include <expected>
#include <memory>
#include <string>

#include "core/base/unique_function.h"
#include "core/plugin/control_thread.h"
#include "core/plugin/instance.h"

namespace heliograph::plugin {

class Lifecycle {
 public:
  using Outcome = std::expected<void, std::string>;

  Lifecycle(std::shared_ptr<Instance> instance, ControlThread& thread)
      : instance_(std::move(instance)), thread_(thread) {}

  Outcome create();
  // Also makes what the instance asked for in create() (its HTTP client).
  Outcome start();
  Outcome drain(std::chrono::nanoseconds at_most);
  // stop() as far as it was started, then destroy(). The host answers for what the plugin still
  // owes.
  Outcome end();

  // Another [ctl] call (caps, on_rules). `call` owns what it uses: it may outlive the budget.
  Outcome call(std::string what, std::chrono::nanoseconds budget,
               base::UniqueFunction<hg_status(hg_error*)> call);

 private:
  struct Verdict {
    hg_status status = HG_E_INTERNAL;
    std::string text;
  };
  std::expected<Verdict, std::string> run(const std::string& what, std::chrono::nanoseconds budget,
                                          bool loop_functions,
                                          base::UniqueFunction<hg_status(hg_error*)> call);
  Outcome start_plugin();
  Outcome refused(hg_status status, const std::string& text);
  Outcome stop_plugin();
  Outcome flush();
  Outcome destroy();
  Outcome overrun(const std::string& what, std::chrono::nanoseconds budget);

  std::shared_ptr<Instance> instance_;
  ControlThread& thread_;
};

}  // namespace heliograph::plugin
