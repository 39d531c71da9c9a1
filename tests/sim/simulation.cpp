#include "tests/sim/simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace heliograph::sim {

using model::Outcome;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using test::SendPlan;

namespace {
constexpr auto kTrouble = minutes{3};
constexpr auto kCalm = hours{2};  // beyond every validity
}  // namespace

Simulation::Simulation(std::uint64_t seed, std::string folder, bool tell)
    : seed_(seed),
      folder_(std::move(folder)),
      random_(seed),
      ids_(seed * 31 + 7),
      loop_(clock_, seed + 1),
      journal_(clock_, tell) {
  draw_settings();
  const auto count = static_cast<std::size_t>(random_.between(1, 4));
  for (std::size_t i = 0; i < count; ++i) draw_provider(i);
}

Simulation::~Simulation() {
  calm_ = true;
  crash();
}

std::size_t Simulation::arrivals() const {
  std::size_t sum = 0;
  for (const auto& provider : providers_) sum += provider->arrivals.size();
  return sum;
}

// ---- what the world is like ----

void Simulation::draw_settings() {
  settings_.queue.window = static_cast<std::size_t>(random_.between(4, 200));
  settings_.retry = {.min_delay = milliseconds{random_.between(50, 4'000)},
                     .max_delay = seconds{60},
                     .factor = 1 + random_.unit(),
                     .max_attempts = static_cast<int>(random_.between(1, 6)),
                     .full_jitter = random_.chance(0.7)};
  settings_.health = {.window = seconds{60},
                      .failure_threshold = 0.7,
                      .min_attempts = static_cast<int>(random_.between(3, 20)),
                      .cooldown = seconds{random_.between(5, 60)},
                      .probes = static_cast<int>(random_.between(1, 3))};
  settings_.in_doubt = {.policy = static_cast<model::InDoubt>(random_.between(0, 3)),
                        .wait = seconds{random_.between(1, 30)}};
  constexpr std::array<const char*, 3> kCaptureOn{"delivered", "sent", "accepted"};
  settings_.billing.capture_on = kCaptureOn[static_cast<std::size_t>(random_.between(0, 2))];
  if (random_.chance(0.3))
    settings_.limits.dispatch =
        config::Limit{.limit = static_cast<std::uint64_t>(random_.between(5, 100))};
}

void Simulation::draw_provider(std::size_t i) {
  config::Provider settings;
  settings.id = fmt::format("provider{}", i + 1);
  settings.weight = static_cast<std::uint32_t>(random_.between(1, 5));
  settings.max_in_flight = static_cast<std::uint32_t>(random_.between(1, 16));
  settings.timeout = milliseconds{random_.between(200, 3'000)};
  if (random_.chance(0.4))
    settings.limit = config::Limit{.limit = static_cast<std::uint64_t>(random_.between(1, 40))};
  const ports::ProviderTraits traits{.channels = 1,
                                     .dedupes = random_.chance(0.5),
                                     .receipts = random_.chance(0.6),
                                     .max_in_flight = 0};
  trouble_.push_back(random_.chance(0.3) ? 0.9 : random_.unit() * 0.6);
  auto provider = std::make_unique<test::FakeProvider>(settings.id, traits, clock_, loop_);
  provider->plan = [this, i](const ports::SendRequest& request) { return plan_send(i, request); };
  providers_.push_back(std::move(provider));
  provider_settings_.push_back(std::move(settings));
}

SendPlan Simulation::plan_send(std::size_t provider, const ports::SendRequest& request) {
  SendPlan plan;
  plan.latency = milliseconds{random_.between(1, 60)};
  // A connection that is being made: longer than a permit is fresh, now and then.
  if (random_.chance(0.1)) plan.ready_after = milliseconds{random_.between(1, 40)};
  if (!calm_ && random_.chance(trouble_[provider])) {
    switch (random_.between(0, 6)) {
      case 0:
        plan.outcome = Outcome::kRejected;
        break;
      case 1:
      case 2:
        plan.outcome = Outcome::kRetry;
        if (random_.chance(0.2)) plan.retry_after = milliseconds{random_.between(0, 5'000)};
        break;
      case 3:
        plan.outcome = Outcome::kUnknown;
        plan.reached = random_.chance(0.5);
        break;
      case 4:
        plan.outcome = Outcome::kThrottled;
        plan.retry_after = milliseconds{random_.between(0, 4'000)};
        break;
      case 5:
        plan.outcome = Outcome::kRefused;
        plan.status_code = random_.chance(0.2) ? 401 : 0;
        break;
      default:
        plan.never_answers = random_.chance(0.5);
        plan.busy = !plan.never_answers;
        plan.reached = random_.chance(0.5);
    }
    if (random_.chance(0.1)) plan.latency = milliseconds{random_.between(100, 5'000)};
  }
  draw_receipts(plan);
  journal_.add(
      request.item->id,
      fmt::format("attempt {} at {} in cycle {}: {}{}{}, begins after {} ms, answers after {} ms",
                  request.attempt_number, provider_settings_[provider].id, request.item->cycle,
                  plan.busy            ? "busy"
                  : plan.never_answers ? "never answered"
                                       : model::to_string(plan.outcome),
                  plan.reached ? "" : ", lost", request.resend ? ", a resend" : "",
                  plan.ready_after / milliseconds{1}, plan.latency / milliseconds{1}));
  return plan;
}

void Simulation::draw_receipts(SendPlan& plan) {
  if (random_.chance(0.1)) return;  // lost
  const auto state =
      random_.chance(0.9) ? model::ReceiptState::kDelivered : model::ReceiptState::kUndelivered;
  plan.receipts.emplace_back(milliseconds{random_.between(1, 2'000)}, state);
  if (random_.chance(0.2)) plan.receipts.emplace_back(plan.receipts.back());  // twice
  if (random_.chance(0.2))
    plan.receipts.emplace_back(milliseconds{random_.between(1, 5'000)},
                               model::ReceiptState::kAccepted);
  if (random_.chance(0.05))
    plan.receipts.emplace_back(minutes{4}, model::ReceiptState::kUndelivered);
}

// ---- the process ----

void Simulation::boot() {
  journal_.add(std::nullopt, "the process starts");
  store::SqliteOptions options;
  options.path = folder_ + "/sim.db";
  options.min_free_bytes = 0;
  options.billing = settings_.billing;
  options.threading = store::SqliteOptions::Threading::kInline;
  sqlite_ = store::SqliteStore::open(options, clock_, ids_);
  if (clients_.empty()) {
    for (int i = 0; i < 3; ++i) {
      ports::DeclaredClient declared;
      declared.client.name = fmt::format("client{}", i);
      declared.credit_cents = i == 2 ? 200 : 1'000'000;  // one runs out of credit
      clients_.push_back(sqlite_->declare_client(declared));
    }
  }
  store_ = std::make_unique<test::PumpedStore>(
      *sqlite_, [this] { sqlite_->pump(); }, clock_, loop_, random_);
  distributor_ = std::make_unique<test::FakeDistributor>();
  const auto rules = pipeline::limit_rules(settings_, provider_settings_);
  limiter_.reset();
  if (!rules.empty()) limiter_ = std::make_unique<test::FakeLimiter>(rules, loop_);
  std::vector<pipeline::ProviderSlot> slots;
  for (std::size_t i = 0; i < providers_.size(); ++i) {
    providers_[i]->set_key(sqlite_->intern_provider(provider_settings_[i].id));
    slots.push_back({provider_settings_[i], providers_[i].get(), ""});
  }
  pipeline_ = std::make_unique<pipeline::Pipeline>(
      settings_,
      pipeline::PipelinePorts{clock_, random_, loop_, *store_, *distributor_, limiter_.get(),
                              &journal_},
      std::move(slots), [](const std::string& what) { ADD_FAILURE() << what; });
  for (auto& provider : providers_) provider->events = pipeline_.get();
  pipeline_->start();
  store_->start(*pipeline_);
}

void Simulation::crash() {
  for (auto& provider : providers_) {
    provider->events = nullptr;
    provider->in_flight = 0;
  }
  pipeline_.reset();
  loop_.forget_all();
  store_.reset();
  sqlite_.reset();
  limiter_.reset();
  distributor_.reset();
}

void Simulation::run() {
  const ports::MonoTime start = clock_.mono();
  std::vector<ports::MonoTime> ends;
  for (std::int64_t i = random_.between(0, 3); i > 0; --i)
    ends.push_back(start + milliseconds{random_.between(1'000, 170'000)});
  std::ranges::sort(ends);
  ends.push_back(start + kTrouble);
  boot();
  plan_submissions();
  for (std::size_t life = 0; life < ends.size(); ++life) {
    loop_.run_until(ends[life]);
    if (life + 1 == ends.size()) break;
    journal_.add(std::nullopt, "the process crashes");
    crash();
    crashes_.push_back(clock_.mono());
    clock_.advance(milliseconds{random_.between(10, 5'000)});
    boot();
    plan_submissions();
  }
  calm_ = true;
  journal_.add(std::nullopt, "calm");
  for (const auto& provider : providers_) {
    pipeline_->act(provider->name(), pipeline::ProviderAction::kEnable, loop_, [](const auto&) {});
    pipeline_->on_window(provider->key(), 100);
  }
  loop_.run_for(kCalm);
}

// ---- clients and operators ----

void Simulation::plan_submissions() {
  const auto bursts = random_.between(2, 12);
  for (std::int64_t i = 0; i < bursts; ++i) {
    loop_.run_at(clock_.mono() + milliseconds{random_.between(0, 40'000)}, [this] { submit(); });
    loop_.run_at(clock_.mono() + milliseconds{random_.between(0, 90'000)}, [this] { operate(); });
  }
}

void Simulation::submit() {
  for (std::int64_t i = random_.between(1, 12); i > 0; --i) {
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
    store_->accept({message, std::nullopt}, loop_, [this, message](ports::AcceptResult result) {
      const auto* accepted = std::get_if<ports::Accepted>(&result);
      if (accepted == nullptr) return journal_.add(std::nullopt, "a message was refused");
      told_[accepted->id].message = message;
      journal_.add(accepted->id, "accepted");
    });
  }
}

void Simulation::operate() {
  if (calm_) return;
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
  if (told_.empty() || random_.chance(0.3)) return;
  auto victim = told_.begin();
  std::advance(victim, random_.between(0, static_cast<std::int64_t>(told_.size()) - 1));
  store_->cancel(std::nullopt, victim->first, loop_,
                 [this, id = victim->first](const ports::CancelResult& result) {
                   if (!std::holds_alternative<ports::Cancelled>(result)) return;
                   journal_.add(id, "cancelled");
                   auto& cancelled_at = told_[id].cancelled_at;
                   if (!cancelled_at) cancelled_at = clock_.mono();
                 });
}

}  // namespace heliograph::sim
