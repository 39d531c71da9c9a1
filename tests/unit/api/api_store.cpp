#include "tests/unit/api/api_store.h"

#include <algorithm>

#include "core/http/digest.h"

namespace heliograph::test {
namespace {

template <class T>
void answer(ports::Executor& where, ports::Done<T> done, T result) {
  where.post(
      [done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
}

template <class T>
bool differs(const std::optional<T>& wanted, const T& value) {
  return wanted.has_value() && *wanted != value;
}

bool matches(const ports::MessageFilter& filter, const model::MessageView& message) {
  if (differs(filter.client, message.client) || differs(filter.status, message.status))
    return false;
  if (!filter.statuses.empty() &&
      std::ranges::find(filter.statuses, message.status) == filter.statuses.end())
    return false;
  if (differs(filter.provider, message.provider) || differs(filter.to, message.to)) return false;
  if (differs(filter.client_reference, message.client_reference)) return false;
  if (filter.created_after && message.created_at < *filter.created_after) return false;
  if (filter.created_before && message.created_at >= *filter.created_before) return false;
  return !filter.dead_letters_only || model::is_dead_letter(message.status);
}

}  // namespace

model::Client& ApiStore::add(const std::string& name, const std::string& key, std::uint8_t scopes,
                             std::int64_t credit_cents) {
  const auto id = static_cast<model::ClientId>(accounts_.size() + 1);
  Account& account = accounts_[id];
  account.client.id = id;
  account.client.name = name;
  account.client.public_id =
      "0190a0a0-0000-7000-8000-00000000000" + std::to_string(accounts_.size());
  account.balance.granted_cents = account.balance.available_cents = credit_cents;
  keys_[http::sha256(key)] = Key{.client = id, .scopes = scopes};
  ++version;
  return account.client;
}

model::MessageView& ApiStore::put(model::ClientId owner, model::Status status) {
  const std::int64_t row = next_row_++;
  model::MessageView& message = messages[row];
  message.id = model::MessageId::from_parts(row, 7);
  message.client = owner;
  message.status = status;
  message.to = "+14155552671";
  message.from = "TEST";
  message.text = "Hello";
  message.created_at = message.updated_at = message.due = message.id.created_at();
  message.expires_at = message.created_at + std::chrono::hours{24};
  return message;
}

void ApiStore::forget_key(const std::string& key) { keys_.erase(http::sha256(key)); }

ports::AcceptResult ApiStore::take(const ports::AcceptCommand& command) {
  if (overloaded) return *overloaded;
  if (command.idempotency) {
    const auto found = remembered_.find(command.idempotency->key_hash);
    if (found != remembered_.end()) {
      if (found->second.fingerprint != command.idempotency->fingerprint) {
        return ports::IdempotencyMismatch{};
      }
      ports::Accepted again = found->second.answer;
      again.replayed = true;
      return again;
    }
  }
  if (command.replay_only) return ports::NotReplayed{};
  if (opted_out) return ports::OptedOut{};
  const model::NewMessage& given = command.message;
  model::Balance& balance = accounts_.at(given.client).balance;
  if (given.cost_cents > balance.available_cents) {
    return ports::InsufficientCredit{.required_cents = given.cost_cents};
  }
  balance.available_cents -= given.cost_cents;
  balance.held_cents += given.cost_cents;
  model::MessageView& message =
      put(given.client, given.send_at ? model::Status::kScheduled : model::Status::kQueued);
  message.to = given.to;
  message.to_given = given.to_given;
  message.from = given.from;
  message.text = given.text;
  message.lane = given.lane;
  message.in_doubt = given.in_doubt;
  message.parts = given.parts;
  message.cost_cents = given.cost_cents;
  message.client_reference = given.client_reference;
  message.metadata_json = given.metadata_json;
  message.pinned_provider = given.pinned_provider;
  message.send_at = given.send_at;
  const model::Status first_status = message.status;
  if (on_put) on_put(message);
  const ports::Accepted answer{.id = message.id, .status = first_status, .replayed = false};
  if (command.idempotency) {
    remembered_[command.idempotency->key_hash] = {command.idempotency->fingerprint, answer};
  }
  accepted.push_back(command);
  return answer;
}

void ApiStore::accept(ports::AcceptCommand command, ports::Executor& where,
                      ports::Done<ports::AcceptResult> done) {
  if (!hold_accepts) return answer(where, std::move(done), take(command));
  held.push_back([this, command = std::move(command), &where, done = std::move(done)]() mutable {
    answer(where, std::move(done), take(command));
  });
}

void ApiStore::apply_receipts(std::vector<model::Receipt> given, ports::Executor& where,
                              ports::Done<std::vector<ports::ReceiptOutcome>> done) {
  answer(where, std::move(done), take_receipts(std::move(given)));
}

std::vector<ports::ReceiptOutcome> ApiStore::take_receipts(std::vector<model::Receipt> given) {
  std::vector<ports::ReceiptOutcome> outcomes;
  for (model::Receipt& receipt : given) {
    if (disk_full) break;
    const auto found = std::ranges::find_if(messages, [&](const auto& entry) {
      return entry.second.id == receipt.message_id ||
             (!receipt.provider_message_id.empty() &&
              entry.second.provider_message_id == receipt.provider_message_id);
    });
    outcomes.push_back(found == messages.end() ? ports::ReceiptOutcome::kParked
                                               : ports::ReceiptOutcome::kApplied);
    if (found != messages.end() && receipt.state == model::ReceiptState::kDelivered) {
      found->second.status = model::Status::kDelivered;
    }
    receipts.push_back(std::move(receipt));
  }
  return outcomes;
}

ports::AcceptBatchResult ApiStore::take_batch(const ports::AcceptBatchCommand& command) {
  if (command.idempotency) {
    const auto found = remembered_batches_.find(command.idempotency->key_hash);
    if (found != remembered_batches_.end()) {
      if (found->second.first != command.idempotency->fingerprint) {
        return ports::IdempotencyMismatch{};
      }
      ports::BatchAnswer again = found->second.second;
      again.replayed = true;
      return again;
    }
  }
  if (command.replay_only) return ports::NotReplayed{};
  batches.push_back(command);
  ports::BatchAnswer answer;
  bool any = false;
  for (const auto& item : command.items) {
    if (const auto* refused = std::get_if<ports::NotSubmitted>(&item)) {
      answer.items.emplace_back(*refused);
      continue;
    }
    const auto result = take({.message = std::get<model::NewMessage>(item), .idempotency = {}});
    if (const auto* accepted_one = std::get_if<ports::Accepted>(&result)) {
      answer.items.emplace_back(*accepted_one);
      any = true;
    } else if (const auto* lack = std::get_if<ports::InsufficientCredit>(&result)) {
      answer.items.emplace_back(*lack);
    } else if (std::holds_alternative<ports::OptedOut>(result)) {
      answer.items.emplace_back(ports::OptedOut{});
    } else {
      answer.items.emplace_back(std::get<ports::Overloaded>(result));
    }
  }
  if (any && command.idempotency) {
    remembered_batches_[command.idempotency->key_hash] = {command.idempotency->fingerprint, answer};
  }
  return answer;
}

void ApiStore::accept_batch(ports::AcceptBatchCommand command, ports::Executor& where,
                            ports::Done<ports::AcceptBatchResult> done) {
  if (!hold_accepts) return answer(where, std::move(done), take_batch(command));
  held.push_back([this, command = std::move(command), &where, done = std::move(done)]() mutable {
    answer(where, std::move(done), take_batch(command));
  });
}

void ApiStore::ledger(ports::LedgerRequest request, ports::Executor& where,
                      ports::Done<ports::LedgerPage> done) {
  ledger_requests.push_back(request);
  answer(where, std::move(done), ledger_page);
}

void ApiStore::lanes(ports::Executor& where, ports::Done<ports::LaneDepths> done) {
  answer(where, std::move(done), lane_depths);
}

void ApiStore::callback_backlog(ports::Executor& where, ports::Done<ports::CallbackBacklog> done) {
  answer(where, std::move(done), ports::CallbackBacklog{});
}

void ApiStore::providers_awaiting(std::string provider_message_id, ports::Executor& where,
                                  ports::Done<std::vector<std::string>> done) {
  answer(where, std::move(done), awaiting[provider_message_id]);
}

model::MessageView* ApiStore::find(std::optional<model::ClientId> client, model::MessageId id) {
  const auto found = messages.find(id.row());
  if (found == messages.end() || found->second.id != id) return nullptr;
  return differs(client, found->second.client) ? nullptr : &found->second;
}

void ApiStore::cancel(std::optional<model::ClientId> client, model::MessageId id,
                      ports::Executor& where, ports::Done<ports::CancelResult> done) {
  ports::CancelResult result = ports::NotFound{};
  if (model::MessageView* message = find(client, id)) {
    if (model::is_waiting(message->status)) {
      message->status = model::Status::kCancelled;
      result = ports::Cancelled{.again = false};
    } else if (message->status == model::Status::kCancelled) {
      result = ports::Cancelled{.again = true};
    } else {
      result = ports::Conflict{.status = message->status};
    }
  }
  answer(where, std::move(done), std::move(result));
}

void ApiStore::requeue(std::optional<model::ClientId> client, model::MessageId id,
                       std::chrono::milliseconds validity, ports::Executor& where,
                       ports::Done<ports::RequeueResult> done) {
  validities.push_back(validity);
  ports::RequeueResult result = ports::NotFound{};
  if (model::MessageView* message = find(client, id)) {
    const auto scripted = requeue_results.find(id);
    if (scripted != requeue_results.end()) {
      result = scripted->second;
    } else if (model::is_dead_letter(message->status)) {
      message->status = model::Status::kQueued;
      result = ports::Requeued{.id = id};
    } else {
      result = ports::Conflict{.status = message->status};
    }
  }
  answer(where, std::move(done), std::move(result));
}

void ApiStore::find_message(std::optional<model::ClientId> client, model::MessageId id,
                            ports::Executor& where,
                            ports::Done<std::optional<model::MessageView>> done) {
  std::optional<model::MessageView> result;
  if (const model::MessageView* message = find(client, id)) result = *message;
  answer(where, std::move(done), std::move(result));
}

void ApiStore::list_messages(ports::MessageFilter filter, ports::Executor& where,
                             ports::Done<ports::MessageList> done) {
  filters.push_back(filter);
  ports::MessageList list;
  std::size_t examined = 0;
  for (auto it = messages.rbegin(); it != messages.rend(); ++it) {
    if (filter.before_row != 0 && it->first >= filter.before_row) continue;
    if (examined++ == examine_max) {
      list.next_row = std::prev(it)->first;
      break;
    }
    if (!matches(filter, it->second)) continue;
    if (list.messages.size() == filter.limit) {
      list.next_row = list.messages.back().id.row();
      break;
    }
    list.messages.push_back(it->second);
  }
  answer(where, std::move(done), std::move(list));
}

void ApiStore::attempts(std::optional<model::ClientId> client, model::MessageId id,
                        ports::Executor& where,
                        ports::Done<std::optional<std::vector<model::AttemptView>>> done) {
  std::optional<std::vector<model::AttemptView>> result;
  if (find(client, id) != nullptr) result = attempt_views[id];
  answer(where, std::move(done), std::move(result));
}

void ApiStore::events(std::optional<model::ClientId> client, model::MessageId id,
                      ports::Executor& where,
                      ports::Done<std::optional<std::vector<model::EventView>>> done) {
  std::optional<std::vector<model::EventView>> result;
  if (find(client, id) != nullptr) result = event_views[id];
  answer(where, std::move(done), std::move(result));
}

void ApiStore::count_messages(std::optional<model::ClientId> client,
                              std::optional<model::TimePoint> created_after, ports::Executor& where,
                              ports::Done<ports::MessageCounts> done) {
  counted.emplace_back(client, created_after);
  answer(where, std::move(done), counts.at(counted.size() - 1));
}

void ApiStore::find_key(const ports::KeyHash& key, ports::Executor& where,
                        ports::Done<std::optional<model::Principal>> done) {
  ++key_lookups;
  std::optional<model::Principal> result;
  if (const auto found = keys_.find(key); found != keys_.end()) {
    result.emplace();
    result->client = accounts_.at(found->second.client).client;
    result->scopes = found->second.scopes;
  }
  answer(where, std::move(done), std::move(result));
}

void ApiStore::balance(model::ClientId client, ports::Executor& where,
                       ports::Done<model::Balance> done) {
  answer(where, std::move(done), accounts_.at(client).balance);
}

void ApiStore::list_clients(ports::Executor& where,
                            ports::Done<std::vector<ports::ClientSummary>> done) {
  std::vector<ports::ClientSummary> all;
  for (const auto& [id, account] : accounts_) {
    const auto owned = [&](const auto& entry) { return entry.second.client == id; };
    const auto active = static_cast<std::size_t>(std::ranges::count_if(keys_, owned));
    all.push_back({.client = account.client, .balance = account.balance, .active_keys = active});
  }
  answer(where, std::move(done), std::move(all));
}

ApiStore::Account* ApiStore::account(const std::string& name) {
  for (auto& [id, account] : accounts_) {
    if (account.client.name == name) return &account;
  }
  return nullptr;
}

void ApiStore::add_client(ports::DeclaredClient client, ports::Executor& where,
                          ports::Done<std::optional<model::Client>> done) {
  std::optional<model::Client> result;
  if (account(client.client.name) == nullptr) {
    const std::string name = client.client.name;
    model::Client& made = add(name, "unused key of " + name, 0, client.credit_cents);
    forget_key("unused key of " + name);
    const auto id = made.id;
    const std::string public_id = made.public_id;
    made = client.client;
    made.id = id;
    made.public_id = public_id;
    if (client.key) keys_[*client.key] = Key{.client = id, .scopes = client.scopes};
    result = made;
  }
  answer(where, std::move(done), std::move(result));
}

void ApiStore::add_key(std::string client_name, ports::KeyHash key, std::uint8_t scopes,
                       ports::Executor& where, ports::Done<bool> done) {
  bool added = false;
  if (const Account* owner = account(client_name)) {
    const auto owned = [&](const auto& entry) { return entry.second.client == owner->client.id; };
    if (std::ranges::count_if(keys_, owned) < 2) {
      keys_[key] = Key{.client = owner->client.id, .scopes = scopes};
      added = true;
      ++version;
    }
  }
  answer(where, std::move(done), added);
}

void ApiStore::revoke_key(ports::KeyHash key, ports::Executor& where, ports::Done<bool> done) {
  const bool revoked = keys_.erase(key) > 0;
  if (revoked) ++version;
  answer(where, std::move(done), revoked);
}

void ApiStore::grant_credit(std::string client_name, std::int64_t cents, std::string,
                            ports::Executor& where,
                            ports::Done<std::optional<model::Balance>> done) {
  std::optional<model::Balance> result;
  Account* owner = account(client_name);
  if (owner != nullptr && owner->balance.available_cents + cents >= 0) {
    owner->balance.granted_cents += cents;
    owner->balance.available_cents += cents;
    result = owner->balance;
  }
  answer(where, std::move(done), std::move(result));
}

}  // namespace heliograph::test
