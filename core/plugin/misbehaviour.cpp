#include "core/plugin/misbehaviour.h"

namespace heliograph::plugin {
namespace {

// A plugin that errs at every message must not fill the log.
constexpr std::chrono::seconds kLogEvery{10};

}  // namespace

std::string_view to_string(Fault fault) {
  constexpr std::array<std::string_view, kFaults> kNames{
      "late_completion",    "double_completion",
      "foreign_completion", "stale_completion",
      "missing_completion", "unaccepted_completion",
      "wrong_thread",       "bad_index",
      "bad_grant",          "bad_status",
      "bad_argument",       "after_end",
      "slow_call",          "panic"};
  return kNames.at(static_cast<std::size_t>(fault));
}

void Misbehaviour::report(Fault fault, std::string_view detail) {
  const auto count = ++counts_.at(static_cast<std::size_t>(fault));
  if (log_ == nullptr || !may_log(fault)) return;
  const auto number = std::to_string(count);
  const auto level =
      fault == Fault::kLateCompletion ? ports::LogLevel::kInfo : ports::LogLevel::kWarn;
  log_->log(
      level, "plugin misbehaves",
      {{"instance", instance_}, {"kind", to_string(fault)}, {"detail", detail}, {"count", number}});
}

std::uint64_t Misbehaviour::total() const {
  std::uint64_t sum = 0;
  for (const auto& count : counts_) sum += count.load(std::memory_order_relaxed);
  return sum;
}

bool Misbehaviour::may_log(Fault fault) {
  const auto now = clock_.mono();
  const std::lock_guard lock(mutex_);
  auto& until = silent_until_.at(static_cast<std::size_t>(fault));
  if (until != ports::MonoTime{} && now < until) return false;
  until = now + kLogEvery;
  return true;
}

}  // namespace heliograph::plugin
