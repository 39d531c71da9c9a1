#include "core/pipeline/sweeper.h"

#include <utility>

namespace heliograph::pipeline {

namespace {
constexpr std::chrono::minutes kRound{1};
constexpr std::chrono::milliseconds kPause{20};
// Rows of one step: a few milliseconds of the writer's time.
constexpr std::size_t kRowsOfStep = 1'000;
constexpr std::size_t kErasedOfStep = 200;
}  // namespace

Sweeper::Sweeper(const PipelinePorts& ports, base::Task each_minute)
    : ports_(ports), each_minute_(std::move(each_minute)) {}

void Sweeper::start() { wait_for_next_round(); }

void Sweeper::stop() { stopped_ = true; }

void Sweeper::wait_for_next_round() {
  ports_.loop.run_at(ports_.clock.mono() + kRound, alive_.guard([this] { round(); }));
}

void Sweeper::round() {
  if (stopped_) return;
  each_minute_();
  expire(0);
}

void Sweeper::go_on(const ports::SweepResult& result, Next same, Next next) {
  const bool more = result.next_row != 0;
  ports_.loop.run_at(ports_.clock.mono() + kPause,
                     alive_.guard([this, step = more ? same : next, row = result.next_row] {
                       if (!stopped_) (this->*step)(row);
                     }));
}

void Sweeper::expire(std::int64_t from_row) {
  ports_.store.expire_overdue(ports_.clock.wall(), from_row, kRowsOfStep, ports_.loop,
                              alive_.guard([this](const ports::SweepResult& result) {
                                go_on(result, &Sweeper::expire, &Sweeper::settle);
                              }));
}

void Sweeper::settle(std::int64_t) {
  ports_.store.settle_overdue_holds(ports_.clock.wall(), kRowsOfStep, ports_.loop,
                                    alive_.guard([this](const ports::SweepResult& result) {
                                      go_on(result, &Sweeper::settle, &Sweeper::erase);
                                    }));
}

void Sweeper::erase(std::int64_t) {
  ports_.store.erase_old(ports_.clock.wall(), kErasedOfStep, ports_.loop,
                         alive_.guard([this](const ports::SweepResult& result) {
                           if (result.next_row != 0) {
                             go_on(result, &Sweeper::erase, &Sweeper::erase);
                           } else {
                             wait_for_next_round();
                           }
                         }));
}

}  // namespace heliograph::pipeline
