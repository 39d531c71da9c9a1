#include "core/plugin/limiter_handle.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <utility>

#include "core/base/assert.h"
#include "core/plugin/abi_text.h"
#include "core/plugin/instance.h"

namespace heliograph::plugin {
namespace {

constexpr std::chrono::seconds kClosedRetry{1};
// The longest wait for what others were granted just before the backend failed. A limit of a longer
// window may be exceeded then, by what they took in this one.
constexpr std::chrono::seconds kUnknownMax{10};
// One late answer is no outage: the backend is asked again soon, and a good answer ends the wait.
constexpr std::chrono::milliseconds kAskAgain{100};
// While rules change: the plugin takes them within milliseconds.
constexpr std::chrono::milliseconds kHeldRetry{2};
constexpr std::size_t kWaitingMax = 10'000;
constexpr std::size_t kLocalGrantsMax = 10'000;  // for refunds; an older one is simply not refunded

// Where each of `before` is in `after`, by id.
std::vector<std::optional<std::uint32_t>> places_of(const std::vector<ports::LimitRule>& before,
                                                    const std::vector<ports::LimitRule>& after) {
  std::vector<std::optional<std::uint32_t>> places;
  for (const auto& rule : before) {
    const auto found = std::ranges::find(after, rule.id, &ports::LimitRule::id);
    places.push_back(found == after.end()
                         ? std::nullopt
                         : std::optional(static_cast<std::uint32_t>(found - after.begin())));
  }
  return places;
}

std::chrono::nanoseconds duration_of(std::uint64_t ns) {
  constexpr std::uint64_t kMax = 24ULL * 3600 * 1'000'000'000;
  return std::chrono::nanoseconds{static_cast<std::int64_t>(std::min(ns, kMax))};
}

}  // namespace

OnFailure parse_on_failure(const std::string& text) {
  if (text == "closed") return OnFailure::kClosed;
  return text == "open" ? OnFailure::kOpen : OnFailure::kLocalShare;
}

FailurePolicy failure_policy(const config::LimiterPlugin& settings) {
  return {.on_failure = parse_on_failure(settings.on_failure), .instances = settings.instances};
}

// A request in the plugin's hands, with everything its views point to.
struct LimiterHandle::Waiting {
  std::vector<ports::LimitKey> keys;
  std::vector<hg_limit_key> abi_keys;
  hg_limit_req view{};
  base::UniqueFunction<void(ports::LimitAnswer)> done;  // empty once it was called
};

LimiterHandle::LimiterHandle(Instance& instance, hg_limiter table, FailurePolicy policy)
    : instance_(instance),
      table_(table),
      policy_(policy),
      rules_(std::make_unique<Rules>(std::vector<ports::LimitRule>{})),
      local_({}, 1),
      deadlines_(
          instance.services().loop, instance.services().clock,
          [this](std::uint64_t op) {
            const auto found = waiting_.find(op);
            return found != waiting_.end() && found->second->done;
          },
          [this](std::uint64_t op) { give_up(op); }),
      shared_window_(instance) {
  ports_.push_back(std::make_unique<LimiterPort>(*this));
}

LimiterHandle::~LimiterHandle() = default;

// ---- rules ----

LimiterHandle::Rules::Rules(std::vector<ports::LimitRule> given) : list(std::move(given)) {
  for (const auto& rule : list) {
    told.push_back({.size = sizeof(hg_limit_rule),
                    .algorithm = static_cast<std::uint32_t>(rule.algorithm),
                    .window_ns = static_cast<std::uint64_t>(rule.window.count()),
                    .limit = rule.limit,
                    .burst = rule.burst,
                    .id = to_abi(rule.id)});
  }
}

std::span<const hg_limit_rule> LimiterHandle::set_rules(std::vector<ports::LimitRule> rules) {
  rules_ = std::make_unique<Rules>(std::move(rules));
  local_ = LocalWindow(rules_->list, policy_.instances);
  return rules_->told;
}

std::span<const hg_limit_rule> LimiterHandle::offer_rules(
    const std::vector<ports::LimitRule>& rules) {
  offered_ = std::make_unique<Rules>(rules);
  offered_port_ = std::make_unique<LimiterPort>(*this);
  return offered_->told;
}

ports::LimitAnswer LimiterHandle::held_answer() {
  ports::LimitAnswer answer;
  answer.retry_after = kHeldRetry;
  return answer;
}

void LimiterHandle::hold(base::Task held) {
  holding_ = true;
  held_ = std::move(held);
  tell_held();
}

void LimiterHandle::tell_held() {
  const auto open = std::ranges::any_of(
      waiting_, [](const auto& waiting) { return static_cast<bool>(waiting.second->done); });
  if (held_ && !open) std::exchange(held_, nullptr)();
}

void LimiterHandle::take_rules(FailurePolicy policy) {
  const auto& before = rules_->list;
  const auto places = places_of(before, offered_->list);
  std::vector<std::uint64_t> limits;
  for (const auto& rule : before) limits.push_back(rule.limit);
  for (const auto& port : ports_ | std::views::take(ports_.size() - 1)) port->moved(places);
  ports_.back()->close(places, std::move(limits));
  ports_.push_back(std::move(offered_port_));
  policy_ = policy;
  LocalWindow next(offered_->list, policy.instances);
  next.take_over(local_, places);
  local_ = std::move(next);
  past_rules_.push_back(std::exchange(rules_, std::move(offered_)));
  release();
}

void LimiterHandle::set_policy(FailurePolicy policy) {
  const auto same = places_of(rules_->list, rules_->list);
  LocalWindow next(rules_->list, policy.instances);
  next.take_over(local_, same);
  local_ = std::move(next);
  policy_ = policy;
}

void LimiterHandle::resume() {
  offered_.reset();
  release();
}

void LimiterHandle::release() {
  holding_ = false;
  held_ = nullptr;
  for (auto& held : std::exchange(held_refunds_, {})) {
    held.port->refund(held.grant, held.keys, held.items);
  }
}

void LimiterHandle::succeed(LimiterHandle& before) {
  const auto now = instance_.services().clock.mono();
  local_.take_over(before.local_, places_of(before.rules_->list, rules_->list));
  local_.bind(now);
  before.port().close();
}

void LimiterHandle::to_keys(std::span<const ports::LimitKey> keys,
                            std::vector<hg_limit_key>& converted) const {
  converted.clear();
  for (const auto& key : keys) {
    const auto& rule = rules_->list.at(key.rule);
    const auto cost = std::clamp<std::uint64_t>(key.cost, 1, rule.limit);
    converted.push_back(
        {.key = to_abi(rule.id), .rule = key.rule, .cost = static_cast<std::uint32_t>(cost)});
  }
}

std::optional<ports::LimitAnswer> LimiterHandle::acquire(
    const ports::LimitRequest& request, base::UniqueFunction<void(ports::LimitAnswer)> done) {
  HG_ASSERT(!request.keys.empty() && request.keys.size() <= HG_LIMIT_KEYS_MAX);
  if (holding_) return held_answer();
  if (!instance_.works() || waiting_.size() >= kWaitingMax) {
    return failure(request.keys, request.min_items, request.max_items);
  }
  auto max_items = request.max_items;
  if (local_.succeeds(request.keys, request.now)) {
    const auto fitting = local_.judge(request.keys, request.min_items, max_items, request.now);
    if (fitting.granted == 0) return fitting;
    max_items = fitting.granted;
  }
  const auto latest = request.now + instance_.budgets().acquire;
  const auto given = request.deadline != ports::MonoTime{};
  const auto deadline = given ? std::min(request.deadline, latest) : latest;
  auto waiting = spare_ ? std::move(spare_) : std::make_unique<Waiting>();
  waiting->keys.assign(request.keys.begin(), request.keys.end());
  to_keys(request.keys, waiting->abi_keys);
  waiting->view = {.size = sizeof(hg_limit_req),
                   .n_keys = static_cast<std::uint32_t>(request.keys.size()),
                   .keys = waiting->abi_keys.data(),
                   .min_n = request.min_items,
                   .max_n = max_items,
                   .now_mono_ns = to_ns(request.now),
                   .deadline_mono_ns = to_ns(deadline)};
  waiting->done = std::move(done);
  const auto op = instance_.tickets().issue(TicketKind::kAcquire);
  hg_limit_result result{};
  result.size = sizeof result;
  hg_status status = HG_E_BUSY;
  instance_.loop_call("acquire", instance_.budgets().loop_call, [&] {
    status = table_.acquire(instance_.self(), op, &waiting->view, &result);
  });
  auto answer = settle(op, std::move(waiting), status, result);
  if (!answer) deadlines_.add(op, deadline);
  return answer;
}

std::optional<ports::LimitAnswer> LimiterHandle::settle(hg_op op, std::unique_ptr<Waiting> waiting,
                                                        hg_status status,
                                                        const hg_limit_result& result) {
  if (status == HG_PENDING) {
    waiting_.emplace(op, std::move(waiting));
    return std::nullopt;
  }
  if (!instance_.tickets().revoke(op)) {
    instance_.misbehaviour().report(Fault::kUnacceptedCompletion,
                                    "acquire completed an op and answered it as well");
  }
  if (status == HG_OK) {
    spare_ = std::move(waiting);
    spare_->done = nullptr;
    return judge(*spare_, result);
  }
  if (status > 0) {
    instance_.misbehaviour().report(Fault::kBadStatus, fmt::format("acquire returned {}", status));
  }
  if (status == HG_E_PANIC) instance_.quarantine("acquire: HG_E_PANIC");
  return failure(waiting->keys, waiting->view.min_n, waiting->view.max_n);
}

// A grant outside of what was asked for counts as the nearest thing that was.
ports::LimitAnswer LimiterHandle::judge(const Waiting& waiting, const hg_limit_result& result) {
  ports::LimitAnswer answer{.granted = result.granted,
                            .grant = result.grant,
                            .retry_after = duration_of(result.retry_after_ns),
                            .denied_key = std::nullopt,
                            .failed = false};
  const auto& asked = waiting.view;
  if (answer.granted > asked.max_n || (answer.granted > 0 && answer.granted < asked.min_n)) {
    instance_.misbehaviour().report(
        Fault::kBadGrant,
        fmt::format("granted {}, asked for {} to {}", answer.granted, asked.min_n, asked.max_n));
    answer.granted = answer.granted > asked.max_n ? asked.max_n : 0;
  }
  if (answer.granted == 0 && result.denied_key < asked.n_keys)
    answer.denied_key = result.denied_key;
  failing_since_.reset();
  if (answer.granted > 0 && !exceeds_share(waiting, answer)) {
    answer.retry_after = {};
    local_.record(waiting.keys, answer.granted, from_ns(asked.now_mono_ns));
  }
  return answer;
}

bool LimiterHandle::exceeds_share(const Waiting& waiting, ports::LimitAnswer& answer) {
  const auto now = from_ns(waiting.view.now_mono_ns);
  const auto shared =
      policy_.on_failure == OnFailure::kLocalShare && local_.binds(waiting.keys, now);
  if (!shared && !local_.succeeds(waiting.keys, now)) return false;
  const auto fitting = local_.judge(waiting.keys, answer.granted, answer.granted, now);
  if (fitting.granted > 0) return false;
  return_grant(answer.grant, waiting.keys, answer.granted);
  answer = fitting;
  return true;
}

ports::LimitAnswer LimiterHandle::failure(std::span<const ports::LimitKey> keys,
                                          std::uint32_t min_items, std::uint32_t max_items) {
  ports::LimitAnswer answer;
  if (policy_.on_failure == OnFailure::kOpen) {
    answer.granted = max_items;
    local_.record(keys, max_items, instance_.services().clock.mono());
  } else if (policy_.on_failure == OnFailure::kClosed) {
    answer.retry_after = kClosedRetry;
  } else {
    answer = local_share(keys, min_items, max_items);
  }
  answer.failed = true;
  if (answer.granted > 0) {
    answer.grant = last_local_grant_--;
    if (local_grants_.size() >= kLocalGrantsMax) local_grants_.clear();
    local_grants_.insert(answer.grant);
  }
  return answer;
}

ports::LimitAnswer LimiterHandle::local_share(std::span<const ports::LimitKey> keys,
                                              std::uint32_t min_items, std::uint32_t max_items) {
  const auto now = instance_.services().clock.mono();
  if (!failing_since_) failing_since_ = now;
  std::chrono::nanoseconds window{};
  for (const auto& key : keys) window = std::max(window, rules_->list.at(key.rule).window);
  const auto known_from = *failing_since_ + std::min<std::chrono::nanoseconds>(window, kUnknownMax);
  if (policy_.instances > 1 && now < known_from) {
    ports::LimitAnswer denied;
    denied.retry_after = std::min<std::chrono::nanoseconds>(known_from - now, kAskAgain);
    return denied;
  }
  return local_.acquire(keys, min_items, max_items, now);
}

std::optional<hg_status> LimiterHandle::complete(hg_op op, hg_status status) {
  return shared_window_.complete(op, status);
}

hg_status LimiterHandle::complete_limit(hg_op op, const hg_limit_result& result) {
  const auto completion = instance_.tickets().complete(op, TicketKind::kAcquire);
  if (completion != Completion::kFirst && completion != Completion::kLate) {
    return instance_.note_completion(completion, "complete_limit");
  }
  const auto late = completion == Completion::kLate;
  if (inbox_.put({op, late, result})) {
    instance_.post([this] { take_inbox(); });
  }
  // After its deadline the op is the plugin's own to clean up: no fault, but it hears of it.
  return late ? HG_E_STALE : HG_OK;
}

void LimiterHandle::take_inbox() {
  for (const auto& completed : inbox_.take()) {
    const auto found = waiting_.find(completed.op);
    if (found == waiting_.end()) continue;
    const auto waiting = std::move(found->second);
    waiting_.erase(found);
    if (!waiting->done) continue;
    auto done = std::exchange(waiting->done, nullptr);
    if (completed.result.status < 0) {
      done(failure(waiting->keys, waiting->view.min_n, waiting->view.max_n));
    } else {
      done(judge(*waiting, completed.result));
    }
  }
  tell_held();
}

void LimiterHandle::give_up(hg_op op) {
  if (!instance_.tickets().give_up(op)) return;  // the answer is in the inbox
  auto& waiting = *waiting_.at(op);
  instance_.loop_call("cancel", instance_.budgets().loop_call,
                      [&] { table_.cancel(instance_.self(), op); });
  auto done = std::exchange(waiting.done, nullptr);
  done(failure(waiting.keys, waiting.view.min_n, waiting.view.max_n));
  tell_held();
}

void LimiterHandle::refund(LimiterPort& port, std::uint64_t grant,
                           std::span<const ports::LimitKey> keys, std::uint32_t items) {
  if (holding_) {
    held_refunds_.push_back({&port, grant, {keys.begin(), keys.end()}, items});
    return;
  }
  local_.give_back(keys, items);
  if (local_grants_.erase(grant) > 0) return;
  return_grant(grant, keys, items);
}

void LimiterHandle::return_grant(std::uint64_t grant, std::span<const ports::LimitKey> keys,
                                 std::uint32_t items) {
  if (instance_.quarantined()) return;
  std::vector<hg_limit_key> abi_keys;
  to_keys(keys, abi_keys);
  instance_.on_strand("refund", [this, grant, abi_keys = std::move(abi_keys), items] {
    table_.refund(instance_.self(), grant, abi_keys.data(), abi_keys.size(), items);
  });
}

void LimiterHandle::on_closed(const std::string&, bool) {
  take_inbox();
  std::vector<hg_op> open;
  for (const auto& [op, waiting] : waiting_) {
    if (waiting->done) open.push_back(op);
  }
  for (const auto op : open) give_up(op);
  shared_window_.close();
}

}  // namespace heliograph::plugin
