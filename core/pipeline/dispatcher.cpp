#include "core/pipeline/dispatcher.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace heliograph::pipeline {

namespace {

using model::Outcome;
using std::chrono::milliseconds;

// Messages placed in one turn of the loop, so that results and timers are not held up.
constexpr int kPlacedPerTurn = 256;
// The timer is not set finer: a limit that frees permits one by one would wake the loop for each.
constexpr milliseconds kTick{1};
// A stalled message that can hope for nothing sooner goes back to the store when too many stall.
constexpr milliseconds kStalledLong{1'000};
// A message of a mixed class whose providers are all down is looked at again after this.
constexpr milliseconds kMixedPause{30'000};

constexpr std::chrono::minutes kQueueIdleMax{5};

constexpr ProviderMask bit(std::size_t i) { return ProviderMask{1} << i; }
std::size_t lowest(ProviderMask mask) { return static_cast<std::size_t>(std::countr_zero(mask)); }

}  // namespace

Dispatcher::Dispatcher(const PipelineSettings& settings, const PipelinePorts& ports,
                       ports::Log& log, ProviderBoard& board, DispatchClasses& classes,
                       const RouteBook& routes, ProviderWatcher& watcher)
    : ports_(ports),
      board_(board),
      routes_(routes),
      watcher_(watcher),
      stalled_max_(settings.queue.window / 4),
      scheduler_(settings.queue.window, classes),
      runner_(settings, ports, log, board, classes, routes, *this),
      parking_(board),
      in_flight_(board.size()) {}

// ---- events ----

void Dispatcher::ask_pump() {
  if (std::exchange(pump_asked_, true)) return;
  ports_.loop.post(alive_.guard([this] { pump(); }));
}

void Dispatcher::providers_changed() {
  ports_.distributor.on_candidates(board_.candidates());
  providers_changed_ = true;
  ask_pump();
}

void Dispatcher::offer(model::WorkItem item) {
  scheduler_.offer(std::move(item), ports_.clock.wall());
  ask_pump();
}

void Dispatcher::note_waiting(const ports::QueueKey& key, ports::QueuePosition position) {
  scheduler_.note_waiting(key, position, ports_.clock.wall());
  ask_pump();
}

void Dispatcher::tidy() {
  const model::TimePoint wall = ports_.clock.wall();
  for (Job* job : stalled_.take_all()) scheduler_.put_back(*job);
  const auto expired = scheduler_.take_expired(wall);
  expired_.insert(expired_.end(), expired.begin(), expired.end());
  scheduler_.forget_idle(wall, kQueueIdleMax);
  ask_pump();
}

void Dispatcher::on_returned(Job& job) {
  if (heir_ != nullptr) {
    const ports::QueueKey key{job.item.lane, job.item.client, job.ending.dispatch_class};
    return hand_on(job, Scheduler::Waits{key, job.position()});
  }
  scheduler_.put_back(job);
  ask_pump();
  check_drained();
}

void Dispatcher::on_left(Job& job, const std::optional<Scheduler::Waits>& waits) {
  if (heir_ != nullptr) return hand_on(job, waits);
  scheduler_.leave(job, waits, ports_.clock.wall());
  ask_pump();
  check_drained();
}

void Dispatcher::on_slot_free(std::size_t provider) {
  if (heir_ != nullptr) heir_->on_slot_freed(board_[provider].handle);
  watcher_.on_slot_free(provider);
  ask_pump();
}

void Dispatcher::on_circuit(std::size_t provider) {
  if (heir_ != nullptr) return;  // what is kept of the provider is the other's to say
  providers_changed();
  watcher_.on_circuit(provider);
}

void Dispatcher::drain(ports::MonoTime deadline, base::Task done) {
  draining_ = true;
  drained_ = std::move(done);
  for (std::size_t i = 0; i < board_.size(); ++i)
    for (Job* job : parking_.at(i)) unpark(*job);
  ports_.loop.run_at(deadline, alive_.guard([this] {
    if (drained_) std::exchange(drained_, {})();
  }));
  ports_.loop.post(alive_.guard([this] { check_drained(); }));
}

void Dispatcher::check_drained() {
  if (draining_ && drained_ && runner_.active() == 0) std::exchange(drained_, {})();
}

void Dispatcher::publish() {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  published_.in_memory.store(scheduler_.in_memory(), kRelaxed);
  published_.in_flight.store(runner_.active(), kRelaxed);
  published_.begun.store(runner_.begun(), kRelaxed);
  published_.finished.store(runner_.finished(), kRelaxed);
  published_.not_tried.store(runner_.not_tried(), kRelaxed);
}

PipelineStats Dispatcher::stats() const {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  return {.in_memory = published_.in_memory.load(kRelaxed),
          .in_flight = published_.in_flight.load(kRelaxed),
          .begun = published_.begun.load(kRelaxed),
          .finished = published_.finished.load(kRelaxed),
          .not_tried = published_.not_tried.load(kRelaxed)};
}

// ---- pump ----

void Dispatcher::pump() {
  pump_asked_ = false;
  if (draining_) return publish();
  full_.clear();
  const Moment began{ports_.clock.mono(), ports_.clock.wall()};
  advance_health();
  look();
  leave_parking();
  serve_stalled();
  feed();
  read_pages();
  end_expired();
  arm(began);
  publish();
}

void Dispatcher::look() { board_.look(ports_.clock.mono(), ports_.clock.wall()); }

void Dispatcher::advance_health() {
  const model::TimePoint wall = ports_.clock.wall();
  for (std::size_t i = 0; i < board_.size(); ++i)
    if (board_[i].health.advance(wall)) on_circuit(i);
  pump_asked_ = false;  // what on_circuit() asked for is done in this very pump
}

void Dispatcher::leave_parking() {
  for (std::size_t i = 0; i < board_.size(); ++i) {
    start_parked(i);
    end_parked(i);
  }
}

void Dispatcher::start_parked(std::size_t provider) {
  while (Job* job = parking_.front(provider)) {
    const ProviderEntry& entry = board_[provider];
    if (!entry.slot_free() || (board_.pickable() & bit(provider)) == 0) return;
    if (job->item.expires_at <= ports_.clock.wall()) {
      unpark(*job);
      continue;
    }
    if (!board_.permit_fits(provider, job->item.parts, ports_.clock.mono())) return look();
    parking_.remove(*job);
    runner_.begin(*job, job->choice);
    look();
  }
}

// Those that waited in vain, or whose provider is no candidate any more, are chosen for again.
void Dispatcher::end_parked(std::size_t provider) {
  const ports::MonoTime now = ports_.clock.mono();
  const bool candidate = (board_.pickable() & bit(provider)) != 0;
  for (Job* job : parking_.at(provider)) {
    if (candidate && job->parked_until > now) continue;
    const bool elsewhere =
        job->choice.picked && (providers_of(*job) & board_.pickable() & ~bit(provider)) != 0;
    if (candidate && !elsewhere) {
      job->parked_until = now + kParkedMax;
      continue;
    }
    if (candidate) board_[provider].clogged = true;
    unpark(*job);
  }
  look();
}

void Dispatcher::unpark(Job& job) {
  parking_.remove(job);
  forget_pick(job.choice);
  scheduler_.put_back(job);
}

void Dispatcher::serve_stalled() {
  if (std::exchange(providers_changed_, false)) {
    // Their last hope may have gone down: placed anew, their exclusions are judged again.
    for (Job* job : stalled_.take_hopeless(board_.eligible())) scheduler_.put_back(*job);
  }
  for (int left = kPlacedPerTurn; left > 0; --left) {
    auto jobs = stalled_.take_one_each(board_.open() | board_.probing(true));
    bool away = false;
    for (Job* job : jobs) {
      const Placed how = place(*job);
      away = away || how == Placed::kAway;
      if (how != Placed::kAway) postpone_or_stall(*job);
      look();
    }
    if (!away) return;
  }
  ask_pump();
}

void Dispatcher::feed() {
  for (int left = kPlacedPerTurn; left > 0; --left) {
    const Servable servable{board_.open(), board_.probing(false), board_.probing(true), full_};
    Job* job = scheduler_.next(servable);
    if (job == nullptr) return;
    const Placed how = place(*job);
    if (how != Placed::kAway) set_aside(*job, how);
    look();
  }
  ask_pump();
}

// Whether its class holds messages that go to different sets of providers.
bool Dispatcher::is_mixed(const Job& job) const { return job.queue->info->route == kRouteByRules; }

void Dispatcher::set_aside(Job& job, Placed how) {
  // A class of several sets is not full because one of them is.
  if (how == Placed::kStalled || is_mixed(job)) return postpone_or_stall(job);
  full_.push_back(job.queue->info);
  scheduler_.put_back(job);
}

void Dispatcher::postpone_or_stall(Job& job) {
  const ProviderMask providers = providers_of(job);
  if (stalled_.size() >= stalled_max_ && providers != 0) {
    const ports::MonoTime now = ports_.clock.mono();
    ports::MonoTime at = board_.available_at(providers, now);
    // It would stand before those whose providers work.
    if (at == ports::MonoTime::max() && is_mixed(job)) at = now + kMixedPause;
    if (at != ports::MonoTime::max() && at > now + kStalledLong) {
      const auto wait = std::chrono::ceil<milliseconds>(at - now);
      return runner_.postpone(job, lowest(providers), ports_.clock.wall() + wait);
    }
  }
  stalled_.add(providers, job);
}

// ---- one message ----

// The set it goes by. A class without a rule of its own holds messages of several.
ProviderMask Dispatcher::set_of(Job& job) const {
  const ClassInfo& info = *job.queue->info;
  job.route = info.route == kRouteByRules ? routes_.route_for(job.item) : info.route;
  if (job.route == info.route) return info.providers;
  return routes_.providers(job.route, job.item.channel);
}

// The providers that may carry it now, whatever their state. When all that are healthy have failed
// it in this round, the round is over and they may be tried again.
ProviderMask Dispatcher::providers_of(Job& job) {
  const ClassInfo& info = *job.queue->info;
  const ProviderMask all = set_of(job);
  if (info.pinned || job.item.excluded.empty()) return all;
  const ProviderMask left = all & ~board_.bits(job.item.excluded);
  const ProviderMask eligible = board_.eligible();
  if ((left & eligible) != 0 || (all & eligible) == 0) return left;
  job.item.excluded.clear();
  ++job.item.round;
  return all;
}

Dispatcher::Placed Dispatcher::place(Job& job) {
  if (job.item.expires_at <= ports_.clock.wall()) {
    job.stage = Stage::kExpiring;
    expired_.push_back(job.item.id);
    return Placed::kAway;
  }
  const ProviderMask providers = providers_of(job);
  if (const auto probe = choose_probe(job, providers)) return place_at(job, *probe);
  // Each turn of this loop takes a candidate out: one whose limit has no room for this message.
  for (;;) {
    const auto choice = choose(job, providers & board_.pickable());
    if (!choice) return Placed::kStalled;
    if (board_.permit_fits(choice->provider, job.item.parts, ports_.clock.mono()))
      return place_at(job, *choice);
    forget_pick(*choice);
    const ProviderMask before = board_.pickable();
    look();
    if (board_.pickable() == before) return Placed::kStalled;
  }
}

Dispatcher::Placed Dispatcher::place_at(Job& job, const Choice& choice) {
  ProviderEntry& entry = board_[choice.provider];
  if (entry.slot_free()) {
    runner_.begin(job, choice);
    return Placed::kAway;
  }
  if (entry.parked < entry.max_in_flight) {
    parking_.park(job, choice, ports_.clock.mono());
    return Placed::kAway;
  }
  forget_pick(choice);
  return Placed::kFull;
}

// A half-open provider gets its probe past the distributor, but through the limiter.
std::optional<Choice> Dispatcher::choose_probe(const Job& job, ProviderMask providers) const {
  const ProviderMask wanted = providers & board_.probing(!suits_probe(job.item));
  if (wanted == 0) return std::nullopt;
  const std::size_t provider = lowest(wanted);
  if (!board_.permit_fits(provider, job.item.parts, ports_.clock.mono())) return std::nullopt;
  Choice choice;
  choice.provider = provider;
  choice.probe = true;
  return choice;
}

std::optional<Choice> Dispatcher::choose(const Job& job, ProviderMask candidates) {
  if (candidates == 0) return std::nullopt;
  Choice choice;
  if (job.queue->info->pinned) {
    choice.provider = lowest(candidates);
    return choice;
  }
  for (std::size_t i = 0; i < board_.size(); ++i) in_flight_[i] = board_[i].in_flight;
  const std::uint64_t excluded =
      ~candidates & (bit(board_.size() - 1) | (bit(board_.size() - 1) - 1));
  const ports::PickRequest request{.item = &job.item,
                                   .now = ports_.clock.mono(),
                                   .excluded = std::span(&excluded, 1),
                                   .in_flight = in_flight_,
                                   .route = job.route};
  const auto pick = ports_.distributor.pick(request);
  if (!pick || pick->index >= board_.size() || (candidates & bit(pick->index)) == 0)
    return std::nullopt;
  choice.provider = pick->index;
  choice.pick = *pick;
  choice.picked = pick->guided;
  return choice;
}

void Dispatcher::forget_pick(const Choice& choice) {
  if (!choice.picked) return;
  ports_.distributor.on_result(choice.pick, board_[choice.provider].key, Outcome::kNotTried, {});
}

// ---- store and time ----

void Dispatcher::read_pages() {
  const ProviderMask worth_reading = board_.soon() | board_.probing(false);
  for (const ports::PageRequest& request : scheduler_.pages(worth_reading, ports_.clock.wall())) {
    ports_.store.page(
        request, ports_.loop, alive_.guard([this, key = request.key](ports::Page page) {
          auto expired = scheduler_.on_page(key, std::move(page), ports_.clock.wall());
          expired_.insert(expired_.end(), expired.begin(), expired.end());
          ask_pump();
        }));
  }
}

void Dispatcher::end_expired() {
  if (expired_.empty()) return;
  auto ids = std::exchange(expired_, {});
  auto done = alive_.guard([this, ids](std::size_t) {
    for (const model::MessageId id : ids) {
      Job* job = scheduler_.find(id);
      if (job != nullptr && job->stage == Stage::kExpiring) on_left(*job, std::nullopt);
    }
  });
  ports_.store.expire(std::move(ids), ports_.clock.wall(), ports_.loop, std::move(done));
}

ports::MonoTime Dispatcher::mono_at(model::TimePoint due) const {
  // Beyond a day the timer only looks again: no overflow, and nothing is missed.
  const auto wait = std::min<milliseconds>(due - ports_.clock.wall(), std::chrono::hours{24});
  return ports_.clock.mono() + wait;
}

// What comes after `began` counts as still to come: it may be over by now, and may have been to
// come when this pump looked. Seen from now it would be neither, and nobody would be woken for it.
void Dispatcher::arm(const Moment& began) {
  const ports::MonoTime now = ports_.clock.mono();
  ports::MonoTime at = std::min(board_.next_change(began.mono, began.wall), parking_.next_end());
  const ProviderMask worth_reading = board_.soon() | board_.probing(false);
  const model::TimePoint due = scheduler_.next_due(worth_reading, began.wall);
  if (due != model::kNever) at = std::min(at, mono_at(due));
  if (at != ports::MonoTime::max()) at = std::max(at, now + kTick);
  // A timer that is too early costs one idle pump; setting it anew at every pump would cost more.
  if (at == ports::MonoTime::max() || (timer_ && timer_at_ <= at)) return;
  if (timer_) ports_.loop.cancel(*timer_);
  timer_at_ = at;
  timer_ = ports_.loop.run_at(at, alive_.guard([this] {
    timer_.reset();
    pump();
  }));
}

}  // namespace heliograph::pipeline
