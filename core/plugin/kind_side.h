// KindSide: what the host functions that belong to one kind of component (complete_send, emit,
// complete_limit, set_window) reach. Each handle implements its own; the rest answer
// HG_E_UNSUPPORTED.
#pragma once

#include <heliograph/abi/abi.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace heliograph::plugin {

class KindSide {
 public:
  virtual ~KindSide() = default;

  // [any thread], as the functions of hg_host of the same name.
  virtual hg_status complete_send(const hg_send_result* results, std::size_t n);
  virtual hg_status complete_limit(hg_op op, const hg_limit_result& result);
  // nullopt: not an op of this side, so one of the instance's life.
  virtual std::optional<hg_status> complete(hg_op op, hg_status status);
  virtual hg_status emit(const hg_event* const* events, std::size_t n, hg_emit_fn done, void* arg,
                         std::uint64_t tag);
  virtual hg_status answer(hg_op op, const void* ingress_answer);
  virtual void set_window(std::uint32_t max_in_flight);

  // [loop] A request made inside send() of `op` ended unwritten, because the permit was no longer
  // fresh.
  virtual void begin_missed(hg_op op);

  // [loop] The instance takes no more work; what it still owes is answered by the host.
  virtual void on_closed(const std::string& reason, bool quarantined) = 0;
};

}  // namespace heliograph::plugin
