#include "host_functions.hpp"

#include <set>
#include <string>
#include <string_view>

#include <heliograph/testing/fake_host.hpp>
#include <heliograph/text.hpp>

namespace heliograph::sdk::testing {
namespace {

// Why the gateway would count the list as absent (hg_send_result, part_ids); nullptr: it would not.
const char* fault_of_part_ids(const hg_send_result& result) {
  if (result.n_part_ids == 0) return nullptr;
  if (result.part_ids == nullptr) return "complete_send with n_part_ids and without part_ids";
  if (result.n_part_ids > HG_PART_IDS_MAX) return "complete_send with too many part_ids";
  std::set<std::string_view> ids;
  for (size_t i = 0; i < result.n_part_ids; ++i) {
    const std::string_view id = to_view(result.part_ids[i]);
    if (id.empty()) return "complete_send with an empty one among its part_ids";
    if (!ids.insert(id).second) return "complete_send with the same one twice among its part_ids";
  }
  return nullptr;
}

}  // namespace

void HostFunctions::install(hg_host& host) {
  host.size = sizeof(host);
  host.abi_minor = HG_ABI_MINOR;
  host.shard = 0;
  host.n_shards = 1;
  host.get_extension = &get_extension;
  host.log_enabled = &log_enabled;
  host.log = &log;
  host.metric_register = &metric_register;
  host.metric_add = &metric_add;
  host.now_mono_ns = &now_mono_ns;
  host.now_unix_ns = &now_unix_ns;
  host.post = &post;
  host.timer_start = &timer_start;
  host.timer_cancel = &timer_cancel;
  host.complete = &complete;
  host.complete_send = &complete_send;
  host.complete_limit = &complete_limit;
  host.emit = &emit;
  host.set_window = &set_window;
}

FakeHost& HostFunctions::enter(const hg_host* raw, std::string_view function) {
  FakeHost& host = FakeHost::of(raw);
  if (host.phase_ == Phase::kGone) {
    host.violation(std::string(function) + " was called after destroy()");
  }
  return host;
}

const void* HostFunctions::get_extension(const hg_host* raw, const char* id) {
  FakeHost& host = enter(raw, "get_extension");
  const std::string_view name(id);
  if (host.withheld_.count(name) != 0) return nullptr;
  if (name == HG_EXT_HTTP_CLIENT) return FakeHttp::extension();
  if (name == HG_EXT_FD) return FakeFds::extension();
  if (name == HG_EXT_INGRESS) return EventLog::extension();
  return nullptr;
}

uint32_t HostFunctions::log_enabled(const hg_host* raw, uint32_t level) {
  return level >= enter(raw, "log_enabled").log_level_ ? 1 : 0;
}

void HostFunctions::log(const hg_host* raw, uint32_t level, hg_str msg, const hg_kv* kv, size_t n) {
  FakeHost& host = enter(raw, "log");
  if (level < host.log_level_) return;
  const std::lock_guard lock(host.mutex_);
  host.logs_.push_back({level, copy_text(msg), copy_pairs(kv, n)});
}

uint32_t HostFunctions::metric_register(const hg_host* raw, uint32_t kind, hg_str name, hg_str,
                                        hg_str, const hg_kv* labels, size_t n_labels) {
  FakeHost& host = enter(raw, "metric_register");
  if (host.phase_ != Phase::kCreate) host.violation("metric_register was called after create()");
  const std::lock_guard lock(host.mutex_);
  const Pairs pairs = copy_pairs(labels, n_labels);
  for (size_t i = 0; i < host.metrics_.size(); ++i) {
    const MetricRecord& metric = host.metrics_[i];
    if (metric.name == to_view(name) && metric.labels == pairs) return static_cast<uint32_t>(i + 1);
  }
  host.metrics_.push_back({kind, copy_text(name), pairs, 0, 0});
  return static_cast<uint32_t>(host.metrics_.size());
}

void HostFunctions::metric_add(const hg_host* raw, uint32_t id, double v) {
  FakeHost& host = enter(raw, "metric_add");
  if (id == 0) return;
  const std::lock_guard lock(host.mutex_);
  if (id > host.metrics_.size()) {
    host.violations_.emplace_back("metric_add with an id that was never registered");
    return;
  }
  MetricRecord& metric = host.metrics_[id - 1];
  metric.value = metric.kind == HG_METRIC_COUNTER ? metric.value + v : v;
  ++metric.updates;
}

uint64_t HostFunctions::now_mono_ns(const hg_host* raw) {
  return enter(raw, "now_mono_ns").now_ns();
}

int64_t HostFunctions::now_unix_ns(const hg_host* raw) {
  FakeHost& host = enter(raw, "now_unix_ns");
  return host.unix_offset_ns_ + host.signed_now();
}

hg_status HostFunctions::post(const hg_host* raw, hg_fn fn, void* arg, uint64_t tag) {
  FakeHost& host = enter(raw, "post");
  if (host.stopped() || host.phase_ == Phase::kGone) return HG_E_STATE;
  host.schedule(host.now_ns(), [fn, arg, tag] { fn(arg, tag); });
  return HG_OK;
}

hg_status HostFunctions::timer_start(const hg_host* raw, uint64_t at_mono_ns, hg_fn fn, void* arg,
                                     uint64_t tag, hg_id* id) {
  FakeHost& host = enter(raw, "timer_start");
  if (!host.require_loop("timer_start")) return HG_E_STATE;
  const hg_id timer = host.schedule(at_mono_ns, [fn, arg, tag] { fn(arg, tag); });
  if (id != nullptr) *id = timer;
  return HG_OK;
}

hg_status HostFunctions::timer_cancel(const hg_host* raw, hg_id id) {
  FakeHost& host = enter(raw, "timer_cancel");
  if (!host.require_loop("timer_cancel")) return HG_E_STATE;
  return host.schedule_.cancel(id) ? HG_OK : HG_E_STALE;
}

hg_status HostFunctions::complete(const hg_host* raw, hg_op op, hg_status st, const hg_error* err) {
  FakeHost& host = enter(raw, "complete");
  {
    const std::lock_guard lock(host.mutex_);
    std::string text = err == nullptr ? std::string() : std::string(err->msg, err->msg_len);
    host.steps_.try_emplace(op, StepRecord{st, std::move(text)});
  }
  return host.finish(op, OpKind::kStep);
}

hg_status HostFunctions::complete_send(const hg_host* raw, const hg_send_result* results,
                                       size_t n) {
  FakeHost& host = enter(raw, "complete_send");
  hg_status status = HG_OK;
  for (size_t i = 0; i < n; ++i) {
    const hg_send_result& result = *HG_AT(results, i);
    const SendRecord record = copy_result(result);
    if (record.outcome >= HG_NOT_TRIED) host.violation("complete_send with an invalid outcome");
    if (const char* fault = fault_of_part_ids(result)) host.violation(fault);
    if (host.finish(result.op, OpKind::kSend) != HG_OK) {
      status = HG_E_STALE;
      continue;
    }
    const std::lock_guard lock(host.mutex_);
    host.sent_.emplace(result.op, record);
    host.messages_.erase(result.op);
  }
  host.fds_.wake();
  return status;
}

hg_status HostFunctions::complete_limit(const hg_host* raw, hg_op op,
                                        const hg_limit_result* result) {
  FakeHost& host = enter(raw, "complete_limit");
  {
    const std::lock_guard lock(host.mutex_);
    host.limited_.try_emplace(op, *result);
  }
  return host.finish(op, OpKind::kLimit);
}

hg_status HostFunctions::emit(const hg_host* raw, const hg_event* const* events, size_t n,
                              hg_emit_fn done, void* arg, uint64_t tag) {
  return enter(raw, "emit").events_.emit(events, n, done, arg, tag);
}

void HostFunctions::set_window(const hg_host* raw, uint32_t max_inflight) {
  FakeHost& host = enter(raw, "set_window");
  const std::lock_guard lock(host.mutex_);
  host.window_ = max_inflight;
}

}  // namespace heliograph::sdk::testing
