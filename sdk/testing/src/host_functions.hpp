// HostFunctions: the function pointers of a fake host's hg_host.
#pragma once

#include <heliograph/abi/abi.h>

#include <string_view>

namespace heliograph::sdk::testing {

class FakeHost;

struct HostFunctions {
  // Sets size, version and every slot but the cfg_* ones.
  static void install(hg_host& host);

 private:
  // The host behind `raw`; a call after destroy() is recorded.
  static FakeHost& enter(const hg_host* raw, std::string_view function);

  static const void* get_extension(const hg_host* raw, const char* id);
  static uint32_t log_enabled(const hg_host* raw, uint32_t level);
  static void log(const hg_host* raw, uint32_t level, hg_str msg, const hg_kv* kv, size_t n);
  static uint32_t metric_register(const hg_host* raw, uint32_t kind, hg_str name, hg_str help,
                                  hg_str unit, const hg_kv* labels, size_t n_labels);
  static void metric_add(const hg_host* raw, uint32_t id, double v);
  static uint64_t now_mono_ns(const hg_host* raw);
  static int64_t now_unix_ns(const hg_host* raw);
  static hg_status post(const hg_host* raw, hg_fn fn, void* arg, uint64_t tag);
  static hg_status timer_start(const hg_host* raw, uint64_t at_mono_ns, hg_fn fn, void* arg,
                               uint64_t tag, hg_id* id);
  static hg_status timer_cancel(const hg_host* raw, hg_id id);
  static hg_status complete(const hg_host* raw, hg_op op, hg_status st, const hg_error* err);
  static hg_status complete_send(const hg_host* raw, const hg_send_result* results, size_t n);
  static hg_status complete_limit(const hg_host* raw, hg_op op, const hg_limit_result* result);
  static hg_status emit(const hg_host* raw, const hg_event* const* events, size_t n,
                        hg_emit_fn done, void* arg, uint64_t tag);
  static void set_window(const hg_host* raw, uint32_t max_inflight);
};

}  // namespace heliograph::sdk::testing
