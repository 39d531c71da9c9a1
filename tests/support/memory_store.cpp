#include "tests/support/memory_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "core/model/receipt_rules.h"
#include "core/model/status.h"

namespace heliograph::test {

using model::Status;

template <class T>
void MemoryStore::queue(ports::Executor& where, ports::Done<T> done, std::function<T()> work) {
  queue_.push_back([&where, done = std::move(done), work = std::move(work)]() mutable {
    where.post([done = std::move(done), result = work()]() mutable { done(std::move(result)); });
  });
  on_queued();
}

std::size_t MemoryStore::pump() {
  auto operations = std::exchange(queue_, {});
  for (base::Task& operation : operations) operation();
  auto items = std::exchange(waiting_now_, {});
  if (!items.empty() && events_ != nullptr && hints) events_->on_waiting(std::move(items));
  return operations.size();
}

void MemoryStore::forget_queued() {
  queue_.clear();
  waiting_now_.clear();
}

// ---- messages ----

void MemoryStore::accept(ports::AcceptCommand command, ports::Executor& where,
                         ports::Done<ports::AcceptResult> done) {
  queue<ports::AcceptResult>(where, std::move(done),
                             [this, command] { return do_accept(command); });
}

ports::AcceptResult MemoryStore::do_accept(const ports::AcceptCommand& command) {
  const model::NewMessage& given = command.message;
  const model::TimePoint now = clock_.wall();
  last_row_ = std::max(last_row_ + 1, now.time_since_epoch().count() << 16);
  StoredMessage row;
  model::WorkItem& item = row.item;
  item.id = model::MessageId::from_parts(last_row_, static_cast<std::uint64_t>(last_row_) * 7);
  item.client = given.client;
  item.channel = given.channel;
  item.lane = given.lane;
  item.in_doubt = given.in_doubt;
  item.parts = given.parts;
  item.rich = !given.content.empty();
  row.content = given.content;
  item.to = given.to;
  item.text = given.text;
  item.due = now;
  if (given.send_at && *given.send_at > now) item.due = *given.send_at;
  item.status = item.due > now ? Status::kScheduled : Status::kQueued;
  item.expires_at = item.due + given.validity;
  if (!given.pinned_provider.empty()) item.pinned = intern_provider(given.pinned_provider);
  item.dispatch_class = intern_class(item.channel, item.pinned, given.route);
  waiting_now_.push_back(item);
  ports::Accepted accepted{.id = item.id, .status = item.status};
  rows_.emplace(last_row_, std::move(row));
  return accepted;
}

void MemoryStore::accept_batch(ports::AcceptBatchCommand command, ports::Executor& where,
                               ports::Done<ports::AcceptBatchResult> done) {
  queue<ports::AcceptBatchResult>(where, std::move(done), [this, command] {
    ports::BatchAnswer answer;
    for (const auto& item : command.items) {
      if (const auto* refused = std::get_if<ports::NotSubmitted>(&item)) {
        answer.items.emplace_back(*refused);
        continue;
      }
      ports::AcceptCommand single;
      single.message = std::get<model::NewMessage>(item);
      answer.items.emplace_back(std::get<ports::Accepted>(do_accept(single)));
    }
    return ports::AcceptBatchResult(std::move(answer));
  });
}

void MemoryStore::begin_attempt(const ports::BeginAttempt& command, ports::Executor& where,
                                ports::Done<ports::BeginResult> done) {
  queue<ports::BeginResult>(where, std::move(done), [this, command] { return do_begin(command); });
}

ports::BeginResult MemoryStore::do_begin(const ports::BeginAttempt& command) {
  StoredMessage& row = rows_.at(command.id.row());
  model::WorkItem& item = row.item;
  const bool as_read = model::is_waiting(item.status) &&
                       item.attempt_number == command.attempt_number && item.cycle == command.cycle;
  if (!as_read) return {};
  ++begins;
  item.status = Status::kSending;
  ++item.attempts;
  ++item.attempt_number;
  item.last_provider = command.provider;
  return {.begun = true, .content = command.with_content ? row.content : std::string()};
}

void MemoryStore::finish_attempt(ports::FinishAttempt command, ports::Executor& where,
                                 ports::Done<ports::FinishResult> done) {
  queue<ports::FinishResult>(where, std::move(done),
                             [this, command] { return do_finish(command); });
}

ports::FinishResult MemoryStore::do_finish(const ports::FinishAttempt& command) {
  StoredMessage& row = rows_.at(command.id.row());
  model::WorkItem& item = row.item;
  EXPECT_EQ(item.status, Status::kSending) << "finish without begin";
  EXPECT_EQ(item.attempt_number, command.attempt_number);
  EXPECT_TRUE(model::can_change(item.status, command.status));
  if (command.result.outcome == model::Outcome::kNotTried) {
    --item.attempt_number;
    --item.attempts;
  } else {
    row.outcomes.push_back(command.result.outcome);
    if (command.result.outcome == model::Outcome::kThrottled) --item.attempts;
  }
  item.status = command.status;
  row.reason = command.reason;
  item.due = command.due;
  item.round = command.round;
  item.excluded = command.excluded;
  item.dispatch_class = command.dispatch_class;
  item.doubtful = command.doubtful;
  item.possible_duplicate = item.possible_duplicate || command.possible_duplicate;
  if (!command.result.provider_message_id.empty())
    row.provider_message_id = command.result.provider_message_id;
  resolve(row, command.hold);
  for (const model::Receipt& receipt : std::exchange(parked_, {})) do_receipt(receipt);
  return {.applied = true, .status = item.status};
}

void MemoryStore::resolve(StoredMessage& row, model::HoldAction action) {
  if (action == model::HoldAction::kKeep || row.hold != model::HoldAction::kKeep) return;
  row.hold = action;
  ++row.resolutions;
}

void MemoryStore::apply_receipts(std::vector<model::Receipt> receipts, ports::Executor& where,
                                 ports::Done<std::vector<ports::ReceiptOutcome>> done) {
  queue<std::vector<ports::ReceiptOutcome>>(where, std::move(done), [this, receipts] {
    std::vector<ports::ReceiptOutcome> outcomes;
    for (const model::Receipt& receipt : receipts) outcomes.push_back(do_receipt(receipt));
    return outcomes;
  });
}

ports::ReceiptOutcome MemoryStore::do_receipt(const model::Receipt& receipt) {
  for (auto& [number, row] : rows_) {
    const bool by_id = receipt.message_id && *receipt.message_id == row.item.id;
    const bool by_provider_id = !receipt.provider_message_id.empty() &&
                                receipt.provider_message_id == row.provider_message_id;
    if (!by_id && !by_provider_id) continue;
    const auto decision = model::decide_receipt(
        {.status = row.item.status,
         .hold = row.hold == model::HoldAction::kKeep ? model::HoldState::kHeld
                                                      : model::HoldState::kReleased,
         .doubtful = row.item.doubtful},
        receipt.state);
    if (decision.verdict == model::ReceiptVerdict::kPark) break;
    if (decision.verdict == model::ReceiptVerdict::kNoChange)
      return ports::ReceiptOutcome::kNoChange;
    row.item.status = decision.status;
    row.reason = decision.reason;
    resolve(row, decision.hold);
    return ports::ReceiptOutcome::kApplied;
  }
  parked_.push_back(receipt);
  return ports::ReceiptOutcome::kParked;
}

void MemoryStore::cancel(std::optional<model::ClientId>, model::MessageId id,
                         ports::Executor& where, ports::Done<ports::CancelResult> done) {
  queue<ports::CancelResult>(where, std::move(done), [this, id]() -> ports::CancelResult {
    StoredMessage& row = rows_.at(id.row());
    if (!model::is_waiting(row.item.status)) return ports::Conflict{row.item.status};
    row.item.status = Status::kCancelled;
    resolve(row, model::HoldAction::kRelease);
    return ports::Cancelled{};
  });
}

void MemoryStore::requeue(std::optional<model::ClientId>, model::MessageId id,
                          std::chrono::milliseconds validity, ports::Executor& where,
                          ports::Done<ports::RequeueResult> done) {
  queue<ports::RequeueResult>(
      where, std::move(done), [this, id, validity]() -> ports::RequeueResult {
        StoredMessage& row = rows_.at(id.row());
        if (!model::can_requeue(row.item.status)) return ports::Conflict{row.item.status};
        const bool in_doubt = row.item.status == Status::kUnknown;
        if (in_doubt) row.item.possible_duplicate = true;
        row.item.status = Status::kQueued;
        ++row.item.cycle;
        if (!in_doubt) row.item.key_cycle = row.item.cycle;
        row.item.attempts = 0;
        row.item.round = 0;
        row.item.excluded.clear();
        row.item.doubtful = false;
        row.item.due = clock_.wall();
        row.item.expires_at = row.item.due + validity;
        if (classes_.at(static_cast<std::size_t>(row.item.dispatch_class) - 1).pinned !=
            row.item.pinned) {
          row.item.dispatch_class = intern_class(row.item.channel, row.item.pinned);
        }
        row.hold = model::HoldAction::kKeep;
        row.resolutions = 0;
        waiting_now_.push_back(row.item);
        return ports::Requeued{id};
      });
}

// ---- sweeps ----

bool MemoryStore::do_expire(StoredMessage& row, model::TimePoint now) {
  if (!model::is_waiting(row.item.status) || row.item.expires_at > now) return false;
  row.item.status = row.item.doubtful ? Status::kUnknown : Status::kExpired;
  row.reason = row.item.doubtful ? model::FailReason::kNone : model::FailReason::kExpired;
  if (!row.item.doubtful) resolve(row, model::HoldAction::kRelease);
  return true;
}

void MemoryStore::expire(std::vector<model::MessageId> ids, model::TimePoint now,
                         ports::Executor& where, ports::Done<std::size_t> done) {
  queue<std::size_t>(where, std::move(done), [this, ids, now] {
    std::size_t changed = 0;
    for (const model::MessageId id : ids) changed += do_expire(rows_.at(id.row()), now) ? 1 : 0;
    return changed;
  });
}

void MemoryStore::expire_overdue(model::TimePoint now, std::int64_t from_row, std::size_t limit,
                                 ports::Executor& where, ports::Done<ports::SweepResult> done) {
  queue<ports::SweepResult>(where, std::move(done), [this, now, from_row, limit] {
    ports::SweepResult result;
    std::size_t seen = 0;
    for (auto it = rows_.upper_bound(from_row); it != rows_.end(); ++it) {
      if (seen++ == limit) {
        result.next_row = std::prev(it)->first;
        break;
      }
      result.changed += do_expire(it->second, now) ? 1 : 0;
    }
    return result;
  });
}

void MemoryStore::settle_overdue_holds(model::TimePoint, std::size_t, ports::Executor& where,
                                       ports::Done<ports::SweepResult> done) {
  queue<ports::SweepResult>(where, std::move(done), [] { return ports::SweepResult{}; });
}

void MemoryStore::erase_old(model::TimePoint, std::size_t, ports::Executor& where,
                            ports::Done<ports::SweepResult> done) {
  queue<ports::SweepResult>(where, std::move(done), [] { return ports::SweepResult{}; });
}

void MemoryStore::save_provider_state(ports::ProviderState state, ports::Executor& where,
                                      ports::Done<bool> done) {
  queue<bool>(where, std::move(done), [this, state] {
    states_[state.key] = state;
    return true;
  });
}

// ---- reads and start ----

void MemoryStore::page(const ports::PageRequest& request, ports::Executor& where,
                       ports::Done<ports::Page> done) {
  queue<ports::Page>(where, std::move(done), [this, request] { return do_page(request); });
}

ports::Page MemoryStore::do_page(const ports::PageRequest& request) {
  ++pages_read;
  std::map<ports::QueuePosition, const model::WorkItem*> order;
  for (const auto& [number, row] : rows_) {
    const model::WorkItem& item = row.item;
    const ports::QueueKey key{item.lane, item.client, item.dispatch_class};
    const ports::QueuePosition position{item.due, number};
    if (model::is_waiting(item.status) && key == request.key && position > request.after)
      order.emplace(position, &item);
  }
  ports::Page page;
  for (const auto& [position, item] : order) {
    if (position.due > request.until || page.items.size() == request.limit) {
      page.next_due = position.due;
      break;
    }
    page.items.push_back(*item);
  }
  return page;
}

model::ProviderKey MemoryStore::intern_provider(const std::string& name) {
  auto found = std::ranges::find(providers_, name);
  if (found == providers_.end()) found = providers_.insert(providers_.end(), name);
  return model::ProviderKey{static_cast<std::int32_t>(found - providers_.begin()) + 1};
}

std::string MemoryStore::provider_name(model::ProviderKey key) {
  const auto index = static_cast<std::size_t>(key) - 1;
  return index < providers_.size() ? providers_[index] : "";
}

model::ClassId MemoryStore::intern_class(model::Channel channel,
                                         std::optional<model::ProviderKey> pinned,
                                         const std::string& route) {
  for (const ports::DispatchClass& known : classes_)
    if (known.channel == channel && known.pinned == pinned && known.route == route) return known.id;
  classes_.push_back(
      {model::ClassId{static_cast<std::int32_t>(classes_.size()) + 1}, channel, pinned, route});
  return classes_.back().id;
}

std::vector<ports::ProviderState> MemoryStore::provider_states() {
  std::vector<ports::ProviderState> all;
  for (const auto& [key, state] : states_) all.push_back(state);
  return all;
}

std::vector<ports::QueueHead> MemoryStore::queue_heads() {
  std::map<ports::QueueKey, model::TimePoint> heads;
  for (const auto& [number, row] : rows_) {
    const model::WorkItem& item = row.item;
    if (!model::is_waiting(item.status)) continue;
    const auto [found, made] =
        heads.try_emplace({item.lane, item.client, item.dispatch_class}, item.due);
    if (!made) found->second = std::min(found->second, item.due);
  }
  std::vector<ports::QueueHead> all;
  for (const auto& [key, due] : heads) all.push_back({key, due});
  return all;
}

std::vector<model::WorkItem> MemoryStore::interrupted() {
  std::vector<model::WorkItem> items;
  for (const auto& [number, row] : rows_)
    if (row.item.status == Status::kSending) items.push_back(row.item);
  return items;
}

}  // namespace heliograph::test
