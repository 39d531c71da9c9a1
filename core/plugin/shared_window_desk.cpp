#include "core/plugin/shared_window_desk.h"

#include <utility>

#include "core/plugin/abi_text.h"
#include "core/plugin/instance.h"

namespace heliograph::plugin {
namespace {

constexpr std::chrono::seconds kPatience{1};
// One is under way as a rule; more pile up only while the plugin owes answers.
constexpr std::size_t kOpenMax = 16;

ports::SharedFailure failure_of(hg_status status) {
  return status == HG_E_DEADLINE ? ports::SharedFailure::kMaybeCounted
                                 : ports::SharedFailure::kNotCounted;
}

}  // namespace

// An exchange in the plugin's hands, with everything its views point to.
struct SharedWindowDesk::Call {
  std::vector<ports::SharedCounts> items;
  std::vector<hg_window_item> views;
  std::vector<hg_window_totals> totals;
  base::UniqueFunction<void(Answer)> done;  // empty once it was called
};

SharedWindowDesk::SharedWindowDesk(Instance& instance)
    : instance_(instance),
      deadlines_(
          instance.services().loop, instance.services().clock,
          [this](std::uint64_t op) {
            const auto found = calls_.find(op);
            return found != calls_.end() && found->second->done;
          },
          [this](std::uint64_t op) { give_up(op); }) {}

SharedWindowDesk::~SharedWindowDesk() = default;

void SharedWindowDesk::set_extension(const void* extension) {
  if (extension == nullptr) return;
  extension_ = copy_sized(static_cast<const hg_shared_window*>(extension));
  has_extension_ = extension_.exchange != nullptr;
}

void SharedWindowDesk::exchange(std::chrono::nanoseconds window, std::chrono::nanoseconds bucket,
                                std::vector<ports::SharedCounts> items,
                                base::UniqueFunction<void(Answer)> done) {
  if (!has_extension_ || !instance_.works() || calls_.size() >= kOpenMax) {
    return done(std::unexpected(ports::SharedFailure::kNotCounted));
  }
  auto call = std::make_unique<Call>();
  call->items = std::move(items);
  call->totals.resize(call->items.size());
  call->done = std::move(done);
  for (const auto& item : call->items) {
    call->views.push_back({.size = sizeof(hg_window_item),
                           .reserved = 0,
                           .key = to_abi(item.key),
                           .add_ok = item.ok,
                           .add_failed = item.failed});
  }
  const auto op = instance_.tickets().issue(TicketKind::kExchange);
  const auto deadline = instance_.services().clock.mono() + kPatience;
  auto& kept = *calls_.emplace(op, std::move(call)).first->second;
  hg_status status = HG_E_BUSY;
  instance_.loop_call("exchange", instance_.budgets().loop_call, [&] {
    status = extension_.exchange(instance_.self(), op, static_cast<std::uint64_t>(window.count()),
                                 static_cast<std::uint64_t>(bucket.count()), to_ns(deadline),
                                 kept.views.data(), kept.views.size(), kept.totals.data());
  });
  if (status == HG_PENDING) return deadlines_.add(op, deadline);
  if (status == HG_E_PANIC) instance_.quarantine("hg.shared-window/1 exchange: HG_E_PANIC");
  instance_.tickets().revoke(op);
  const auto ended = std::move(calls_.extract(op).mapped());
  answer(*ended, status);
}

void SharedWindowDesk::reset(const std::string& key) {
  if (!has_extension_ || extension_.reset == nullptr || !instance_.works()) return;
  instance_.on_strand("reset", [this, key] { extension_.reset(instance_.self(), to_abi(key)); });
}

std::optional<hg_status> SharedWindowDesk::complete(hg_op op, hg_status status) {
  const auto completion = instance_.tickets().complete(op, TicketKind::kExchange);
  if (completion != Completion::kFirst && completion != Completion::kLate) return std::nullopt;
  if (inbox_.put({op, status})) {
    instance_.post([this] { take_inbox(); });
  }
  return completion == Completion::kLate ? HG_E_STALE : HG_OK;
}

void SharedWindowDesk::take_inbox() {
  for (const auto& completed : inbox_.take()) {
    if (!calls_.contains(completed.op)) continue;
    const auto call = std::move(calls_.extract(completed.op).mapped());
    if (call->done) answer(*call, completed.status);
  }
}

void SharedWindowDesk::answer(Call& call, hg_status status) {
  auto done = std::exchange(call.done, nullptr);
  if (status != HG_OK) return done(std::unexpected(failure_of(status)));
  std::vector<ports::SharedTotals> totals;
  for (const auto& total : call.totals) totals.push_back({total.ok, total.failed});
  done(std::move(totals));
}

void SharedWindowDesk::give_up(hg_op op) {
  if (!instance_.tickets().give_up(op)) return;  // the answer is in the inbox
  answer(*calls_.at(op), HG_E_DEADLINE);
}

void SharedWindowDesk::close() {
  take_inbox();
  std::vector<hg_op> open;
  for (const auto& [op, call] : calls_) {
    if (call->done) open.push_back(op);
  }
  for (const auto op : open) give_up(op);
}

}  // namespace heliograph::plugin
