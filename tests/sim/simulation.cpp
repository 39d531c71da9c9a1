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
  way_ = static_cast<Way>(random_.between(0, 2));
  if (random_.chance(0.5)) limiter_trouble_ = random_.unit() * 0.5;
  limiter_fails_open_ = random_.chance(0.3);
  clock_steps_ = random_.chance(0.3);
  if (random_.chance(0.5)) clock_.creep(std::chrono::microseconds{random_.between(1, 300)});
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

std::optional<std::size_t> Simulation::choose(const std::vector<std::size_t>& eligible) {
  if (!calm_ && random_.chance(0.03)) return std::nullopt;
  if (way_ == Way::kFirst) return eligible.front();
  return eligible[static_cast<std::size_t>(
      random_.between(0, static_cast<std::int64_t>(eligible.size()) - 1))];
}

std::pair<LimiterFault, nanoseconds> Simulation::draw_limiter_fault() {
  if (calm_ || !random_.chance(limiter_trouble_)) return {LimiterFault::kNone, nanoseconds{0}};
  const auto fault = static_cast<LimiterFault>(random_.between(1, 3));
  journal_.add(std::nullopt, fmt::format("limiter fault {}", static_cast<int>(fault)));
  return {fault, milliseconds{random_.between(1, 900)}};
}

// ---- the process ----

// The system's too: what was to be sent at a moment of it is due then after a restart.
void Simulation::note_wall() {
  wall_max_ = std::max({wall_max_, clock_.wall(), clock_.real_wall()});
}

void Simulation::boot() {
  clock_.restart();
  note_wall();
  journal_.add(std::nullopt, "the process starts");
  store::SqliteOptions options;
  options.path = folder_ + "/sim.db";
  options.min_free_bytes = 0;
  options.billing = settings_.billing;
  options.threading = store::SqliteOptions::Threading::kInline;
  sqlite_ = store::SqliteStore::open(options, clock_, ids_);
  sqlite_->keep_appointments();
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
  if (way_ != Way::kSmooth)
    distributor_->choose = [this](const auto& eligible) { return choose(eligible); };
  const auto rules = pipeline::limit_rules(settings_, provider_settings_);
  limited_before_ = limited_sends();
  limiter_.reset();
  if (!rules.empty()) {
    limiter_ = std::make_unique<FaultyLimiter>(rules, loop_, limiter_fails_open_);
    limiter_->draw = [this] { return draw_limiter_fault(); };
  }
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
  check_permits();
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
    note_wall();
    life_ends_.push_back(clock_.wall());
    crash();
    crashes_.push_back(clock_.mono());
    clock_.advance(milliseconds{random_.between(10, 5'000)});
    boot();
    plan_submissions();
  }
  calm_ = true;
  journal_.add(std::nullopt, "calm");
  note_wall();
  trouble_end_ = clock_.wall();
  for (const model::TimePoint end : life_ends_) trouble_end_ = std::max(trouble_end_, end);
  for (const auto& provider : providers_) {
    pipeline_->act(provider->name(), pipeline::ProviderAction::kEnable, loop_, [](const auto&) {});
    pipeline_->on_window(provider->key(), 100);
  }
  // A clock that was set back makes what waits wait longer.
  loop_.run_for(kCalm + (wall_max_ - clock_.wall()));
}

}  // namespace heliograph::sim
