// Clients, operators and whoever sets the system's clock.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "tests/sim/simulation.h"

namespace heliograph::sim {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

void Simulation::plan_submissions() {
  const auto bursts = random_.between(2, 12);
  for (std::int64_t i = 0; i < bursts; ++i) {
    loop_.run_at(clock_.mono() + milliseconds{random_.between(0, 40'000)}, [this] { submit(); });
    loop_.run_at(clock_.mono() + milliseconds{random_.between(0, 90'000)}, [this] { operate(); });
  }
}

model::NewMessage Simulation::draw_message() {
  model::NewMessage message;
  message.client = clients_[static_cast<std::size_t>(random_.between(0, 2))].id;
  message.lane = static_cast<model::Lane>(random_.between(0, 2));
  message.to = "+14155552671";
  message.from = "SIM";
  message.text = "hello";
  message.parts = static_cast<std::uint16_t>(random_.between(1, 3));
  message.cost_cents = message.parts * 5;
  message.validity = random_.chance(0.2) ? seconds{random_.between(1, 60)} : kLongValidity;
  if (random_.chance(0.4)) message.in_doubt = static_cast<model::InDoubt>(random_.between(0, 3));
  if (random_.chance(0.2)) {
    const auto pin = static_cast<std::size_t>(
        random_.between(0, static_cast<std::int64_t>(providers_.size()) - 1));
    message.pinned_provider = provider_settings_[pin].id;
  }
  if (random_.chance(0.15))
    message.send_at = clock_.real_wall() + milliseconds{random_.between(1, 120'000)};
  return message;
}

void Simulation::submit() {
  std::vector<model::NewMessage> batch;
  const bool together = random_.chance(0.2);
  for (std::int64_t i = random_.between(1, 12); i > 0; --i) {
    model::NewMessage message = draw_message();
    if (together) {
      if (!batch.empty()) message.client = batch.front().client;
      batch.push_back(message);
    } else if (random_.chance(0.2)) {
      Keyed keyed;
      message.text = fmt::format("key {}", keyed_.size());
      keyed.command.message = message;
      ports::IdempotencyKey key;
      const std::uint64_t drawn = random_.next();
      for (std::size_t byte = 0; byte < 8; ++byte)
        key.key_hash[byte] = static_cast<std::uint8_t>(drawn >> (8 * byte));
      keyed.command.idempotency = key;
      keyed.first_sent = clock_.wall();
      keyed_.push_back(keyed);
      send_keyed(keyed_.size() - 1);
    } else {
      accept_one(message);
    }
  }
  if (!batch.empty()) accept_several(batch);
  // Clients repeat what they have no answer to, and what they have one to.
  if (!keyed_.empty() && random_.chance(0.5))
    send_keyed(
        static_cast<std::size_t>(random_.between(0, static_cast<std::int64_t>(keyed_.size()) - 1)));
}

void Simulation::on_accepted(const ports::Accepted& accepted, const model::NewMessage& message) {
  if (accepted.id.row() <= last_row_)
    wrong_.push_back({accepted.id, "an id that is not above the one before"});
  last_row_ = std::max(last_row_, accepted.id.row());
  Told& told = told_[accepted.id];
  told.message = message;
  told.life = crashes_.size();
  told.due = clock_.wall();
  if (message.send_at) told.due += std::max(milliseconds{0}, *message.send_at - clock_.real_wall());
  journal_.add(accepted.id, fmt::format("accepted, in doubt {}, pinned to '{}', {}",
                                        static_cast<int>(message.in_doubt), message.pinned_provider,
                                        message.send_at ? "for later" : "for now"));
}

void Simulation::accept_one(const model::NewMessage& message) {
  store_->accept({message, std::nullopt}, loop_, [this, message](ports::AcceptResult result) {
    const auto* accepted = std::get_if<ports::Accepted>(&result);
    if (accepted == nullptr) return journal_.add(std::nullopt, "a message was refused");
    on_accepted(*accepted, message);
  });
}

void Simulation::accept_several(const std::vector<model::NewMessage>& messages) {
  ports::AcceptBatchCommand command;
  command.client = messages.front().client;
  command.items.assign(messages.begin(), messages.end());
  store_->accept_batch(
      std::move(command), loop_, [this, messages](const ports::AcceptBatchResult& result) {
        const auto* answer = std::get_if<ports::BatchAnswer>(&result);
        if (answer == nullptr) return journal_.add(std::nullopt, "a batch was refused");
        for (std::size_t i = 0; i < answer->items.size(); ++i)
          if (const auto* accepted = std::get_if<ports::Accepted>(&answer->items[i]))
            on_accepted(*accepted, messages[i]);
      });
}

void Simulation::send_keyed(std::size_t i) {
  // What is kept of a key is kept for 72 hours.
  if (std::max(wall_max_, clock_.wall()) - keyed_[i].first_sent > hours{70}) return;
  store_->accept(keyed_[i].command, loop_, [this, i](const ports::AcceptResult& result) {
    const auto* accepted = std::get_if<ports::Accepted>(&result);
    if (accepted == nullptr) return journal_.add(std::nullopt, "a message with a key was refused");
    Keyed& keyed = keyed_[i];
    if (keyed.id && *keyed.id != accepted->id)
      wrong_.push_back({accepted->id, "accepted again under the same key"});
    journal_.add(accepted->id, accepted->replayed ? "answered again" : "accepted with a key");
    // The first answer may have been lost in a crash.
    if (!keyed.id && !accepted->replayed) on_accepted(*accepted, keyed.command.message);
    keyed.id = accepted->id;
  });
}

void Simulation::operate() {
  if (calm_) return;
  act_on_provider();
  if (clock_steps_ && random_.chance(0.3)) step_clock();
  if (!told_.empty() && random_.chance(0.7)) cancel_or_requeue();
}

void Simulation::act_on_provider() {
  const auto provider = static_cast<std::size_t>(
      random_.between(0, static_cast<std::int64_t>(providers_.size()) - 1));
  const std::string& name = provider_settings_[provider].id;
  using enum pipeline::ProviderAction;
  constexpr std::array kActions{kReset, kResetStats, kEnable, kDisable, kDrain};
  const auto action = kActions[static_cast<std::size_t>(random_.between(0, 4))];
  if (random_.chance(0.4)) pipeline_->act(name, action, loop_, [](const auto&) {});
  if (random_.chance(0.2))
    pipeline_->on_window(providers_[provider]->key(),
                         static_cast<std::uint32_t>(random_.between(0, 8)));
  if (random_.chance(0.5)) trouble_[provider] = random_.unit();
}

// By a minute up to about a day and a half, forth or back.
void Simulation::step_clock() {
  const milliseconds by = minutes{std::int64_t{1} << random_.between(0, 11)};
  const bool back = random_.chance(0.5);
  note_wall();
  clock_.step_real_wall(back ? -by : by);
  note_wall();
  journal_.add(std::nullopt, fmt::format("the system's clock is set {} by {} min",
                                         back ? "back" : "forth", by / minutes{1}));
}

void Simulation::cancel_or_requeue() {
  auto victim = told_.begin();
  std::advance(victim, random_.between(0, static_cast<std::int64_t>(told_.size()) - 1));
  const model::MessageId id = victim->first;
  if (random_.chance(0.4)) {
    victim->second.requeue_tried = true;
    store_->requeue(std::nullopt, id, kLongValidity, loop_,
                    [this, id](const ports::RequeueResult& result) {
                      if (std::holds_alternative<ports::Requeued>(result))
                        journal_.add(id, "queued again by an operator");
                    });
    return;
  }
  store_->cancel(std::nullopt, id, loop_, [this, id](const ports::CancelResult& result) {
    if (!std::holds_alternative<ports::Cancelled>(result)) return;
    journal_.add(id, "cancelled");
    auto& cancelled_at = told_[id].cancelled_at;
    if (!cancelled_at) cancelled_at = clock_.mono();
  });
}

}  // namespace heliograph::sim
