#include <heliograph/testing/fake_host.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

#include <heliograph/testing/config_tree.hpp>

#include "host_functions.hpp"

namespace heliograph::sdk::testing {

FakeHost::FakeHost(std::string instance)
    : instance_(std::move(instance)), host_(table()), fds_(*this), http_(*this), events_(*this) {
  set_unix_ns(1'700'000'000'000'000'000);
}

hg_host FakeHost::table() {
  hg_host host{};
  HostFunctions::install(host);
  ConfigTree::install(host);
  host.priv = this;
  host.instance = {instance_.data(), instance_.size()};
  return host;
}

void FakeHost::advance(std::chrono::nanoseconds time) {
  const std::uint64_t until = now_ns() + static_cast<std::uint64_t>(time.count());
  while (schedule_.run_next(until)) {
  }
  schedule_.move_to(until);
}

bool FakeHost::run_until(const std::function<bool()>& done, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (true) {
    run();
    if (done()) return true;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    fds_.poll(left);
  }
}

std::vector<std::string> FakeHost::violations() const {
  const std::lock_guard lock(mutex_);
  return violations_;
}

std::vector<LogLine> FakeHost::logs() const {
  const std::lock_guard lock(mutex_);
  return logs_;
}

bool FakeHost::logged(std::string_view part) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(logs_.begin(), logs_.end(), [&](const LogLine& line) {
    if (line.text.find(part) != std::string::npos) return true;
    return std::any_of(line.fields.begin(), line.fields.end(), [&](const auto& field) {
      return field.second.find(part) != std::string::npos;
    });
  });
}

std::optional<MetricRecord> FakeHost::metric(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  for (const MetricRecord& metric : metrics_) {
    if (metric.name == name) return metric;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> FakeHost::window() const {
  const std::lock_guard lock(mutex_);
  return window_;
}

namespace {

template <typename T>
std::optional<T> found_in(const std::map<hg_op, T>& records, hg_op op) {
  const auto found = records.find(op);
  return found == records.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

std::optional<SendRecord> FakeHost::sent(hg_op op) const {
  const std::lock_guard lock(mutex_);
  return found_in(sent_, op);
}

std::optional<StepRecord> FakeHost::step(hg_op op) const {
  const std::lock_guard lock(mutex_);
  return found_in(steps_, op);
}

std::optional<hg_limit_result> FakeHost::limited(hg_op op) const {
  const std::lock_guard lock(mutex_);
  return found_in(limited_, op);
}

std::vector<hg_op> FakeHost::outstanding(OpKind kind) const {
  const std::lock_guard lock(mutex_);
  return ops_.outstanding(kind);
}

hg_op FakeHost::issue(OpKind kind) {
  const std::lock_guard lock(mutex_);
  return ops_.issue(kind);
}

void FakeHost::withdraw(hg_op op) {
  const std::lock_guard lock(mutex_);
  messages_.erase(op);
  std::string wrong = ops_.withdraw(op);
  if (!wrong.empty()) violations_.push_back(std::move(wrong));
}

const hg_message* FakeHost::keep(hg_op op, std::unique_ptr<StoredMessage> message) {
  const std::lock_guard lock(mutex_);
  return messages_.insert_or_assign(op, std::move(message)).first->second->raw();
}

void FakeHost::in_phase(Phase phase, const std::function<void()>& call) {
  const Phase before = phase_.exchange(phase);
  try {
    call();
  } catch (const std::exception& error) {
    throw CrossedAbi(error.what());
  } catch (...) {
    throw CrossedAbi("of an unknown type");
  }
  phase_ = before;
}

hg_id FakeHost::schedule(std::uint64_t when_ns, std::function<void()> work) {
  const hg_id id = schedule_.at(when_ns, [this, work = std::move(work)] { in_loop(work); });
  fds_.wake();
  return id;
}

void FakeHost::violation(std::string text) {
  const std::lock_guard lock(mutex_);
  violations_.push_back(std::move(text));
}

bool FakeHost::require_loop(std::string_view function) {
  const Phase phase = phase_;
  const bool allowed =
      std::this_thread::get_id() == owner_ && (phase == Phase::kLoop || phase == Phase::kControl);
  if (!allowed) violation(std::string(function) + " was called outside of [loop] and [ctl]");
  return allowed;
}

void FakeHost::drop_leftovers() {
  schedule_.clear();
  fds_.clear();
}

hg_status FakeHost::finish(hg_op op, OpKind kind) {
  std::string wrong;
  hg_status status = HG_OK;
  {
    const std::lock_guard lock(mutex_);
    status = ops_.complete(op, kind, wrong);
  }
  if (!wrong.empty()) violation(std::move(wrong));
  fds_.wake();
  return status;
}

}  // namespace heliograph::sdk::testing
