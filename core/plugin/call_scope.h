// CallScope: which plugin call this thread is inside of, so that a host function tagged [loop] can
// refuse callers it is not meant for (rule R5 of the ABI).
//
// The one thread-local of this floor: the plugin hands the host function nothing else to tell a
// call from its own thread apart by.
#pragma once

#include <heliograph/abi/base.h>

#include <chrono>

#include "core/model/trace_context.h"
#include "core/ports/clock.h"

namespace heliograph::plugin {

class Instance;

struct CallContext {
  const Instance* instance = nullptr;
  bool loop_functions = false;            // those tagged [loop] may be called
  bool on_loop = false;                   // this is the loop's thread
  std::chrono::nanoseconds host_time{0};  // spent inside host functions, not the plugin's fault
  // Inside a provider's send(): what is being sent, and until when its permit is fresh.
  hg_op sending = 0;
  ports::MonoTime begin_by = ports::MonoTime::max();
  const model::TraceContext* trace = nullptr;  // of that send; nullptr: none
};

inline thread_local CallContext current_call;

class CallScope {
 public:
  explicit CallScope(CallContext context) : outer_(current_call) { current_call = context; }
  ~CallScope() { current_call = outer_; }
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;

 private:
  CallContext outer_;
};

}  // namespace heliograph::plugin
