// Virtual time: a clock that only moves when the loop has nothing else to do, and the loop. A test
// that waits an hour takes no time, and runs the same way every time. A clock that creeps moves by
// a little whenever it is read too, as if the code that reads it took its time.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "core/ports/clock.h"
#include "core/ports/executor.h"
#include "core/ports/random.h"

namespace heliograph::test {

class VirtualClock final : public ports::Clock {
 public:
  ports::MonoTime mono() const override { return now_ += creep_; }
  model::TimePoint wall() const override {
    return start_ + std::chrono::floor<std::chrono::milliseconds>(mono() - ports::MonoTime{});
  }
  model::TimePoint real_wall() const override { return wall() + step_; }

  void set(ports::MonoTime now) {
    if (now > now_) now_ = now;
  }
  void advance(std::chrono::nanoseconds by) { now_ += by; }
  void creep(std::chrono::nanoseconds by) { creep_ = by; }
  void step_real_wall(std::chrono::milliseconds by) { step_ += by; }
  // A process that starts now: its logical wall clock is what the system's says.
  void restart() { start_ += std::exchange(step_, std::chrono::milliseconds{0}); }

 private:
  // 2026-01-01T00:00:00Z: far from the edges of every type.
  model::TimePoint start_{std::chrono::milliseconds{1'767'225'600'000}};
  mutable ports::MonoTime now_{std::chrono::seconds{1'000}};
  std::chrono::nanoseconds creep_{0};  // at each reading
  std::chrono::milliseconds step_{0};
};

class SeededRandom final : public ports::Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t next() override { return engine_(); }
  // Uniform in [low, high].
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool chance(double probability) { return unit() < probability; }

 private:
  std::mt19937_64 engine_;
};

// Tasks run in the order they were posted; timers of equal times in an order drawn from the seed.
class VirtualLoop final : public ports::Loop {
 public:
  VirtualLoop(VirtualClock& clock, std::uint64_t seed) : clock_(clock), random_(seed) {}

  void post(base::Task task) override { posted_.push_back(std::move(task)); }
  ports::TimerId run_at(ports::MonoTime at, base::Task task) override {
    const Key key{at, random_.next(), ++last_id_};
    timers_.emplace(key, std::move(task));
    keys_.emplace(last_id_, key);
    return ports::TimerId{last_id_};
  }
  void cancel(ports::TimerId id) override {
    const auto found = keys_.find(static_cast<std::uint64_t>(id));
    if (found == keys_.end()) return;
    timers_.erase(found->second);
    keys_.erase(found);
  }

  // Runs what is posted; without that, the next timer that is due by `until`. False: nothing left.
  bool run_one(ports::MonoTime until) {
    if (!posted_.empty()) {
      base::Task task = std::move(posted_.front());
      posted_.pop_front();
      task();
      ++steps_;
      return true;
    }
    if (timers_.empty() || std::get<0>(timers_.begin()->first) > until) return false;
    auto node = timers_.extract(timers_.begin());
    keys_.erase(std::get<2>(node.key()));
    clock_.set(std::get<0>(node.key()));
    node.mapped()();
    ++steps_;
    return true;
  }
  void run_until(ports::MonoTime until) {
    while (run_one(until)) {
    }
    clock_.set(until);
  }
  void run_for(std::chrono::nanoseconds time) { run_until(clock_.mono() + time); }
  // A crash: nothing of what was to happen happens.
  void forget_all() {
    posted_.clear();
    timers_.clear();
    keys_.clear();
  }
  std::uint64_t steps() const { return steps_; }
  std::size_t timers() const { return timers_.size(); }

 private:
  using Key = std::tuple<ports::MonoTime, std::uint64_t, std::uint64_t>;
  VirtualClock& clock_;
  SeededRandom random_;
  std::deque<base::Task> posted_;
  std::map<Key, base::Task> timers_;
  std::unordered_map<std::uint64_t, Key> keys_;
  std::uint64_t last_id_ = 0;
  std::uint64_t steps_ = 0;
};

}  // namespace heliograph::test
